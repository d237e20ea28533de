// Makes signed tokens for tests, with keys that are made for the run.
#pragma once

#include <string>
#include <string_view>

namespace eryxon::gateway {

inline const std::string secret = "a secret of exactly 32 bytes len";
extern const std::string public_key;  // PEM, of the key that rs256() signs with

// One part of a token in base64url.
std::string part(std::string_view text);
std::string sign_hs256(const std::string& header, const std::string& claims, const std::string& key);
std::string hs256(const std::string& claims, const std::string& key = secret);
std::string rs256(const std::string& claims);

}  // namespace eryxon::gateway
