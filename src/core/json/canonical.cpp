// RFC 8785: numbers in ECMAScript's layout, members in UTF-16 order (as they stand in the tree), and SHA-256 of it.
#include "core/json/canonical.hpp"

#include "core/base/hex.hpp"
#include "core/base/text_buffer.hpp"
#include "core/json/decimal.hpp"
#include "core/json/json_writer.hpp"

// The functions below EVP allocate nothing. EVP fetches its algorithms, and a process in which that failed once for
// want of memory gets none any more.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>
#include <array>
#include <charconv>

namespace eryxon::core {

namespace {

// The place behind the digits that begin at this one.
std::size_t skip_digits(std::string_view token, std::size_t at) {
    while (at < token.size() && token[at] >= '0' && token[at] <= '9')
        ++at;
    return at;
}

// True if ECMAScript writes the number with just these characters: no exponent, no zeros that say nothing.
bool is_canonical(std::string_view token) {
    constexpr std::size_t longest_integer = 21, most_leading_zeros = 5;
    const std::size_t sign = token.starts_with('-');
    const std::size_t point = skip_digits(token, sign);
    const std::string_view integer = token.substr(sign, point - sign);
    if (integer.empty() || integer.size() > longest_integer) return false;
    if (point == token.size()) return integer.front() != '0' || token == "0";
    const std::string_view fraction = token.substr(point + 1);
    if (token[point] != '.' || skip_digits(fraction, 0) != fraction.size()) return false;
    if (fraction.empty() || fraction.back() == '0') return false;
    return integer == "0" ? fraction.find_first_not_of('0') <= most_leading_zeros : integer.front() != '0';
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

// A double's shortest text that denotes exactly the number has the number's own significant digits; so both
// cases of the rule come to laying those out.
template <class Out>
void write_number(std::string_view token, Out& out) {
    if (is_canonical(token)) {
        out.append(token);
        return;
    }
    const std::optional<Decimal> number = parse_decimal(token);
    if (!number) {
        out.append(token);
        return;
    }
    std::string text;
    write_ecmascript(*number, text);
    out.append(text);
}

}  // namespace

void write_canonical_number(std::string_view token, std::string& out) {
    write_number(token, out);
}

// Writes the tree as it stands, numbers in their canonical form.
void write_canonical(const Json& value, std::string& out) {
    write_value(value, out, write_number<std::string>);
}

// The text that is hashed.
struct Hasher::Impl {
    TextBuffer text;
};

Hasher::Hasher() = default;
Hasher::~Hasher() = default;

// Made when the first value is hashed: much that could hash does not.
Hasher::Impl& Hasher::state() {
    if (!impl_) impl_ = std::make_unique<Impl>();
    return *impl_;
}

std::span<char, HexHash::digits> HexHash::fill() {
    present_ = true;
    return hex_;
}

// Digests the bytes and writes the digest out in hex.
HexHash Hasher::bytes(std::string_view bytes) {
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
    SHA256_CTX context;
    SHA256_Init(&context);
    SHA256_Update(&context, bytes.data(), bytes.size());
    SHA256_Final(digest.data(), &context);
    HexHash hash;
    char* hex = hash.fill().data();
    for (const unsigned char byte : digest)
        hex = write_hex(byte, hex);
    return hash;
}

HexHash Hasher::canonical(const Json& value) {
    TextBuffer& text = state().text;
    text.clear();
    write_value(value, text, write_number<TextBuffer>);
    return bytes(text.view());
}

std::string sha256_hex(std::string_view bytes) {
    return std::string(Hasher().bytes(bytes).view());
}

std::string sync_hash(const Json& value) {
    return std::string(Hasher().canonical(value).view());
}

}  // namespace eryxon::core
