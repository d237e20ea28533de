// UUIDs: reading, writing, and time-ordered ones (RFC 9562 version 7).
#pragma once

#include "core/base/core.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace eryxon::core {

using Uuid = std::array<std::uint8_t, 16>;

// The 8-4-4-4-12 form (any case), with or without hyphens, or in braces, as PostgreSQL's uuid takes it.
std::optional<Uuid> parse_uuid(std::string_view text);
// Lower-case 8-4-4-4-12 form, of that many characters.
inline constexpr std::size_t uuid_length = 36;
void write_uuid(const Uuid& uuid, char* out);
std::string to_string(const Uuid& uuid);

// The uuid with a number added to its last four bytes, which begin again at zero behind the last one: a series from one
// random uuid.
Uuid numbered_uuid(const Uuid& first, std::uint32_t number);

// Makes version 7 uuids that rise strictly within one maker, so that index pages fill in order.
class UuidV7Maker {
public:
    // unix_ms: now, in milliseconds since 1970; random: 10 fresh random bytes.
    Uuid make(std::uint64_t unix_ms, const std::array<std::uint8_t, 10>& random);

private:
    std::uint64_t last_ms_ = 0;
    std::uint16_t sequence_ = 0;
};

}  // namespace eryxon::core
