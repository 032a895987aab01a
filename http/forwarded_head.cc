#include "http/forwarded_head.h"

#include <array>
#include <charconv>
#include <string>

#include "http/head_writer.h"

namespace sluice::http {
namespace {

void write_address(HeadWriter& writer, const wire::IpAddress& address) {
  if (address.is_v6()) {
    writer.text(address.to_string());
    return;
  }
  const std::uint8_t* octets = address.v4_bytes();
  writer.number(octets[0]).text(".").number(octets[1]).text(".").number(octets[2]).text(".");
  writer.number(octets[3]);
}

void write_via(HeadWriter& writer, std::string_view name, Version received) {
  writer.text(received == Version::kHttp11 ? "Via: 1.1 " : "Via: 1.0 ").text(name).text("\r\n");
}

void write_forwarded_fields(HeadWriter& writer, const RequestHead& request, const RequestHop& hop) {
  writer.text("X-Forwarded-For: ");
  for (const Field& field : request.fields) {
    if (field.kind == FieldKind::kForwardedFor && !field.value.empty()) {
      writer.text(field.value).text(", ");
    }
  }
  write_address(writer, hop.client);
  writer.text(hop.secure ? "\r\nX-Forwarded-Proto: https\r\n" : "\r\nX-Forwarded-Proto: http\r\n");
  if (!request.authority.empty()) writer.field("X-Forwarded-Host", request.authority);
}

void write_client_certificate(HeadWriter& writer, const tls::PeerIdentity* peer) {
  writer.field("X-SSL-Client-Verify", peer == nullptr ? "NONE" : "SUCCESS");
  if (peer == nullptr) return;
  writer.field("X-SSL-Client-DN", peer->subject).field("X-SSL-Client-Issuer", peer->issuer);
  writer.field("X-SSL-Client-Serial", peer->serial).field("X-SSL-Client-SHA256", peer->sha256);
}

// As "name: value" in one piece, if it came like that.
void write_field(HeadWriter& writer, const Field& field) {
  const char* end = field.name.data() + field.name.size();
  // A field's line has a colon behind its name, and ends with CRLF.
  if (field.value.data() == end + 2 && end[1] == ' ' && end[2 + field.value.size()] == '\r') {
    writer.text({field.name.data(), field.name.size() + field.value.size() + 4});
  } else {
    writer.field(field.name, field.value);
  }
}

// Whether a field goes to the backend as it came.
bool passes(const Field& field, const RequestHead& request, const RequestHop& hop) {
  switch (field.kind) {
    case FieldKind::kHost:
    case FieldKind::kContentLength:
    case FieldKind::kTransferEncoding:
    case FieldKind::kConnection:
    case FieldKind::kHopByHop:
    case FieldKind::kUpgrade:
    case FieldKind::kClientCertificate:
      return false;
    case FieldKind::kForwardedFor:
    case FieldKind::kForwardedProto:
    case FieldKind::kForwardedHost:
      if (hop.forwarded) return false;
      break;
    case FieldKind::kExpect:
      if (request.version == Version::kHttp10) return false;
      break;
    case FieldKind::kOther:
      break;
  }
  if (hop.edits != nullptr && hop.edits->drops(field.name)) return false;
  return !request.connection.nominates(field.name);
}

bool passes(const Field& field, const ResponseHead& response, const HeaderEdits* edits) {
  switch (field.kind) {
    case FieldKind::kContentLength:
    case FieldKind::kTransferEncoding:
    case FieldKind::kConnection:
    case FieldKind::kHopByHop:
    case FieldKind::kUpgrade:
      return false;
    default:
      if (edits != nullptr && edits->drops(field.name)) return false;
      return !response.connection.nominates(field.name);
  }
}

void write_upgrade(HeadWriter& writer, std::string_view protocols) {
  if (!protocols.empty()) writer.text("Connection: upgrade\r\n").field("Upgrade", protocols);
}

void write_length(HeadWriter& writer, std::uint64_t length) {
  writer.text("Content-Length: ").number(length).text("\r\n");
}

}  // namespace

ByteChain write_request_head(const RequestHead& request, const RequestHop& hop, PacketPool& pool) {
  HeadWriter writer(pool);
  writer.text(request.method_name).text(" ");
  if (request.target.front() == '?') writer.text("/");
  writer.text(request.target).text(" HTTP/1.1\r\n");
  writer.field("Host", hop.host.empty() ? request.authority : hop.host);
  for (const Field& field : request.fields) {
    if (passes(field, request, hop)) write_field(writer, field);
  }
  if (hop.edits != nullptr) hop.edits->write(writer, hop.values);
  if (request.framing.kind == BodyFraming::Kind::kChunked) {
    writer.text("Transfer-Encoding: chunked\r\n");
  } else if (request.framing.has_length) {
    write_length(writer, request.framing.length);
  }
  write_upgrade(writer, request.upgrade);
  if (hop.forwarded) write_forwarded_fields(writer, request, hop);
  if (hop.client_certificates) write_client_certificate(writer, hop.peer);
  if (!hop.via_name.empty()) write_via(writer, hop.via_name, request.version);
  writer.text("\r\n");
  return writer.take();
}

ByteChain write_response_head(const ResponseHead& response, const ResponseHop& hop,
                              PacketPool& pool) {
  HeadWriter writer(pool);
  writer.text("HTTP/1.1 ").number(response.status).text(" ").text(response.reason).text("\r\n");
  const HeaderEdits* edits = response.interim() ? nullptr : hop.edits;
  for (const Field& field : response.fields) {
    if (passes(field, response, edits)) write_field(writer, field);
  }
  if (edits != nullptr) edits->write(writer, hop.values);
  if (!response.interim()) {
    if (hop.chunked) {
      writer.text("Transfer-Encoding: chunked\r\n");
    } else if (response.framing.has_length) {
      write_length(writer, response.framing.length);
    }
    if (hop.close) {
      writer.text("Connection: close\r\n");
    } else if (hop.client_version == Version::kHttp10) {
      writer.text("Connection: keep-alive\r\n");
    }
  } else if (response.status == 101) {
    write_upgrade(writer, response.upgrade);
  }
  if (!hop.via_name.empty()) write_via(writer, hop.via_name, response.version);
  writer.text("\r\n");
  return writer.take();
}

}  // namespace sluice::http
