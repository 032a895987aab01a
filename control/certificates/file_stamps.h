#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>

#include "tls/certificate/certificate.h"

namespace sluice::control {

/// By what a file is known to be the one that was read: another that takes its place, or a change
/// of it, makes another stamp.
struct FileStamp {
  dev_t device = 0;
  ino_t number = 0;  ///< 0: there is no file
  off_t size = 0;
  std::int64_t modified = 0;  ///< nanoseconds since the epoch
  std::int64_t changed = 0;   ///< the same, of its contents or its attributes

  static FileStamp of(const char* path);
  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

/// The stamps of all files that load_certificate() may look at for one certificate.
using CertificateStamps = std::array<FileStamp, 4>;

CertificateStamps stamps_of(const tls::CertificateSource& source);

}  // namespace sluice::control
