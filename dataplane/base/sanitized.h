#pragma once

namespace sluice {

/// Whether this is a build with AddressSanitizer, which is to see every piece of memory itself.
#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool kSanitized = true;
#elif defined(__has_feature)
inline constexpr bool kSanitized = __has_feature(address_sanitizer);
#else
inline constexpr bool kSanitized = false;
#endif

}  // namespace sluice
