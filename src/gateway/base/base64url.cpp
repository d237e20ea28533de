// Digit by digit: OpenSSL decodes neither this alphabet nor text without padding.
#include "gateway/base/base64url.hpp"

namespace eryxon::gateway {

namespace {

int digit_value(char c) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == '-') return 62;
    return c == '_' ? 63 : -1;
}

}  // namespace

std::optional<std::string> decode_base64url(std::string_view text) {
    if (text.size() % 4 == 1) return std::nullopt;
    std::string out;
    unsigned bits = 0;
    int count = 0;
    for (char const c : text) {
        int const digit = digit_value(c);
        if (digit < 0) return std::nullopt;
        bits = (bits << 6U | static_cast<unsigned>(digit)) & 0xffffU;
        count += 6;
        if (count >= 8) {
            count -= 8;
            out.push_back(static_cast<char>(bits >> static_cast<unsigned>(count) & 0xffU));
        }
    }
    return out;
}

}  // namespace eryxon::gateway
