// A token is checked with the keys that are for its algorithm: what its header says chooses among the keys, and cannot
// make one serve for another algorithm than its own.
#include "gateway/api/token.hpp"

#include "core/json/json.hpp"
#include "gateway/base/base64url.hpp"
#include "gateway/base/message.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace eryxon::gateway {

namespace {

constexpr double leeway = 30;                  // seconds that clocks may differ
constexpr std::size_t most_remembered = 1024;  // tokens
constexpr std::size_t longest_token = 16384;

// The three parts of a token as sent, and what is signed.
struct Parts {
    std::string_view header, claims, signature, text;
};

// The parts; throws for another number of them.
Parts split(std::string_view token) {
    auto const dots = std::count(token.begin(), token.end(), '.');
    if (dots == 4) throw TokenFault{"Encrypted tokens are not accepted"};
    if (dots != 2 || token.size() > longest_token) throw TokenFault{"The token is malformed"};
    std::size_t const first = token.find('.'), second = token.find('.', first + 1);
    return {token.substr(0, first), token.substr(first + 1, second - first - 1), token.substr(second + 1),
            token.substr(0, second)};
}

// The bytes of one part of a token.
std::string decode_part(std::string_view part) {
    std::optional<std::string> bytes = decode_base64url(part);
    if (!bytes) throw TokenFault{"The token is malformed"};
    return *std::move(bytes);
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

// The header's member as text, empty if it has none; throws if it is something else.
std::string_view header_text(const core::Json& header, std::string_view name) {
    const core::Json* const value = header.find(name);
    if (value == nullptr) return {};
    if (!value->is_string()) throw TokenFault{"The token's " + std::string(name) + " is no text"};
    return value->text();
}

// Throws for tokens that are something else than an access token: those for a logout, say.
void check_type(std::string_view type) {
    static constexpr std::array<std::string_view, 5> accepted = {"", "jwt", "at+jwt", "application/jwt",
                                                                 "application/at+jwt"};
    std::string const name = lower_case(type);
    if (std::find(accepted.begin(), accepted.end(), name) == accepted.end())
        throw TokenFault{"The token's type (typ) is neither JWT nor at+jwt"};
}

// The algorithms of the keys, for people.
std::string algorithms_of(const TokenKeys& keys) {
    std::string names;
    for (const TokenKey& key : keys) {
        if (names.find(key.algorithm()) != std::string::npos) continue;
        names.append(names.empty() ? "" : ", ").append(key.algorithm());
    }
    return names;
}

// The keys that may have signed a token with this header: of its algorithm, and of its kid if they have one.
std::vector<const TokenKey*> choose_keys(const TokenKeys& keys, std::string_view algorithm, std::string_view id) {
    if (keys.empty()) throw TokenFault{"Tokens are not accepted here"};
    std::vector<const TokenKey*> fitting, named;
    for (const TokenKey& key : keys) {
        if (key.algorithm() != algorithm) continue;
        if (id.empty() || key.id().empty()) fitting.push_back(&key);
        if (!id.empty() && key.id() == id) named.push_back(&key);
    }
    if (!named.empty()) return named;
    if (!fitting.empty()) return fitting;
    bool const other_id =
        std::any_of(keys.begin(), keys.end(), [&](const TokenKey& key) { return key.algorithm() == algorithm; });
    if (other_id) throw TokenFault{"The token's key (kid) is not known"};
    throw TokenFault{"The token's algorithm is not accepted; there are keys for " + algorithms_of(keys)};
}

// Throws if none of the keys has signed the token, or if its header says what is not understood here.
void check_header(const Parts& parts, const TokenKeys& keys) {
    core::JsonArena arena;
    core::Json const header = parse_part(decode_part(parts.header), arena);
    if (header.find("crit") != nullptr) throw TokenFault{"The token has extensions that are not known here"};
    check_type(header_text(header, "typ"));
    auto const chosen = choose_keys(keys, header_text(header, "alg"), header_text(header, "kid"));
    std::string const signature = decode_part(parts.signature);
    if (std::none_of(chosen.begin(), chosen.end(),
                     [&](const TokenKey* key) { return key->verify(parts.text, signature); }))
        throw TokenFault{"The token's signature is not valid"};
}

}  // namespace

TokenChecker::TokenChecker(const Config& config) : keys_(config.jwt_keys), audience_(config.jwt_audience) {}

void TokenChecker::use(TokenKeys keys) {
    keys_ = std::move(keys);
    verified_.clear();
}

// Checks all of a token but the time.
Token TokenChecker::verify(std::string_view token) const {
    Parts const parts = split(token);
    check_header(parts, keys_);
    core::JsonArena arena;
    Token result;
    result.claims = decode_part(parts.claims);
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
