// The server's numerics as bytes and as text. Those of usual size, which is nearly all, are made and read here; what is
// on disk is the same since PostgreSQL 9.1. The others are left to the server's own functions.
#pragma once

#include "core/json/json.hpp"
#include "pg/server/prelude.hpp"

#include <string_view>

namespace eryxon::pg {

// Space for any numeric that put_numeric() makes.
inline constexpr std::size_t most_numeric_bytes = 32;

// Writes the number of a JSON token as numeric_in makes it and returns the length; 0 if the token is long or has an
// exponent.
std::size_t put_numeric(std::string_view token, char* out);

// The text of a numeric as numeric_out gives it, in the arena.
std::string_view numeric_text(const char* numeric, core::JsonArena& arena);

}  // namespace eryxon::pg
