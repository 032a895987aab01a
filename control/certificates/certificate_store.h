#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "control/certificates/file_stamps.h"
#include "tls/certificate/certificate_loader.h"
#include "tls/certificate/certificate_set.h"

namespace sluice::control {

/// The certificates that a configuration names, each loaded once: the check of the configuration
/// and the frontends that show them take them from here. One can be replaced: the new one is staged
/// first, and counts from when it is committed. For the control thread.
class CertificateStore {
 public:
  using Fault = std::function<void(const std::string& message)>;
  using Certificate = std::shared_ptr<const tls::SharedCertificate>;

  struct Entry {
    tls::CertificateSource source;
    Certificate current;                 ///< null: it could not be loaded
    Certificate staged;                  ///< what shall take its place; null: nothing
    CertificateStamps read_from;         ///< its files as they were when the current one was read
    CertificateStamps staged_from = {};  ///< the same of the staged one
  };
  /// By the path of the certificate's file, which is its name.
  using Entries = std::map<std::string, Entry, std::less<>>;

  /// `workers`: how many show them.
  explicit CertificateStore(std::uint32_t workers)
      : workers_(workers), loader_(std::make_shared<tls::CertificateLoader>(workers)) {}

  [[nodiscard]] std::uint32_t workers() const { return workers_; }

  /// All certificates that a path of the configuration stands for, in order: those that were found
  /// when it was first asked for, now loaded if they are not here yet. Tells `fault` of each one
  /// that cannot be used, and leaves it out.
  tls::CertificateSet::List at(const std::string& path, const Fault& fault);
  /// The same. Throws std::runtime_error with the first fault.
  tls::CertificateSet::List at(const std::string& path);

  /// A store for a new look at the files: it has what is here but those certificates whose files
  /// have changed since they were read. It finds and loads what it is asked for; what it was not
  /// asked for is left out of it by forget_unused().
  [[nodiscard]] CertificateStore looking_again() const;
  void forget_unused();
  /// The names of certificates that are another than in `former`, or are not in it.
  [[nodiscard]] std::vector<std::string> renewed_since(const CertificateStore& former) const;

  [[nodiscard]] const Entries& entries() const { return entries_; }
  /// Null when there is none of this name.
  [[nodiscard]] const Entry* find(std::string_view name) const;

  // All of these throw std::runtime_error with a message for the operator.

  /// Stages what its files hold now, or what is in `pem` (see CertificateLoader::read()).
  void stage(std::string_view name);
  void stage(std::string_view name, std::string_view pem);
  /// What is staged takes the place of what was.
  void commit(std::string_view name);
  /// What is staged is forgotten.
  void abort(std::string_view name);

 private:
  Entry& entry(std::string_view name);
  Entry& entry_with_staged(std::string_view name);

  std::uint32_t workers_;
  std::shared_ptr<tls::CertificateLoader> loader_;
  std::map<std::string, std::vector<std::string>> names_;  // by path
  Entries entries_;
};

}  // namespace sluice::control
