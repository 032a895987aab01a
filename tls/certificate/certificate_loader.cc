#include "tls/certificate/certificate_loader.h"

#include <utility>

#include "tls/handshake/context_basics.h"

namespace sluice::tls {

std::shared_ptr<const SharedCertificate> CertificateLoader::load(const CertificateSource& source) {
  return share(load_certificate(source, decoder_));
}

std::shared_ptr<const SharedCertificate> CertificateLoader::read(const SharedCertificate& present,
                                                                 std::string_view pem) {
  return share(read_certificate({present.info().file, {}}, pem, present.key().view(), decoder_));
}

std::shared_ptr<const SharedCertificate> CertificateLoader::share(Certificate certificate) {
  check_acceptance(certificate);
  auto chain = chain_of(certificate);
  return std::make_shared<const SharedCertificate>(std::move(certificate), std::move(chain),
                                                   workers_);
}

void CertificateLoader::check_acceptance(const Certificate& certificate) {
  if (!judge_) judge_ = make_context(TLS_server_method());
  use_certificate(judge_.get(), certificate);
}

std::shared_ptr<const IssuerChain> CertificateLoader::chain_of(const Certificate& certificate) {
  std::vector<Der> issuers;
  for (const auto& issuer : certificate.chain) issuers.push_back(der_of(issuer.get()));
  std::weak_ptr<const IssuerChain>& known = chains_[issuers];
  std::shared_ptr<const IssuerChain> chain = known.lock();
  if (chain == nullptr) {
    chain = std::make_shared<const IssuerChain>(std::move(issuers), workers_);
    known = chain;
  }
  return chain;
}

}  // namespace sluice::tls
