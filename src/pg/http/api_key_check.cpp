// API keys: found by their first characters, compared by SHA-256 in constant time.
#include "pg/http/api_key_check.hpp"

#include "core/base/sql_text.hpp"
#include "core/json/canonical.hpp"
#include "core/json/json.hpp"
#include "core/result/credential.hpp"
#include "pg/http/role_settings.hpp"
#include "pg/registry/tenant.hpp"
#include "pg/server/request.hpp"
#include "pg/server/security_context.hpp"
#include "pg/server/settings.hpp"
#include "pg/server/spi.hpp"

#include <openssl/crypto.h>

extern "C" {
#include "access/xact.h"
#include "utils/acl.h"
}

namespace eryxon::pg {

namespace {

constexpr int http_error = MAKE_SQLSTATE('P', 'G', 'R', 'S', 'T');

// Raises the error that PostgREST and the gateway answer with this status and body.
[[noreturn]] void refuse_request(int status, std::string_view code, std::string_view message, std::string_view hint) {
    std::string body = R"({"code":")" + std::string(code) + R"(","message":)";
    core::write_json_string(message, body);
    body += R"(,"details":null,"hint":)";
    core::write_json_string(hint, body);
    body += '}';
    std::string const headers = status == 401 ? R"({"WWW-Authenticate":"Bearer"})" : "{}";
    std::string const detail = R"({"status":)" + std::to_string(status) + R"(,"headers":)" + headers + "}";
    call([&] {
        ereport(ERROR,
                (errcode(http_error), errmsg_internal("%s", body.c_str()), errdetail_internal("%s", detail.c_str())));
    });
    pg_unreachable();
}

[[noreturn]] void refuse_credential(std::string_view message, std::string_view hint) {
    refuse_request(401, "UNAUTHORIZED", message, hint);
}

std::string_view text_member(const core::Json& object, std::string_view name) {
    const core::Json* member = object.find(name);
    return member != nullptr && member->is_string() ? member->text() : std::string_view();
}

core::Json read_headers(core::JsonArena& arena) {
    const char* text = request_setting("request.headers");
    if (text == nullptr) return core::Json::object({});
    try {
        return core::parse_json(text, arena);
    } catch (const core::CallError&) {
        refuse_credential("request.headers is not a JSON object", "The HTTP layer sets it.");
    }
}

// What the claims say; claims that make no sense are a bad credential.
template <class Read>
auto from_claims(Read&& read) {
    try {
        return read();
    } catch (const core::CallError& error) {
        refuse_credential(error.what(), error.faults().front().hint);
    }
}

// The key that the request brings, in one or several places: in headers as PostgREST hands them on, or in a claim of
// the gateway's.
std::optional<core::KeyDigest> sent_key(const core::Json& headers) {
    std::vector<core::KeyDigest> keys;
    std::string_view const authorization = text_member(headers, "authorization");
    std::string_view const key = text_member(headers, "x-api-key"), token = core::bearer_token(authorization);
    std::string const password = core::basic_password(authorization).value_or("");
    std::string const digest = from_claims([] { return claimed_text(core::key_claim); });
    if (!key.empty()) keys.push_back(core::key_digest(key));
    if (core::is_api_key(token)) keys.push_back(core::key_digest(token));
    if (core::is_api_key(password)) keys.push_back(core::key_digest(password));
    if (!digest.empty()) keys.push_back(core::parse_key_digest(digest));
    if (keys.empty()) return std::nullopt;
    for (const core::KeyDigest& other : keys)
        if (other.hash != keys.front().hash) refuse_credential("several different API keys were sent", "Send one.");
    return keys.front();
}

struct ApiKey {
    core::Uuid id;
    core::Uuid tenant;
    std::string role;
    bool use_is_due;  // to be noted
};

// The keys in force that begin alike. A use is noted once a minute.
std::string keys_of_prefix() {
    return core::sql(R"(
    SELECT k.id, k.tenant_id, k.role::pg_catalog.text, pg_catalog.encode(k.hash, 'hex'),
           u.last_used_at > (pg_catalog.now() - '1 minute'::pg_catalog.interval)
      FROM eryxon.api_key k JOIN eryxon.api_key_use u ON u.key_id == k.id
     WHERE k.prefix == $1 AND k.revoked_at IS NULL
       AND (k.expires_at IS NULL OR k.expires_at > pg_catalog.clock_timestamp()))");
}

// The key in force that it is. Every key of its prefix is compared, whichever fits.
std::optional<ApiKey> find_key(const core::KeyDigest& key) {
    std::optional<ApiKey> found;
    as_extension_owner([&] {
        execute(keys_of_prefix(), {Param::text(key.prefix)}, [&](const Row& row) {
            std::string_view const known = row.text(3);
            if (known.size() != key.hash.size() || CRYPTO_memcmp(known.data(), key.hash.data(), known.size()) != 0)
                return;
            found = ApiKey{row.uuid(0), row.uuid(1), std::string(row.text(2)), !row.boolean(4)};
        });
    });
    return found;
}

ApiKey require_key(const core::KeyDigest& sent) {
    if (sent.prefix.empty()) refuse_credential("this is not an API key", "API keys begin with ery_live_ or ery_test_.");
    std::optional<ApiKey> key = find_key(sent);
    if (!key)
        refuse_credential("the API key is unknown, revoked or expired", "Ask the administrator of the MES for a key.");
    return std::move(*key);
}

// Notes a use, unless another request is about to do so.
std::string note_use() {
    return core::sql(R"(
    UPDATE eryxon.api_key_use SET last_used_at = pg_catalog.now()
     WHERE key_id == (SELECT key_id FROM eryxon.api_key_use WHERE key_id == $1
                                             FOR UPDATE SKIP LOCKED))");
}

void require_same_tenant(const core::Uuid& one, const core::Uuid& other) {
    if (one != other)
        refuse_credential("two credentials of different tenants were sent", "Send a token or an API key, not both.");
}

// True if the role has become a superuser since the key was made.
bool is_superuser(const std::string& role) {
    return call([&] {
        Oid const oid = get_role_oid(role.c_str(), true);
        return OidIsValid(oid) && superuser_arg(oid);
    });
}

// Becomes the key's role, as far as the login role may, and never a superuser. Its settings count as they do for a
// token of that role; the key's tenant, which is set afterwards, is not theirs to choose.
void become(const std::string& role) {
    if (is_superuser(role))
        refuse_request(500, "INTERNAL_ERROR", "the role of the API key is a superuser",
                       "Make a key with another role.");
    try {
        set_for_transaction("role", role);
    } catch (const Error& error) {
        if (error.ends_call()) throw;
        refuse_request(500, "INTERNAL_ERROR", "the role of the API key cannot be taken on",
                       "Its role must exist and be granted to the login role of the HTTP layer.");
    }
    with_spi([&] { apply_role_settings(role); });
}

// "none" would be the login role itself. A gateway's word counts only from a login role that is believed.
void check_claims() {
    if (from_claims([] { return claimed_text("role"); }) == "none")
        refuse_credential("the role of the token does not exist", "\"none\" is not the name of a role.");
    const char* claims = request_setting("request.jwt.claims");
    bool const has_key = claims != nullptr && std::string_view(claims).find(core::key_claim) != std::string_view::npos;
    if (has_key && from_claims([] { return claimed_text(core::key_claim); }).empty())
        refuse_credential("the login role of the gateway is not believed",
                          "Name it in the setting eryxon.claims_from.");
}

}  // namespace

void authenticate_request() {
    core::JsonArena arena;
    core::Json const headers = read_headers(arena);
    check_claims();
    std::optional<core::KeyDigest> const sent = sent_key(headers);
    if (!sent) return;
    std::optional<ApiKey> found;
    with_spi([&] { found = require_key(*sent); });
    const ApiKey& key = *found;
    std::optional<core::Uuid> const token = from_claims(claimed_tenant);
    if (token) require_same_tenant(key.tenant, *token);
    if (!token) become(key.role);
    set_for_transaction("eryxon.tenant_id", core::to_string(key.tenant));
    if (key.use_is_due) set_for_transaction("eryxon.used_api_key", core::to_string(key.id));
}

bool lacks_credential() {
    if (request_setting("request.method") == nullptr) return false;
    core::JsonArena arena;
    core::Json const headers = read_headers(arena);
    return !core::is_bearer(text_member(headers, "authorization")) && !sent_key(headers);
}

void note_key_use() {
    std::optional<core::Uuid> const key = core::parse_uuid(settings().used_api_key);
    if (!key || XactReadOnly || IsolationUsesXactSnapshot()) return;
    with_spi([&] { as_extension_owner([&] { execute(note_use(), {Param::uuid(*key)}); }); });
}

}  // namespace eryxon::pg
