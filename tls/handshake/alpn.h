#pragma once

#include <string>
#include <vector>

namespace sluice::tls {

/// Application protocols in the form they have on the wire (RFC 7301 section 3.1). Throws
/// std::runtime_error with a message for the operator when a name is empty or longer than 255
/// bytes.
std::vector<unsigned char> encode_alpn(const std::vector<std::string>& protocols);

}  // namespace sluice::tls
