// Tokens are verified by libjwt. The key follows from the algorithm in the header before anything is verified, so
// that a public key can never serve as a secret.
#include "gateway/token.hpp"

#include "core/json.hpp"

#include <jwt.h>
#include <cmath>
#include <limits>
#include <memory>

namespace eryxon::gateway {

namespace {

constexpr double leeway = 30;                  // seconds that clocks may differ
constexpr std::size_t most_remembered = 1024;  // tokens
constexpr std::size_t longest_token = 16384;

int base64url_digit(char c) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == '-') return 62;
    return c == '_' ? 63 : -1;
}

// The bytes of one part of a token.
std::string decode_part(std::string_view part) {
    std::string out;
    unsigned bits = 0;
    int count = 0;
    for (char const c : part) {
        int const digit = base64url_digit(c);
        if (digit < 0) throw TokenFault{"The token is malformed"};
        bits = (bits << 6U | static_cast<unsigned>(digit)) & 0xffffU;
        count += 6;
        if (count >= 8) {
            count -= 8;
            out.push_back(static_cast<char>(bits >> static_cast<unsigned>(count) & 0xffU));
        }
    }
    return out;
}

// The object that a part of the token holds.
core::Json parse_part(const std::string& text, core::JsonArena& arena) {
    try {
        core::Json const value = core::parse_json(text, arena);
        if (value.is_object()) return value;
    } catch (const core::CallError&) {
    }
    throw TokenFault{"The token is malformed"};
}

// A time claim; `missing` if there is none.
double time_claim(const core::Json& claims, std::string_view name, double missing) {
    const core::Json* claim = claims.find(name);
    if (claim == nullptr) return missing;
    if (!claim->is_number()) throw TokenFault{"The token's " + std::string(name) + " is no number"};
    return std::strtod(std::string(claim->text()).c_str(), nullptr);
}

std::string role_claim(const core::Json& claims) {
    const core::Json* role = claims.find("role");
    if (role == nullptr) return {};
    if (!role->is_string() || role->text().empty()) throw TokenFault{"The token's role is no text"};
    return std::string(role->text());
}

// True if the audience, a string or an array of strings, names `wanted`.
bool names_audience(const core::Json* audience, std::string_view wanted) {
    if (audience == nullptr) return false;
    if (audience->is_string()) return audience->text() == wanted;
    if (!audience->is_array()) return false;
    for (const core::Json& item : audience->items())
        if (item.is_string() && item.text() == wanted) return true;
    return false;
}

// Has libjwt check the signature with the key, and that it used this algorithm.
void verify_signature(const std::string& token, const std::string& key, jwt_alg_t algorithm) {
    jwt_t* decoded = nullptr;
    int const fault = jwt_decode(&decoded, token.c_str(), reinterpret_cast<const unsigned char*>(key.data()),
                                 static_cast<int>(key.size()));
    std::unique_ptr<jwt_t, decltype(&jwt_free)> const owner(decoded, &jwt_free);
    if (fault != 0 || jwt_get_alg(decoded) != algorithm) throw TokenFault{"The token's signature is not valid"};
}

}  // namespace

TokenChecker::TokenChecker(const Config& config)
    : secret_(config.jwt_secret), public_key_(config.jwt_public_key), audience_(config.jwt_audience) {}

// Checks all of a token but the time.
Token TokenChecker::verify(const std::string& token) const {
    std::size_t const first = token.find('.');
    std::size_t const second = first == std::string::npos ? first : token.find('.', first + 1);
    if (second == std::string::npos || token.find('.', second + 1) != std::string::npos || token.size() > longest_token)
        throw TokenFault{"The token is malformed"};
    core::JsonArena arena;
    core::Json const header = parse_part(decode_part(std::string_view(token).substr(0, first)), arena);
    const core::Json* algorithm = header.find("alg");
    std::string_view const name =
        algorithm != nullptr && algorithm->is_string() ? algorithm->text() : std::string_view();
    if (header.find("crit") != nullptr) throw TokenFault{"The token has extensions that are not known here"};
    if (name == "HS256" && !secret_.empty())
        verify_signature(token, secret_, JWT_ALG_HS256);
    else if (name == "RS256" && !public_key_.empty())
        verify_signature(token, public_key_, JWT_ALG_RS256);
    else
        throw TokenFault{"The token's algorithm is not accepted"};
    Token result;
    result.claims = decode_part(std::string_view(token).substr(first + 1, second - first - 1));
    core::Json const claims = parse_part(result.claims, arena);
    result.role = role_claim(claims);
    result.not_before = time_claim(claims, "nbf", -std::numeric_limits<double>::infinity());
    result.expires = time_claim(claims, "exp", std::numeric_limits<double>::infinity());
    if (!audience_.empty() && !names_audience(claims.find("aud"), audience_))
        throw TokenFault{"The token is for another audience"};
    return result;
}

const Token& TokenChecker::check(std::string_view text, std::int64_t now) {
    std::string const token(text);
    auto found = verified_.find(token);
    if (found == verified_.end()) {
        Token verified = verify(token);
        if (verified_.size() >= most_remembered) verified_.clear();
        found = verified_.emplace(token, std::move(verified)).first;
    }
    auto const time = static_cast<double>(now);
    if (time > found->second.expires + leeway) throw TokenFault{"The token has expired"};
    if (time < found->second.not_before - leeway) throw TokenFault{"The token is not valid yet"};
    return found->second;
}

}  // namespace eryxon::gateway
