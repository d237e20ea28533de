// Where the keys of tokens come from: files, and a variable of the environment.
#pragma once

#include "gateway/base/token_key.hpp"

#include <string>
#include <vector>

namespace eryxon::gateway {

struct TokenKeySources {
    std::string secret;                         // given itself, not in a file
    std::vector<std::string> secret_files;      // each with a secret, or with secrets as JSON Web Keys
    std::vector<std::string> public_key_files;  // each with keys in PEM, or as JSON Web Keys
};

// All keys of the sources. Throws std::invalid_argument for a file that cannot be read, for one without a key that can
// be used, and for a secret that is too short or known to others: a public key, the name of a file, an address.
TokenKeys read_token_keys(const TokenKeySources& sources);

}  // namespace eryxon::gateway
