#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "tls/certificate/name_index.h"
#include "tls/certificate/shared_certificate.h"

namespace sluice::tls {

/// The certificates of a frontend. Never changes; all workers read it.
class CertificateSet {
 public:
  using List = std::vector<std::shared_ptr<const SharedCertificate>>;

  /// Throws std::runtime_error when there is none. Of several for one name and of one type of key
  /// the first counts.
  explicit CertificateSet(List certificates);

  [[nodiscard]] const List& certificates() const { return certificates_; }

  [[nodiscard]] NameIndex::Found find(std::string_view name) const { return names_.find(name); }
  /// For a client that asks for no name, or one that no certificate has: the first certificate,
  /// and those with other types of key for the first name in it.
  [[nodiscard]] const Candidates& fallback() const { return fallback_; }

 private:
  List certificates_;
  NameIndex names_;
  Candidates fallback_;
};

/// All certificates of these sources, for one who shows them on `workers` workers. Throws
/// std::runtime_error as CertificateLoader::load() does, and when there is none.
std::shared_ptr<const CertificateSet> load_certificate_set(
    std::span<const CertificateSource> sources, std::uint32_t workers = 1);

}  // namespace sluice::tls
