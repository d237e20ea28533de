// What proves to a receiver that a webhook comes from here and is whole: Standard Webhooks, and Eryxon's own header.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace eryxon::gateway {

// The key that a secret "whsec_<base64>" stands for. Throws std::invalid_argument, which does not repeat the secret.
std::string secret_key(std::string_view secret);

std::string base64(std::string_view bytes);
std::string hmac_sha256(std::string_view key, std::string_view text);  // 32 bytes

// webhook-signature: "v1,<base64>" of id.timestamp.body for each key, with blanks between.
std::string webhook_signature(const std::vector<std::string>& keys, std::string_view id, std::int64_t timestamp,
                              std::string_view body);

// X-Eryxon-Signature: "sha256=<hex>" of the body.
std::string eryxon_signature(std::string_view key, std::string_view body);

}  // namespace eryxon::gateway
