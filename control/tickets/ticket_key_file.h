#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "tls/server/ticket_key.h"

namespace sluice::control {

/// The keys of session tickets that an operator keeps in a file.
struct TicketKeyFile {
  std::vector<std::shared_ptr<const tls::TicketKey>> keys;  ///< in the file's order
  bool open_to_all = false;  ///< every user of the machine may read the file
};

/// Reads a file with one key a line, as `openssl rand -base64 -A 80` prints it: 1 to
/// TicketKeySchedule::kMostKeys of them. Blank lines, and lines that begin with '#', are passed
/// over. Throws std::runtime_error, "<path>:<line>: <what is wrong>", or without a line when it is
/// the file as a whole.
TicketKeyFile read_ticket_keys(const std::filesystem::path& path);

}  // namespace sluice::control
