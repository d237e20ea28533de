// The header Retry-After.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace eryxon::gateway {

// Seconds from `now` (since 1970): the header gives them, or an HTTP date. A date gone by is 0; nothing if it is
// neither. At most a week, so that a receiver cannot put off its webhooks for ever.
std::optional<std::int64_t> parse_retry_after(const std::string& value, std::int64_t now);

}  // namespace eryxon::gateway
