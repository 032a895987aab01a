#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "dataplane/buffer/byte_chain.h"
#include "tls/openssl_types.h"
#include "tls/record/output_buffers.h"
#include "tls/record/record_framer.h"

namespace sluice::tls {

/// The transport below an SSL object, in packet buffers: OpenSSL reads from the buffers that were
/// received, and writes into the ones that will be sent.
///
/// OpenSSL gets one record at a time: at its end a read says "later" until offer_record() is
/// called, so that whoever drives it sees what each record led to.
class MbufBio {
 public:
  explicit MbufBio(BufferReserve& reserve) : output_(reserve) {}
  MbufBio(const MbufBio&) = delete;
  MbufBio& operator=(const MbufBio&) = delete;

  /// A BIO, for both directions, that refers to this object and must not outlive it. Null when
  /// OpenSSL has no memory.
  [[nodiscard]] OpenSslPointer<BIO> make_bio();

  /// Adds received bytes behind those that were not read yet.
  void receive(ByteChain bytes) { input_.append(std::move(bytes)); }

  /// Lets OpenSSL read on: within the present record, or the next one when it was read whole.
  /// False when there is nothing to read.
  [[nodiscard]] bool offer_record();
  /// The present record has been read whole.
  [[nodiscard]] bool record_read() const { return framer_.at_end(); }
  /// What was received is no TLS: OpenSSL has seen the header, and nothing behind it.
  [[nodiscard]] bool broken() const { return framer_.broken(); }

  /// Forgets what was received and not read.
  void drop_input() { input_.clear(); }
  /// Hands over what was received and not read.
  [[nodiscard]] ByteChain take_input() { return std::move(input_); }
  /// Received bytes that OpenSSL has not read.
  [[nodiscard]] std::size_t unread() const { return input_.size(); }
  /// All that OpenSSL has read.
  [[nodiscard]] std::uint64_t total_read() const { return total_read_; }

  /// A write found no buffer; the record is not complete and the connection cannot go on.
  [[nodiscard]] bool out_of_buffers() const { return out_of_buffers_; }
  /// What OpenSSL has written since the last call.
  [[nodiscard]] ByteChain take_output() { return output_.take(); }

 private:
  struct Callbacks;

  /// Copies to `out` what may be read now, and returns how much that was.
  std::size_t read(std::span<std::uint8_t> out);
  ByteChain input_;
  OutputBuffers output_;
  std::uint64_t total_read_ = 0;
  RecordFramer framer_;
  bool out_of_buffers_ = false;
};

}  // namespace sluice::tls
