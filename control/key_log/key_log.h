#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "control/admin/unix_socket.h"
#include "tls/handshake/key_log_ring.h"

namespace sluice::control {

/// The file to which the secrets of TLS connections go when an operator asks for it, so that
/// captured frames can be read. Workers put secrets into rings, the control thread writes.
class KeyLog {
 public:
  /// Opens the file, or makes it for its owner alone; lines are added to what it holds. Throws
  /// std::runtime_error with a message for the operator when it cannot be, or when anybody else
  /// could read it, write it, or have chosen where it is: it is no file, a link, another user's, or
  /// has wider permissions than 0600.
  KeyLog(std::string path, std::uint32_t workers);
  /// Writes what is left. The workers must not put any more.
  ~KeyLog();
  KeyLog(const KeyLog&) = delete;
  KeyLog& operator=(const KeyLog&) = delete;

  [[nodiscard]] tls::KeyLogRing& ring(std::uint32_t worker) { return *rings_[worker]; }

  /// Writes what the workers have put since; to be called several times a second. When the file
  /// cannot be written (the disk is full) that is logged once, and secrets are dropped from then
  /// on.
  void write();

 private:
  void write_all(const char* bytes, std::size_t size);
  void tell_lost();

  std::string path_;
  FileDescriptor file_;
  std::vector<std::unique_ptr<tls::KeyLogRing>> rings_;
  std::uint64_t lost_ = 0;  // that was told of
};

}  // namespace sluice::control
