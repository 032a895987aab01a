#include "control/config/key_sections.h"

namespace sluice::control {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kKiB = 1024;
constexpr std::uint64_t kEiB = kKiB * kKiB * kKiB * kKiB * kKiB * kKiB;

ValueType<Duration> timeout() {
  return duration(1ms, 24h);
}

ValueType<std::uint32_t> head_size() {
  return narrowed<std::uint32_t>(size(kKiB, 64 * kKiB));
}

ValueType<Located<std::optional<tls::Version>>> tls_version() {
  using Wanted = std::optional<tls::Version>;
  auto type =
      located(choice<Wanted>({{"1.2", tls::Version::kTls12}, {"1.3", tls::Version::kTls13}}));
  type.format = [](const Located<Wanted>&) { return std::string("the policy's"); };
  type.show = [show = type.show](const Located<Wanted>& version) {
    return version.value ? show(version) : "the policy's";
  };
  return type;
}

// Names out of a fixed list, which the check of the whole has.
ValueType<std::vector<Located<std::string>>> names_of(const std::string& what) {
  auto type = list(text(what));
  type.format = [](const std::vector<Located<std::string>>&) {
    return std::string("the policy's");
  };
  return type;
}

void add_tls_policy(Section<FrontendConfig>& section) {
  using C = FrontendConfig;
  using Tls = FrontendTlsConfig;
  section
      .key("tls.policy",
           located(choice<TlsPolicy>(
               {{"intermediate", TlsPolicy::kIntermediate}, {"modern", TlsPolicy::kModern}})),
           inside(&C::tls, &Tls::policy),
           "What is agreed to, as Mozilla's Server Side TLS 5.7 names it: `modern` is TLS 1.3 "
           "alone, `intermediate` also 1.2; both with AEAD ciphers and elliptic curves only. The "
           "keys below change it.")
      .key("tls.min_version", tls_version(), inside(&C::tls, &Tls::min_version),
           "The lowest version of TLS.")
      .key("tls.max_version", tls_version(), inside(&C::tls, &Tls::max_version),
           "The highest version of TLS.")
      .key("tls.ciphers", names_of("cipher"), inside(&C::tls, &Tls::ciphers),
           "The ciphers of TLS 1.2, by OpenSSL's names, such as `ECDHE-RSA-AES128-GCM-SHA256`.")
      .key("tls.ciphersuites", names_of("cipher"), inside(&C::tls, &Tls::ciphersuites),
           "The ciphers of TLS 1.3, such as `TLS_AES_128_GCM_SHA256`.")
      .key("tls.groups", names_of("group"), inside(&C::tls, &Tls::groups),
           "The groups for the key exchange, such as `X25519` and `P-256`. The policies have "
           "`X25519MLKEM768` first where OpenSSL has it (from 3.5 on).")
      .key("tls.prefer_server_ciphers", located(boolean()),
           inside(&C::tls, &Tls::prefer_server_ciphers),
           "Of what both sides have, take what comes first here, not at the client; ChaCha20 still "
           "for clients that have it first.");
}

void add_client_certificates(Section<FrontendConfig>& section) {
  using C = FrontendConfig;
  using Tls = FrontendTlsConfig;
  section
      .key(
          "tls.client_auth",
          located(choice<tls::ClientAuth>({{"none", tls::ClientAuth::kNone},
                                           {"optional", tls::ClientAuth::kOptional},
                                           {"required", tls::ClientAuth::kRequired}})),
          inside(&C::tls, &Tls::client_auth),
          "Whether clients are asked for a certificate, and may go without one. The server is told "
          "who they are (see [Client certificates](#client-certificates)).")
      .key("tls.client_ca", located(text("path")), inside(&C::tls, &Tls::client_ca),
           "A PEM file with the certificates of those who vouch for clients.")
      .key("tls.client_crl", located(text("path")), inside(&C::tls, &Tls::client_crl),
           "A PEM file with the lists of revoked certificates (CRLs): one of every authority in a "
           "client's chain, and not expired, else the client is refused.");
}

std::string quoted(const std::string& text) {
  return '"' + text + '"';
}

Section<RespondConfig> respond_section(const std::shared_ptr<Atlas>& atlas) {
  Section<RespondConfig> section(atlas, "[frontend.route.respond]",
                                 "A response that is always the same. `respond = 403` alone stands "
                                 "for its status.");
  using C = RespondConfig;
  section.key("status", located(integer(200, 599)), &C::status, "Its status.")
      .key("body", located(text("string")), &C::body,
           "Its content. Default: what the status is called.")
      .key("type", located(text("media type")), &C::type, "The type of its content.")
      .reloads();
  return section;
}

// A response is its status, or a table.
ValueType<std::optional<RespondConfig>> respond(const Section<RespondConfig>& section) {
  return {"integer or table", "200 to 599, or a table",
          [section, status = located(integer(200, 599))](std::string_view key, const Value& value,
                                                         std::optional<RespondConfig>& into,
                                                         Diagnostics& problems) {
            into.emplace();
            if (value.table() != nullptr) return section.read(value, *into, problems);
            into->at = value.at;
            return status.read(key, value, into->status, problems);
          },
          [](const std::optional<RespondConfig>&) { return std::string("none"); },
          [](const std::optional<RespondConfig>& given) {
            if (!given) return std::string("none");
            return "{ status = " + std::to_string(given->status.value) +
                   ", body = " + quoted(given->body.value) +
                   ", type = " + quoted(given->type.value) + " }";
          }};
}

Section<RouteConfig> route_section(const std::shared_ptr<Atlas>& atlas) {
  Section<RouteConfig> section(
      atlas, "[[frontend.route]]",
      "Sends some of a frontend's requests to another backend, or answers them; it has one of "
      "`backend`, `redirect` and `respond`. Of several that match, the most exact host wins, then "
      "the longest path.");
  const auto response = respond_section(atlas);
  using C = RouteConfig;
  section
      .key("host", located(text("host name")), &C::host,
           "The host asked for, without port; `*.example.com` stands for every name below "
           "example.com. Default: any.")
      .key("path", located(text("path")), &C::path,
           "The beginning of the path: `/shop` matches `/shop` and `/shop/cart`, not `/shopping`. "
           "Default: any.")
      .key("backend", located(name()), &C::backend, "The backend that serves it.")
      .key("redirect", located(text("URL")), &C::redirect,
           "Where clients are sent instead, as `redirect` of the frontend says.")
      .key("respond", respond(response), &C::respond,
           "What they are answered instead (see [Redirects and fixed "
           "responses](#redirects-and-fixed-responses)).")
      .reloads();
  return section;
}

// A table of header fields, with names of the operator's choice.
ValueType<std::vector<FieldConfig>> fields() {
  return {"table", "names and values",
          [value_type = located(text("string"))](std::string_view key, const Value& value,
                                                 std::vector<FieldConfig>& into,
                                                 Diagnostics& problems) {
            if (value.table() == nullptr) {
              wrong_type(key, value, "a table such as { \"X-Name\" = \"value\" }", problems);
              return false;
            }
            bool good = true;
            for (const Entry& entry : value.table()->entries) {
              FieldConfig field{.name = {entry.key, entry.key_at}, .value = {}};
              const std::string whole = std::string(key) + "." + entry.key;
              good = value_type.read(whole, entry.value, field.value, problems) && good;
              into.push_back(std::move(field));
            }
            return good;
          },
          [](const std::vector<FieldConfig>&) { return std::string("none"); },
          [](const std::vector<FieldConfig>& given) {
            std::string text;
            for (const FieldConfig& field : given) {
              text += (text.empty() ? "{ " : ", ") + field.name.value + " = " +
                      quoted(field.value.value);
            }
            return text.empty() ? std::string("none") : text + " }";
          }};
}

void add_field_edits(Section<FrontendConfig>& section, const std::string& message,
                     const std::string& of, FieldEditsConfig FrontendConfig::*edits) {
  using Edits = FieldEditsConfig;
  section
      .key(message + ".set", fields(), inside(edits, &Edits::set),
           "Header fields that " + of +
               " get in the place of any of these names (see [Header "
               "fields](#header-fields)).")
      .key(message + ".add", fields(), inside(edits, &Edits::add),
           "Header fields that they get besides.")
      .key(message + ".remove", list(text("name")), inside(edits, &Edits::remove),
           "Names of header fields that are removed from them.");
}

void add_admission(Section<FrontendConfig>& section) {
  using C = FrontendConfig;
  section
      .key("allow", list(network()), &C::allow,
           "Networks whose hosts may connect; with any, others may not. Of the networks of `allow` "
           "and `deny` that a client is in, the smallest counts, and `deny` where it is in both. A "
           "client that may not is reset, before TLS.")
      .key("deny", list(network()), &C::deny, "Networks whose hosts may not connect.")
      .key("limit.connections", integer(0, 16777216), &C::connection_limit,
           "Clients connected at once, to all workers together; further ones are reset. 0: no "
           "limit.");
}

}  // namespace

Section<FrontendConfig> frontend_section(const std::shared_ptr<Atlas>& atlas) {
  Section<FrontendConfig> section(atlas, "[[frontend]]", "What clients connect to.");
  const auto route = route_section(atlas);
  using C = FrontendConfig;
  using Timeouts = http::ClientTimeouts;
  using Limits = http::ClientLimits;
  section
      .required("name", located(name()), &C::name,
                "A name of your choice, for messages and statistics.")
      .required("bind", list(endpoint()), &C::bind,
                "The addresses and ports it listens on; `0.0.0.0` and `[::]` stand for every "
                "address of the interfaces.")
      .key("mode", located(choice<Mode>({{"http", Mode::kHttp}, {"tcp", Mode::kTcp}})), &C::mode,
           "`tcp` passes on what clients and servers send as it comes, without looking at it (see "
           "[TCP mode](#tcp-mode)).")
      .key("enabled", boolean(), &C::enabled,
           "`false`: it does not listen. Connections that it has go on.")
      .key("backend", located(name()), &C::backend,
           "The backend of requests that no route matches; without it they get 404.")
      .key("redirect", located(text("URL")), &C::redirect,
           "Where requests that no route matches are sent, in the place of `backend`: `https` for "
           "the same by HTTPS, or a URL (see [Redirects and fixed "
           "responses](#redirects-and-fixed-responses)).")
      .key("route", table_list(route), &C::routes, "Routes by host and path.")
      .key("tls.certificate", list(text("path")), &C::certificates,
           "PEM files with a certificate, its chain and its key (or the key beside it, as "
           "`NAME.key`), or directories of such files; relative paths begin where Sluice was "
           "started. "
           "A client's SNI chooses, and of several for a name ECDSA before RSA, as far as the "
           "client can verify it. An OCSP response beside a certificate, `FILE.ocsp` in DER, is "
           "stapled until it expires. Without any, the frontend speaks plain HTTP.")
      .key("tls.strict_sni", located(boolean()), &C::strict_sni,
           "Refuse names that no certificate has, rather than show the first certificate.");
  add_tls_policy(section);
  add_client_certificates(section);
  section
      .key("tls.tickets", located(integer(0, 4)), &C::tickets,
           "Session tickets after a full TLS 1.3 handshake. After a resumed one, and in TLS 1.2, "
           "there is one. 0: none in any version, so that no session is resumed.")
      .key("timeout.request", timeout(), inside(&C::timeouts, &Timeouts::request),
           "For a whole request head; then 408. A client that sends nothing at all is closed.")
      .key("timeout.idle", timeout(), inside(&C::timeouts, &Timeouts::idle),
           "Without progress while a message is under way.")
      .key("timeout.keep_alive", timeout(), inside(&C::timeouts, &Timeouts::keep_alive),
           "Between two requests.")
      .key("timeout.handshake", timeout(), inside(&C::timeouts, &Timeouts::handshake),
           "For the TLS handshake.")
      .key("timeout.tunnel", timeout(), inside(&C::timeouts, &Timeouts::tunnel),
           "Without a byte in either direction behind a switch of protocols (WebSocket), or in TCP "
           "mode; then both sides are reset.")
      .key("limit.head_bytes", head_size(), inside(&C::limits, &Limits::head_bytes),
           "The largest request head; then 431.")
      .key("limit.header_fields", integer(8, 1000), inside(&C::limits, &Limits::header_fields),
           "The most header fields of a request; then 431.")
      .key("limit.body_bytes", size(1, kEiB, true), inside(&C::limits, &Limits::body_bytes),
           "The largest request body; then 413. Bodies are streamed, never held.")
      .key("limit.requests_per_connection", integer(0, 1U << 30, "no limit"),
           inside(&C::limits, &Limits::requests_per_connection),
           "Requests after which a connection is closed; 0 for no limit.")
      .key("forwarded", boolean(), &C::forwarded,
           "Set X-Forwarded-For, -Proto and -Host for the server.")
      .key("via", boolean(), &C::via, "Add a Via field in both directions.")
      .key("access_log", boolean(), &C::access_log,
           "`false`: its requests, or sessions, are left out of the access log.");
  add_field_edits(section, "request", "requests", &C::request);
  add_field_edits(section, "response", "responses of servers", &C::response);
  add_admission(section);
  section.reloads();
  return section;
}

}  // namespace sluice::control
