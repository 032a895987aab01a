#include "control/certificates/certificate_commands.h"

#include <ctime>
#include <stdexcept>
#include <string>
#include <utility>

#include "control/certificates/certificate_text.h"
#include "control/config/wording.h"
#include "control/log.h"

namespace sluice::control {
namespace {

using Arguments = std::span<const std::string>;

Answer list_certificates(const CertificateStore& certificates) {
  std::string staged;
  std::string used;
  for (const auto& [name, entry] : certificates.entries()) {
    if (entry.staged != nullptr) staged += "*" + name + "\n";
    used += name + "\n";
  }
  return {(staged.empty() ? "" : "# transaction\n" + staged) + "# filename\n" + used};
}

Answer show(const CertificateStore& certificates, Arguments arguments) {
  if (arguments.empty()) return list_certificates(certificates);
  if (arguments.size() > 1) return refusal("the arguments are: [[*]<name>] [json]");
  std::string_view name = arguments[0];
  if (name == "json") {
    return {certificates_as_json(certificates.entries(),
                                 static_cast<std::int64_t>(std::time(nullptr)))};
  }
  const bool staged = name.starts_with('*');
  if (staged) name.remove_prefix(1);
  const CertificateStore::Entry* entry = certificates.find(name);
  const auto* certificate =
      entry == nullptr ? nullptr : (staged ? entry->staged : entry->current).get();
  if (certificate == nullptr) return refusal("no certificate " + in_quotes(arguments[0]));
  return {describe_certificate(*certificate, staged)};
}

Answer stage(CertificateStore& certificates, Arguments arguments) {
  if (arguments.empty() || arguments.size() > 2) {
    return refusal(
        "the arguments are: <name> [<payload>]: '<<' at the end of the line, then PEM and an empty "
        "line; without a payload the certificate's files are read again");
  }
  return answer_of([&] {
    const std::string& name = arguments[0];
    const CertificateStore::Entry* entry = certificates.find(name);
    const bool again = entry != nullptr && entry->staged != nullptr;
    if (arguments.size() == 1) {
      certificates.stage(name);
    } else {
      certificates.stage(name, arguments[1]);
    }
    return "Transaction " + std::string(again ? "updated" : "created") + " for certificate " +
           name + "!\n";
  });
}

Answer commit(CertificateStore& certificates, const std::function<void()>& publish,
              Arguments arguments) {
  if (arguments.size() != 1) return refusal("the argument is: <name>");
  return answer_of([&] {
    certificates.commit(arguments[0]);
    publish();
    log_info("certificate " + arguments[0] + " was replaced");
    return "Committing " + arguments[0] + ".\nSuccess!\n";
  });
}

Answer abort(CertificateStore& certificates, Arguments arguments) {
  if (arguments.size() != 1) return refusal("the argument is: <name>");
  return answer_of([&] {
    certificates.abort(arguments[0]);
    return "Transaction aborted for certificate '" + arguments[0] + "'!\n";
  });
}

}  // namespace

void add_certificate_commands(CommandTable& commands, CertificateStore& certificates,
                              std::function<void()> publish) {
  commands.add("show ssl cert [[*]<name>] [json]",
               "certificates by their files, or one of them in full; with a star the staged one",
               [&certificates](Arguments arguments) { return show(certificates, arguments); });
  commands.add(
      "set ssl cert <name> [<payload>]",
      "stage a new certificate: what its files hold now, or PEM behind '<<'",
      [&certificates](Arguments arguments) { return stage(certificates, arguments); },
      AdminLevel::kAdmin);
  commands.add(
      "commit ssl cert <name>", "show the staged certificate from now on",
      [&certificates, publish = std::move(publish)](Arguments arguments) {
        return commit(certificates, publish, arguments);
      },
      AdminLevel::kAdmin);
  commands.add(
      "abort ssl cert <name>", "forget the staged certificate",
      [&certificates](Arguments arguments) { return abort(certificates, arguments); },
      AdminLevel::kAdmin);
}

}  // namespace sluice::control
