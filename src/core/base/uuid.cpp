// Reading and writing uuids, and making version 7 ones.
#include "core/base/uuid.hpp"

#include "core/base/hex.hpp"

namespace eryxon::core {

namespace {

// The value of a hexadecimal digit, or -1.
int hex_value(char digit) {
    if (digit >= '0' && digit <= '9') return digit - '0';
    if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
    return -1;
}

// Takes the braces off; false if there is only one of them.
bool strip_braces(std::string_view& text) {
    const bool open = text.starts_with('{');
    if (open != text.ends_with('}')) return false;
    if (open) text = text.substr(1, text.size() - 2);
    return true;
}

// True if a hyphen may stand before the byte: after each group of four digits.
bool may_follow_hyphen(std::size_t byte) {
    return byte > 0 && byte % 2 == 0;
}

}  // namespace

// Reads 16 bytes of two digits each.
std::optional<Uuid> parse_uuid(std::string_view text) {
    if (text.size() < 32 || !strip_braces(text)) return std::nullopt;
    Uuid uuid{};
    std::size_t at = 0;
    for (std::size_t byte = 0; byte < uuid.size(); ++byte) {
        if (may_follow_hyphen(byte) && at < text.size() && text[at] == '-') ++at;
        if (at + 2 > text.size()) return std::nullopt;
        const int high = hex_value(text[at]);
        const int low = hex_value(text[at + 1]);
        if (high < 0 || low < 0) return std::nullopt;
        uuid[byte] = static_cast<std::uint8_t>(high * 16 + low);
        at += 2;
    }
    if (at != text.size()) return std::nullopt;
    return uuid;
}

// Writes two digits for each byte, with hyphens between the groups.
void write_uuid(const Uuid& uuid, char* out) {
    for (std::size_t byte = 0; byte < uuid.size(); ++byte) {
        if (byte == 4 || byte == 6 || byte == 8 || byte == 10) *out++ = '-';
        out = write_hex(uuid[byte], out);
    }
}

std::string to_string(const Uuid& uuid) {
    std::string text(uuid_length, '-');
    write_uuid(uuid, text.data());
    return text;
}

// The last four bytes as a number, the highest byte first.
Uuid numbered_uuid(const Uuid& first, std::uint32_t number) {
    Uuid uuid = first;
    for (std::size_t byte = 12; byte < uuid.size(); ++byte)
        number += static_cast<std::uint32_t>(first[byte]) << (8 * (15 - byte));
    for (std::size_t byte = 12; byte < uuid.size(); ++byte)
        uuid[byte] = static_cast<std::uint8_t>(number >> (8 * (15 - byte)));
    return uuid;
}

// Takes the clock, or the last uuid's time if the clock stands still or went back, and counts up within it.
Uuid UuidV7Maker::make(std::uint64_t unix_ms, const std::array<std::uint8_t, 10>& random) {
    constexpr std::uint16_t last_sequence = 0x0fff;
    if (unix_ms > last_ms_) {
        last_ms_ = unix_ms;
        sequence_ = static_cast<std::uint16_t>((random[0] << 8 | random[1]) & 0x07ff);
    } else if (sequence_ < last_sequence) {
        ++sequence_;
    } else {
        ++last_ms_;
        sequence_ = 0;
    }
    Uuid uuid{};
    for (std::size_t byte = 0; byte < 6; ++byte)
        uuid[byte] = static_cast<std::uint8_t>(last_ms_ >> (40 - 8 * byte));
    uuid[6] = static_cast<std::uint8_t>(0x70 | sequence_ >> 8);
    uuid[7] = static_cast<std::uint8_t>(sequence_);
    for (std::size_t byte = 0; byte < 8; ++byte)
        uuid[8 + byte] = random[2 + byte];
    uuid[8] = static_cast<std::uint8_t>(0x80 | (uuid[8] & 0x3f));
    return uuid;
}

}  // namespace eryxon::core
