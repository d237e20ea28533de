// RFC 8785 (JSON Canonicalization Scheme) and the hash made of it.
#pragma once

#include "core/json/json.hpp"

#include <array>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace eryxon::core {

// Appends the number in its canonical form: as JCS writes the nearest double if that text denotes exactly
// the number, else its own significant digits in the layout of ECMAScript's Number::toString.
void write_canonical_number(std::string_view token, std::string& out);

// Appends the RFC 8785 form of the value.
void write_canonical(const Json& value, std::string& out);

// A SHA-256 in lower-case hex, or none.
class HexHash {
public:
    static constexpr std::size_t digits = 64;

    bool empty() const { return !present_; }
    void clear() { present_ = false; }
    std::string_view view() const { return {hex_.data(), present_ ? digits : 0}; }
    friend bool operator==(const HexHash& hash, std::string_view text) { return hash.view() == text; }
    friend bool operator==(const HexHash& a, const HexHash& b) { return a.view() == b.view(); }
    // Room for the digits, which then count as there.
    std::span<char, digits> fill();

private:
    std::array<char, digits> hex_;
    bool present_ = false;
};

// Hashes many values one after the other in the same memory. Beyond the text of canonical() it allocates nothing, so
// that bytes() cannot fail.
class Hasher {
public:
    Hasher();
    ~Hasher();
    Hasher(const Hasher&) = delete;
    Hasher& operator=(const Hasher&) = delete;

    HexHash bytes(std::string_view bytes);
    HexHash canonical(const Json& value);  // of the RFC 8785 form

private:
    struct Impl;
    Impl& state();

    std::unique_ptr<Impl> impl_;
};

// The hash of the bytes.
std::string sha256_hex(std::string_view bytes);
// The hash of the value's RFC 8785 form.
std::string sync_hash(const Json& value);

}  // namespace eryxon::core
