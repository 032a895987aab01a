#include "tls/certificate/certificate.h"

#include <openssl/err.h>

#include <algorithm>
#include <ctime>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <system_error>

#include "dataplane/wire/ip_address.h"
#include "tls/certificate/pem_file.h"
#include "tls/certificate/secret_file.h"

namespace sluice::tls {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxResponseSize = std::size_t{64} * 1024;

[[noreturn]] void refuse(const fs::path& path, const std::string& problem) {
  throw std::runtime_error(path.string() + ": " + problem);
}

std::vector<fs::path> certificate_files_in(const fs::path& directory) {
  std::error_code error;
  std::vector<fs::path> files;
  fs::directory_iterator entry(directory, error);
  for (const fs::directory_iterator end; !error && entry != end; entry.increment(error)) {
    const fs::path& path = entry->path();
    const bool named = path.extension() == ".pem" || path.extension() == ".crt";
    if (named && !path.filename().string().starts_with('.') && !fs::is_directory(path)) {
      files.push_back(path);
    }
  }
  if (error) refuse(directory, error.message());
  std::sort(files.begin(), files.end());
  return files;
}

void take_key(Certificate& certificate, const fs::path& path, PemFile file) {
  if (!file.key && file.encrypted_key) {
    refuse(path,
           "the private key in it is encrypted, and there is nobody to ask for the pass phrase; "
           "\"openssl pkey -in FILE -out FILE.key\" writes it without one");
  }
  certificate.key = std::move(file.key);
  certificate.key_der = std::move(file.key_der);
}

void read_named_key(Certificate& certificate, const fs::path& path, KeyDecoder& decoder) {
  take_key(certificate, path, read_pem_file(path, decoder));
  if (!certificate.key) refuse(path, "no private key in it");
}

// A key that nobody named: in the certificate's own file, then in the usual places beside it.
void find_key(Certificate& certificate, const fs::path& path, PemFile file, KeyDecoder& decoder) {
  if (file.key || file.encrypted_key) return take_key(certificate, path, std::move(file));
  const fs::path appended = path.string() + ".key";
  const fs::path replaced = fs::path(path).replace_extension(".key");
  for (const fs::path& candidate : {appended, replaced}) {
    std::error_code error;
    const bool absent = fs::status(candidate, error).type() == fs::file_type::not_found;
    if (!absent) return read_named_key(certificate, candidate, decoder);
  }
  refuse(path, "no private key: neither in it, nor in " + appended.string() + ", nor in " +
                   replaced.string());
}

void check_key(const Certificate& certificate, const fs::path& key_path) {
  ERR_clear_error();
  if (X509_check_private_key(certificate.leaf.get(), certificate.key.get()) == 1) return;
  const std::string where = key_path.empty() ? std::string() : " in " + key_path.string();
  for (const auto& issuer : certificate.chain) {
    if (X509_check_private_key(issuer.get(), certificate.key.get()) != 1) continue;
    ERR_clear_error();
    refuse(certificate.info.file,
           "the private key" + where +
               " belongs to a later certificate of this file; the server's own "
               "must come first, then its issuers");
  }
  ERR_clear_error();
  refuse(certificate.info.file, "the private key" + where + " does not belong to this certificate");
}

std::string to_lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

std::string_view text_of(const ASN1_STRING* string) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
          static_cast<std::size_t>(ASN1_STRING_length(string))};
}

// A name with a zero byte in it is a forgery of another one.
bool plausible(std::string_view name) {
  return !name.empty() && name.find('\0') == std::string_view::npos;
}

std::optional<std::string> ip_address_text(const ASN1_STRING* address) {
  const unsigned char* bytes = ASN1_STRING_get0_data(address);
  if (ASN1_STRING_length(address) == 4) return wire::IpAddress::v4(bytes).to_string();
  if (ASN1_STRING_length(address) == 16) return wire::IpAddress::v6(bytes).to_string();
  return std::nullopt;
}

std::string common_name(const X509* leaf) {
  X509_NAME* subject = X509_get_subject_name(leaf);
  const int index = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (index < 0) return {};
  const ASN1_STRING* value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, index));
  unsigned char* utf8 = nullptr;
  const int size = ASN1_STRING_to_UTF8(&utf8, value);
  if (size < 0) return {};
  std::string name(reinterpret_cast<const char*>(utf8), static_cast<std::size_t>(size));
  OPENSSL_free(utf8);
  return name;
}

void read_names(const X509* leaf, CertificateInfo& info) {
  const OpenSslPointer<GENERAL_NAMES> alternatives(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(leaf, NID_subject_alt_name, nullptr, nullptr)));
  std::vector<std::string> addresses;
  const int count = alternatives ? sk_GENERAL_NAME_num(alternatives.get()) : 0;
  for (int i = 0; i < count; ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(alternatives.get(), i);
    if (name->type == GEN_DNS && plausible(text_of(name->d.dNSName))) {
      info.names.push_back(to_lower(text_of(name->d.dNSName)));
    } else if (name->type == GEN_IPADD) {
      if (auto text = ip_address_text(name->d.iPAddress)) addresses.push_back(std::move(*text));
    }
  }
  if (info.names.empty()) {
    const std::string name = common_name(leaf);
    if (plausible(name)) info.names.push_back(to_lower(name));
  }
  info.dns_names = info.names.size();
  info.names.insert(info.names.end(), addresses.begin(), addresses.end());
  ERR_clear_error();
}

std::int64_t seconds_since_epoch(const std::string& file, const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) {
    ERR_clear_error();
    refuse(file, "the certificate's validity cannot be read");
  }
  return ::timegm(&parts);
}

void take_certificates(Certificate& certificate, PemFile& file) {
  if (file.certificates.empty()) {
    refuse(certificate.info.file,
           file.looks_like_der ? "no certificate in PEM form in it; \"openssl x509 -inform DER\" "
                                 "reads the binary form and writes PEM"
                               : "no certificate in PEM form in it");
  }
  certificate.leaf = std::move(file.certificates.front());
  for (std::size_t i = 1; i < file.certificates.size(); ++i) {
    certificate.chain.push_back(std::move(file.certificates[i]));
  }
}

KeyType key_type_for_tls(const Certificate& certificate) {
  if (const auto type = key_type_of(certificate.key.get())) return *type;
  refuse(certificate.info.file,
         "TLS has no signature for its key; RSA, ECDSA on P-256, P-384 or P-521, and Ed25519 or "
         "Ed448 can be used");
}

void read_info(Certificate& certificate) {
  const X509* leaf = certificate.leaf.get();
  CertificateInfo& info = certificate.info;
  info.key_type = key_type_for_tls(certificate);
  read_names(leaf, info);
  info.not_before = seconds_since_epoch(info.file, X509_get0_notBefore(leaf));
  info.not_after = seconds_since_epoch(info.file, X509_get0_notAfter(leaf));
}

// A response is written by a program, again and again: one that is of no use is no reason to serve
// nothing.
void find_ocsp_response(Certificate& certificate) {
  const fs::path path = certificate.info.file + ".ocsp";
  std::error_code error;
  if (fs::status(path, error).type() == fs::file_type::not_found) return;
  try {
    const SecretFile file(path, kMaxResponseSize, "an OCSP response");
    const X509* issuer = certificate.chain.empty() ? nullptr : certificate.chain.front().get();
    try {
      certificate.ocsp = parse_ocsp_response(file.bytes(), certificate.leaf.get(), issuer);
    } catch (const std::runtime_error& fault) {
      refuse(path, fault.what());
    }
  } catch (const std::runtime_error& fault) {
    certificate.info.ocsp_problem = fault.what();
  }
}

}  // namespace

std::vector<CertificateSource> find_certificates(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) refuse(path, error ? error.message() : "no such file or directory");
  if (!fs::is_directory(status)) return {CertificateSource{path, {}}};

  std::vector<CertificateSource> sources;
  for (fs::path& file : certificate_files_in(path)) sources.push_back({std::move(file), {}});
  if (sources.empty()) refuse(path, "no *.pem or *.crt file in this directory");
  return sources;
}

Certificate load_certificate(const CertificateSource& source) {
  KeyDecoder decoder;
  return load_certificate(source, decoder);
}

Certificate load_certificate(const CertificateSource& source, KeyDecoder& decoder) {
  Certificate certificate;
  certificate.info.file = source.certificate.string();
  PemFile file = read_pem_file(source.certificate, decoder);
  take_certificates(certificate, file);
  if (source.key.empty()) {
    find_key(certificate, source.certificate, std::move(file), decoder);
  } else {
    read_named_key(certificate, source.key, decoder);
  }
  check_key(certificate, source.key);
  read_info(certificate);
  find_ocsp_response(certificate);
  return certificate;
}

Certificate read_certificate(const CertificateSource& source, std::string_view pem,
                             std::span<const std::uint8_t> present_key, KeyDecoder& decoder) {
  Certificate certificate;
  certificate.info.file = source.certificate.string();
  PemFile file = read_pem_text(pem, source.certificate, decoder);
  take_certificates(certificate, file);
  take_key(certificate, source.certificate, std::move(file));
  if (!certificate.key && !present_key.empty()) {
    certificate.key = decoder.decode(present_key);
    certificate.key_der = SecretBytes(present_key);
  }
  if (!certificate.key) refuse(source.certificate, "no private key");
  check_key(certificate, {});
  read_info(certificate);
  return certificate;
}

}  // namespace sluice::tls
