// JSON Web Tokens: whether one was signed with a key of ours, and whether it holds now.
#pragma once

#include "gateway/base/config.hpp"

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
    // Takes these keys in the place of the ones before, and forgets what those have verified.
    void use(TokenKeys keys);

private:
    Token verify(std::string_view token) const;

    TokenKeys keys_;
    std::string audience_;
    std::unordered_map<std::string, Token> verified_;
};

}  // namespace eryxon::gateway
