#include "tls/handshake/mbuf_bio.h"

#include <algorithm>
#include <utility>

namespace sluice::tls {

// What OpenSSL calls. It must not see an exception, and nothing here throws one.
struct MbufBio::Callbacks {
  static MbufBio& self(BIO* bio) { return *static_cast<MbufBio*>(BIO_get_data(bio)); }

  static int read(BIO* bio, char* out, std::size_t size, std::size_t* done) {
    BIO_clear_retry_flags(bio);
    *done = self(bio).read({reinterpret_cast<std::uint8_t*>(out), size});
    if (*done > 0) return 1;
    BIO_set_retry_read(bio);
    return 0;
  }

  static int write(BIO* bio, const char* bytes, std::size_t size, std::size_t* done) {
    BIO_clear_retry_flags(bio);
    MbufBio& transport = self(bio);
    const bool written =
        transport.output_.write({reinterpret_cast<const std::uint8_t*>(bytes), size});
    if (!written) transport.out_of_buffers_ = true;
    *done = written ? size : 0;
    return written ? 1 : 0;
  }

  static long control(BIO* /*bio*/, int command, long /*number*/, void* /*pointer*/) {
    return command == BIO_CTRL_FLUSH ? 1 : 0;
  }

  static OpenSslPointer<BIO_METHOD> make_method() {
    const int type = BIO_get_new_index();
    if (type == -1) return nullptr;
    OpenSslPointer<BIO_METHOD> method(BIO_meth_new(type | BIO_TYPE_SOURCE_SINK, "packet buffers"));
    const bool done = method && BIO_meth_set_read_ex(method.get(), read) == 1 &&
                      BIO_meth_set_write_ex(method.get(), write) == 1 &&
                      BIO_meth_set_ctrl(method.get(), control) == 1;
    return done ? std::move(method) : nullptr;
  }
};

OpenSslPointer<BIO> MbufBio::make_bio() {
  // OpenSSL has few BIO types to give, so all threads share one; nobody writes to it.
  static const OpenSslPointer<BIO_METHOD> method = Callbacks::make_method();
  OpenSslPointer<BIO> bio(method ? BIO_new(method.get()) : nullptr);
  if (bio) {
    BIO_set_data(bio.get(), this);
    BIO_set_init(bio.get(), 1);
  }
  return bio;
}

bool MbufBio::offer_record() {
  if (input_.empty() || framer_.broken()) return false;
  if (framer_.at_end()) framer_.begin_next();
  return true;
}

std::size_t MbufBio::read(std::span<std::uint8_t> out) {
  const std::size_t size = std::min({out.size(), input_.size(), framer_.remaining()});
  const std::span<std::uint8_t> bytes = out.first(size);
  input_.copy_out(0, bytes);
  input_.drop_front(size);
  framer_.take(bytes);
  total_read_ += size;
  return size;
}

}  // namespace sluice::tls
