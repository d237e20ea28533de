// RFC 8785 (JSON Canonicalization Scheme) and the hash made of it.
#pragma once

#include "core/json.hpp"

#include <string>
#include <string_view>

namespace eryxon::core {

// Appends the number in its canonical form: as JCS writes the nearest double if that text denotes exactly
// the number, else its own significant digits in the layout of ECMAScript's Number::toString.
void write_canonical_number(std::string_view token, std::string& out);

// Appends the RFC 8785 form of the value.
void write_canonical(const Json& value, std::string& out);

// Lower-case hex SHA-256 (64 digits) of the bytes. Throws std::runtime_error if OpenSSL fails.
std::string sha256_hex(std::string_view bytes);

// sha256_hex of the RFC 8785 form.
std::string sync_hash(const Json& value);

}  // namespace eryxon::core
