// RFC 8785: numbers in ECMAScript's layout, members in UTF-16 order (as they stand in the tree), and SHA-256 of it.
#include "core/canonical.hpp"

#include "core/decimal.hpp"
#include "core/json_writer.hpp"

#include <openssl/evp.h>
#include <array>
#include <charconv>
#include <stdexcept>

namespace eryxon::core {

namespace {

// An integer that ECMAScript writes with just these characters.
bool is_canonical_integer(std::string_view token) {
    constexpr std::size_t longest = 21;
    if (token.starts_with('-')) token.remove_prefix(1);
    if (token.empty() || token.size() > longest || token.front() == '0') return false;
    for (const char c : token) {
        if (c < '0' || c > '9') return false;
    }
    return true;
}

// Appends d.ddde+-x.
void write_scientific(const Decimal& number, std::string& out) {
    out.push_back(number.digits.front());
    if (number.digits.size() > 1) out.append(1, '.').append(number.digits, 1);
    out.append(number.exponent > 0 ? "e+" : "e-");
    std::array<char, 24> text;
    const std::int64_t exponent = number.exponent > 0 ? number.exponent - 1 : 1 - number.exponent;
    const auto end = std::to_chars(text.data(), text.data() + text.size(), exponent).ptr;
    out.append(text.data(), end);
}

// Appends the digits in the layout of ECMAScript's Number::toString.
void write_ecmascript(const Decimal& number, std::string& out) {
    const bool plain = number.is_zero() || (number.exponent > -6 && number.exponent <= 21);
    if (plain) {
        out.append(plain_text(number));
        return;
    }
    if (number.negative) out.push_back('-');
    write_scientific(number, out);
}

}  // namespace

// A double's shortest text that denotes exactly the number has the number's own significant digits; so both
// cases of the rule come to laying those out.
void write_canonical_number(std::string_view token, std::string& out) {
    if (is_canonical_integer(token)) {
        out.append(token);
        return;
    }
    const std::optional<Decimal> number = parse_decimal(token);
    if (number) {
        write_ecmascript(*number, out);
    } else {
        out.append(token);
    }
}

// Writes the tree as it stands, numbers in their canonical form.
void write_canonical(const Json& value, std::string& out) {
    write_value(value, out, write_canonical_number);
}

namespace {

// SHA-256 as OpenSSL provides it, looked up once in the life of the process.
const EVP_MD* sha256() {
    static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    if (algorithm == nullptr) throw std::runtime_error("OpenSSL provides no SHA-256");
    return algorithm;
}

}  // namespace

// Digests the bytes and writes the digest out in hex.
std::string sha256_hex(std::string_view bytes) {
    constexpr char digits[] = "0123456789abcdef";
    std::array<unsigned char, 32> digest;
    unsigned int size = 0;
    if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, sha256(), nullptr) != 1 || size != digest.size()) {
        throw std::runtime_error("OpenSSL failed to compute SHA-256");
    }
    std::string hex(2 * digest.size(), '0');
    for (std::size_t i = 0; i < digest.size(); ++i) {
        hex[2 * i] = digits[digest[i] >> 4];
        hex[2 * i + 1] = digits[digest[i] & 15];
    }
    return hex;
}

// Hashes the canonical form.
std::string sync_hash(const Json& value) {
    std::string text;
    text.reserve(512);
    write_canonical(value, text);
    return sha256_hex(text);
}

}  // namespace eryxon::core
