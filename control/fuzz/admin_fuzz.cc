#include <cstddef>
#include <cstdint>
#include <string_view>

#include "control/admin/session.h"

// A client may send anything, in any pieces, and take its answers as slowly as it likes.
// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using sluice::control::AdminSession;
  sluice::control::CommandTable commands;
  commands.add("show echo [<word>]...", "", [](auto arguments) {
    return sluice::control::Answer{std::string(arguments.size() * 10, 'x') + "\n"};
  });
  sluice::control::describe_session_commands(commands);
  AdminSession session(commands);
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  while (!session.finished()) {
    if (session.wants_input()) {
      const std::size_t piece = rest.empty() ? 0 : 1 + static_cast<unsigned char>(rest[0]) % 64;
      if (piece == 0) {
        session.end_of_input();
      } else {
        session.receive(rest.substr(0, piece));
        rest.remove_prefix(piece < rest.size() ? piece : rest.size());
      }
    }
    session.sent(session.output().size() < 7 ? session.output().size() : 7);
  }
  return 0;
}
