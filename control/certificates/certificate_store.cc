#include "control/certificates/certificate_store.h"

#include <set>
#include <stdexcept>
#include <utility>

#include "control/config/suggestion.h"
#include "control/config/wording.h"

namespace sluice::control {

tls::CertificateSet::List CertificateStore::at(const std::string& path, const Fault& fault) {
  const auto [known, is_new] = names_.try_emplace(path);
  std::vector<std::string>& names = known->second;
  try {
    if (is_new) {
      for (tls::CertificateSource& source : tls::find_certificates(path)) {
        names.push_back(source.certificate.string());
        entries_.try_emplace(names.back(), Entry{std::move(source), nullptr, nullptr, {}});
      }
    }
  } catch (const std::runtime_error& error) {
    names_.erase(known);
    fault(error.what());
    return {};
  }
  tls::CertificateSet::List list;
  for (const std::string& name : names) {
    Entry& entry = entries_.find(name)->second;
    try {
      if (entry.current == nullptr) {
        entry.read_from =
            stamps_of(entry.source);  // a change while it is read counts as a later one
        entry.current = loader_->load(entry.source);
      }
      list.push_back(entry.current);
    } catch (const std::runtime_error& error) {
      fault(error.what());
    }
  }
  return list;
}

tls::CertificateSet::List CertificateStore::at(const std::string& path) {
  return at(path, [](const std::string& message) { throw std::runtime_error(message); });
}

CertificateStore CertificateStore::looking_again() const {
  CertificateStore other(workers_);
  other.loader_ = loader_;
  other.entries_ = entries_;
  for (auto& [name, entry] : other.entries_) {
    if (entry.read_from != stamps_of(entry.source)) entry.current = nullptr;
  }
  return other;
}

void CertificateStore::forget_unused() {
  std::set<std::string_view> used;
  for (const auto& [path, names] : names_) used.insert(names.begin(), names.end());
  std::erase_if(entries_, [&](const auto& entry) { return !used.contains(entry.first); });
}

std::vector<std::string> CertificateStore::renewed_since(const CertificateStore& former) const {
  std::vector<std::string> names;
  for (const auto& [name, entry] : entries_) {
    const Entry* before = former.find(name);
    if (before == nullptr || before->current != entry.current) names.push_back(name);
  }
  return names;
}

const CertificateStore::Entry* CertificateStore::find(std::string_view name) const {
  const auto found = entries_.find(name);
  return found == entries_.end() ? nullptr : &found->second;
}

CertificateStore::Entry& CertificateStore::entry(std::string_view name) {
  const auto found = entries_.find(name);
  if (found != entries_.end()) return found->second;
  std::vector<std::string> names;
  for (const auto& [known, entry] : entries_) names.push_back(known);
  throw std::runtime_error("no certificate " + in_quotes(name) + did_you_mean(name, names) +
                           " ('show ssl cert' lists them all)");
}

CertificateStore::Entry& CertificateStore::entry_with_staged(std::string_view name) {
  Entry& found = entry(name);
  if (found.staged != nullptr) return found;
  throw std::runtime_error("nothing is staged for certificate " + in_quotes(name) +
                           "; 'set ssl cert' comes first");
}

void CertificateStore::stage(std::string_view name) {
  Entry& place = entry(name);
  place.staged_from = stamps_of(place.source);
  place.staged = loader_->load(place.source);
}

void CertificateStore::stage(std::string_view name, std::string_view pem) {
  Entry& place = entry(name);
  place.staged = loader_->read(*place.current, pem);
  place.staged_from = place.read_from;  // it stays until the files change
}

void CertificateStore::commit(std::string_view name) {
  Entry& place = entry_with_staged(name);
  place.current = std::exchange(place.staged, nullptr);
  place.read_from = place.staged_from;
}

void CertificateStore::abort(std::string_view name) {
  entry_with_staged(name).staged = nullptr;
}

}  // namespace sluice::control
