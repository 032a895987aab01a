#include "tls/certificate/ocsp_response.h"

#include <openssl/err.h>
#include <openssl/ocsp.h>

#include <array>
#include <cstring>
#include <ctime>
#include <limits>
#include <stdexcept>

namespace sluice::tls {
namespace {

constexpr std::int64_t kClockDifference = 300;

struct OcspDeleter {
  void operator()(OCSP_RESPONSE* response) const { OCSP_RESPONSE_free(response); }
  void operator()(OCSP_BASICRESP* response) const { OCSP_BASICRESP_free(response); }
};

[[noreturn]] void refuse(const std::string& problem) {
  ERR_clear_error();
  throw std::runtime_error(problem);
}

bool equals_hash_of(const ASN1_OCTET_STRING* hash, std::span<const unsigned char> digest) {
  return static_cast<std::size_t>(ASN1_STRING_length(hash)) == digest.size() &&
         std::memcmp(ASN1_STRING_get0_data(hash), digest.data(), digest.size()) == 0;
}

// A certificate is known by its issuer's name and key, as hashes, and its serial number.
bool is_about(const OCSP_CERTID* id, const X509* leaf, const X509* issuer) {
  ASN1_OCTET_STRING* name_hash = nullptr;
  ASN1_OBJECT* algorithm = nullptr;
  ASN1_OCTET_STRING* key_hash = nullptr;
  ASN1_INTEGER* serial = nullptr;
  OCSP_id_get0_info(&name_hash, &algorithm, &key_hash, &serial, const_cast<OCSP_CERTID*>(id));
  if (ASN1_INTEGER_cmp(serial, X509_get0_serialNumber(leaf)) != 0) return false;
  const EVP_MD* method = EVP_get_digestbyobj(algorithm);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  if (method == nullptr ||
      X509_NAME_digest(X509_get_issuer_name(leaf), method, digest.data(), &size) != 1 ||
      !equals_hash_of(name_hash, std::span(digest).first(size))) {
    return false;
  }
  if (issuer == nullptr) return true;
  return X509_pubkey_digest(issuer, method, digest.data(), &size) == 1 &&
         equals_hash_of(key_hash, std::span(digest).first(size));
}

OCSP_SINGLERESP* find_answer(OCSP_BASICRESP* response, const X509* leaf, const X509* issuer) {
  for (int i = 0; i < OCSP_resp_count(response); ++i) {
    OCSP_SINGLERESP* answer = OCSP_resp_get0(response, i);
    if (is_about(OCSP_SINGLERESP_get0_id(answer), leaf, issuer)) return answer;
  }
  return nullptr;
}

std::int64_t seconds_since_epoch(const ASN1_GENERALIZEDTIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) refuse("a time in it cannot be read");
  return ::timegm(&parts);
}

}  // namespace

bool OcspResponse::current(std::int64_t now) const {
  return this_update <= now + kClockDifference && now < next_update;
}

OcspResponse parse_ocsp_response(std::span<const std::uint8_t> der, const X509* leaf,
                                 const X509* issuer) {
  ERR_clear_error();
  const unsigned char* at = der.data();
  const std::unique_ptr<OCSP_RESPONSE, OcspDeleter> response(
      d2i_OCSP_RESPONSE(nullptr, &at, static_cast<long>(der.size())));
  if (!response) refuse("it is no OCSP response in DER");
  const int status = OCSP_response_status(response.get());
  if (status != OCSP_RESPONSE_STATUS_SUCCESSFUL) {
    refuse(std::string("the responder answered: ") + OCSP_response_status_str(status));
  }
  const std::unique_ptr<OCSP_BASICRESP, OcspDeleter> basic(
      OCSP_response_get1_basic(response.get()));
  if (!basic) refuse("it is no basic OCSP response");
  OCSP_SINGLERESP* answer = find_answer(basic.get(), leaf, issuer);
  if (answer == nullptr) refuse("it is about another certificate");
  ASN1_GENERALIZEDTIME* from = nullptr;
  ASN1_GENERALIZEDTIME* until = nullptr;
  const int state = OCSP_single_get0_status(answer, nullptr, nullptr, &from, &until);
  if (state != V_OCSP_CERTSTATUS_GOOD) {
    refuse(std::string("it says that the certificate is ") + OCSP_cert_status_str(state));
  }
  return {.der = {der.begin(), der.end()},
          .this_update = seconds_since_epoch(from),
          .next_update = until == nullptr ? std::numeric_limits<std::int64_t>::max()
                                          : seconds_since_epoch(until)};
}

}  // namespace sluice::tls
