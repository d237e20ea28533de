// Where the keys of tokens come from: files, and a variable of the environment.
#pragma once

#include <string>

namespace eryxon::gateway {

// The HS256 secret of ERYXON_JWT_SECRET or the file; empty if neither is given. Throws std::invalid_argument for both,
// for one that is too short, and for text that is known to others: a public key, a key set, the name of a file.
std::string read_secret(const std::string& file);

// The RS256 public key in the file, as PEM; empty if no file is given. Throws std::invalid_argument for another one.
std::string read_public_key(const std::string& file);

}  // namespace eryxon::gateway
