#include "http/access_log/client_note.h"

#include "http/access_log/access_recorder.h"
#include "http/access_log/exchange_trace.h"
#include "http/balancing/fleet_state.h"
#include "http/proxy_core.h"
#include "tls/secure_stream.h"

namespace sluice::http {
namespace {

Duration between(Instant from, Instant to) {
  return from == kNever || to == kNever ? kNotReached : to - from;
}

template <typename Table, typename Key>
std::uint32_t current(const Table& table, Key id) {
  const Counter* counter = table.find(id.index());
  return counter == nullptr ? 0 : static_cast<std::uint32_t>(counter->get());
}

}  // namespace

std::unique_ptr<ClientNote> note_client(const ProxyCore& core, FrontendId frontend,
                                        const Stream& stream) {
  if (core.environment.access_log == nullptr) return nullptr;
  const Frontend* found = core.frontend(frontend);
  if (found == nullptr || !found->access_log) return nullptr;
  auto note = std::make_unique<ClientNote>();
  note->accepted = core.now();
  note->client = stream.remote();
  return note;
}

void note_handshake(ClientNote& note, const Stream& stream) {
  const auto& secure = static_cast<const tls::SecureStream&>(stream);
  note.tls_version = secure.negotiated_version();
  note.cipher = secure.negotiated_cipher();
  note.server_name = secure.requested_name();
  note.resumed = secure.resumed();
}

AccessEntry begin_entry(const ProxyCore& core, FrontendId frontend, const ClientNote& note,
                        const ExchangeTrace& trace) {
  AccessEntry entry;
  AccessRecord& record = entry.record;
  record.accepted = note.accepted;
  record.began = note.began == kNever ? note.accepted : note.began;
  record.queue = between(trace.started, trace.assigned);
  record.connect = between(trace.assigned, trace.connected);
  record.response = between(trace.connected, trace.responded);
  record.total = core.now() - record.began;
  record.generation = core.generation();
  record.client = note.client;
  record.frontend = frontend;
  record.backend = trace.backend;
  record.server = trace.server;
  const WorkerLoad& own = core.environment.fleet.load(core.environment.worker);
  record.process_sessions = static_cast<std::uint32_t>(own.clients.get());
  record.frontend_sessions = current(own.sessions, frontend);
  record.backend_exchanges = trace.backend_exchanges;
  record.server_exchanges = trace.server_exchanges;
  record.queued_before = trace.queued_before;
  record.retries = trace.retries;
  record.redispatched = trace.redispatched;
  record.cause = trace.cause;
  record.secure = !note.tls_version.empty();
  record.resumed = note.resumed;
  entry.text(AccessText::kTlsVersion) = note.tls_version;
  entry.text(AccessText::kCipher) = note.cipher;
  entry.text(AccessText::kServerName) = note.server_name;
  return entry;
}

void put_entry(ProxyCore& core, const AccessEntry& entry) {
  if (!core.environment.access_log->ring().put(entry)) core.counters.access_log_drops.add();
}

}  // namespace sluice::http
