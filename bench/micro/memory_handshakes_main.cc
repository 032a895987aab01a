// Prints what handshakes cost a server over memory BIOs, as JSON. bench/handshakes runs it.
#include <openssl/crypto.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <exception>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "bench/micro/handshake_operations.h"
#include "bench/micro/memory_handshakes.h"

namespace {

using sluice::micro::MemoryHandshakes;

double seconds_of(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

nlohmann::json measure(const std::string& certificate, const MemoryHandshakes::Options& options,
                       double seconds) {
  MemoryHandshakes handshakes(certificate, options);
  (void)handshakes.run();  // for what is made once
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  std::chrono::nanoseconds used{};
  std::uint64_t count = 0;
  do {
    used += handshakes.run();
    count += options.batch;
  } while (std::chrono::steady_clock::now() < end);
  const sluice::micro::HandshakeOperations operations =
      sluice::micro::measure_operations(certificate);
  return {{"handshakes", count},
          {"server_cpu_seconds", seconds_of(used)},
          {"openssl", OpenSSL_version(OPENSSL_VERSION)},
          {"operations_us",
           {{"make_key_share", operations.make_key_share},
            {"agree", operations.agree},
            {"sign", operations.sign},
            {"sum", operations.sum()}}}};
}

int run(int argc, char** argv) {
  MemoryHandshakes::Options options;
  std::string certificate;
  std::string version = "1.3";
  double seconds = 1;
  CLI::App app("What TLS handshakes cost a server, over memory BIOs");
  app.add_option("CERTIFICATE", certificate, "PEM file with its key")->required();
  app.add_option("--tls", version, "1.2 or 1.3 (default)")->check(CLI::IsMember({"1.2", "1.3"}));
  app.add_flag("--resume", options.resumed, "Resume a session by its ticket");
  app.add_flag("--exchange", options.exchange, "A request and a response on each connection");
  app.add_option("--batch", options.batch, "Connections at a time (default 32)")
      ->check(CLI::Range(1, 4096));
  app.add_option("--seconds", seconds, "How long (default 1)")->check(CLI::PositiveNumber);
  CLI11_PARSE(app, argc, argv);
  if (version == "1.2") options.version = TLS1_2_VERSION;
  std::cout << measure(certificate, options, seconds).dump(2) << "\n";
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "memory-handshakes: " << error.what() << "\n";
    return 1;
  }
}
