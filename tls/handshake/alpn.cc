#include "tls/handshake/alpn.h"

#include <stdexcept>

namespace sluice::tls {

std::vector<unsigned char> encode_alpn(const std::vector<std::string>& protocols) {
  std::vector<unsigned char> wire;
  for (const std::string& protocol : protocols) {
    if (protocol.empty() || protocol.size() > 255) {
      throw std::runtime_error("an ALPN protocol name has 1 to 255 bytes");
    }
    wire.push_back(static_cast<unsigned char>(protocol.size()));
    wire.insert(wire.end(), protocol.begin(), protocol.end());
  }
  return wire;
}

}  // namespace sluice::tls
