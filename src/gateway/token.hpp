// JSON Web Tokens: which key a token must be signed with, and whether it holds now.
#pragma once

#include "gateway/config.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace eryxon::gateway {

// A token whose signature was right.
struct Token {
    std::string claims;  // JSON object, as signed
    std::string role;    // empty if the token names none
    double not_before = 0;
    double expires = 0;  // infinity if the token does not say
};

// What is wrong with a token, in words for the client.
struct TokenFault {
    std::string message;
};

class TokenChecker {
public:
    explicit TokenChecker(const Config& config);

    // The token, or throws TokenFault. `now` in seconds since 1970. What was verified once is remembered.
    const Token& check(std::string_view token, std::int64_t now);

private:
    Token verify(const std::string& token) const;

    std::string secret_;
    std::string public_key_;
    std::string audience_;
    std::unordered_map<std::string, Token> verified_;
};

}  // namespace eryxon::gateway
