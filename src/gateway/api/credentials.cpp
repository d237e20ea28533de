// Bearer tokens and API keys. Keys are checked by the database (pre_request), tokens here.
#include "gateway/api/credentials.hpp"

#include "core/json/json.hpp"
#include "core/result/credential.hpp"

namespace eryxon::gateway {

namespace {

std::string role_object(const std::string& role) {
    std::string out = "{\"role\":";
    core::write_json_string(role, out);
    return out + '}';
}

// The claims as signed, with a role in front if they have none.
std::string with_role(const std::string& claims, const std::string& role) {
    std::size_t const brace = claims.find('{');
    std::size_t const next = claims.find_first_not_of(" \t\r\n", brace + 1);
    std::string object = role_object(role);
    object.pop_back();
    return object + (claims[next] == '}' ? "" : ",") + claims.substr(next);
}

// The token or key of an Authorization header; an empty header brings none, as some clients send it where none is set.
std::string authorization_text(std::string_view authorization, Style style) {
    if (authorization.find_first_not_of(" \t") == std::string_view::npos) return {};
    std::string_view const token = core::bearer_token(authorization);
    if (!token.empty()) return std::string(token);
    std::optional<std::string> const password = core::basic_password(authorization);
    if (!password) throw unauthorized("Only bearer tokens and API keys are accepted", style);
    if (!core::is_api_key(*password))
        throw unauthorized("The password of Basic authentication must be an API key", style);
    return *password;
}

// The value of X-Api-Key; sent twice, it must be the same.
std::string_view api_key_header(const Request& request, Style style) {
    std::string_view key;
    for (const HeaderView& header : request.headers) {
        if (!same_name(header.name, "x-api-key") || header.value.empty()) continue;
        if (!key.empty() && key != header.value) throw unauthorized("Several different API keys were sent", style);
        key = header.value;
    }
    return key;
}

void take_token(Credentials& credentials, const Token& token, const std::string& anonymous_role) {
    credentials.kind = Credentials::Kind::token;
    credentials.role = token.role.empty() ? anonymous_role : token.role;
    credentials.claims = token.role.empty() ? with_role(token.claims, anonymous_role) : token.claims;
}

}  // namespace

Credentials read_credentials(const Request& request, TokenChecker& tokens, const std::string& anonymous_role,
                             std::int64_t now, Style style) {
    Credentials credentials{
        .role = anonymous_role, .claims = {}, .api_key = std::string(api_key_header(request, style)), .secret = {}};
    if (request.count("authorization") > 1) throw unauthorized("Several Authorization headers were sent", style);
    const HeaderView* authorization = request.find("authorization");
    std::string const token =
        authorization != nullptr ? authorization_text(authorization->value, style) : std::string();
    if (token.empty() && credentials.api_key.empty()) throw own_failure(401);
    if (core::is_api_key(token)) {
        if (!credentials.api_key.empty() && credentials.api_key != token)
            throw unauthorized("Several different API keys were sent", style);
        credentials.api_key = token;
    } else if (!token.empty()) {
        try {
            take_token(credentials, tokens.check(token, now), anonymous_role);
        } catch (const TokenFault& fault) {
            throw unauthorized(fault.message, style);
        }
    }
    // No role, but PostgreSQL's word for the login role's own rights.
    if (credentials.role == "none") throw unauthorized("The role of the token does not exist", style);
    credentials.secret = credentials.api_key.empty() ? token : credentials.api_key;
    if (credentials.kind == Credentials::Kind::key) credentials.claims = role_object(anonymous_role);
    return credentials;
}

std::string log_name(const Credentials& credentials) {
    if (!credentials.api_key.empty()) return "key:" + credentials.api_key.substr(0, core::api_key_prefix);
    return "jwt";
}

}  // namespace eryxon::gateway
