#include "control/certificates/file_stamps.h"

#include <sys/stat.h>

#include <filesystem>

namespace sluice::control {
namespace {

std::int64_t nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

FileStamp FileStamp::of(const char* path) {
  struct stat found {};
  if (::stat(path, &found) != 0) return {};
  return {found.st_dev, found.st_ino, found.st_size, nanoseconds(found.st_mtim),
          nanoseconds(found.st_ctim)};
}

CertificateStamps stamps_of(const tls::CertificateSource& source) {
  const std::string& path = source.certificate.native();
  const std::string key = source.key.empty() ? path + ".key" : source.key.native();
  const auto beside = std::filesystem::path(path).replace_extension(".key");
  return {FileStamp::of(path.c_str()), FileStamp::of(key.c_str()), FileStamp::of(beside.c_str()),
          FileStamp::of((path + ".ocsp").c_str())};
}

}  // namespace sluice::control
