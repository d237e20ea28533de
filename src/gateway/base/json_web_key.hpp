// Keys in JSON (RFC 7517): one, or a set of them.
#pragma once

#include "gateway/base/token_key.hpp"

#include <string_view>

namespace eryxon::gateway {

// Which keys may stand in a file: those that everybody may know, or secrets.
enum class KeyKind { open, secret };

// True for a JSON Web Key, a set of them, or an array of them.
bool is_key_set(std::string_view text);

// The keys for signatures of a set, or the one key. As the RFC wants it, those that cannot be used are left out. Throws
// std::invalid_argument for keys of the other kind, and if none is left.
TokenKeys read_key_set(std::string_view text, KeyKind kind);

}  // namespace eryxon::gateway
