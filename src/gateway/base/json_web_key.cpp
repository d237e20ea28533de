// Members of the keys by RFC 7518, section 6, and RFC 8037.
#include "gateway/base/json_web_key.hpp"

#include "core/json/json.hpp"
#include "gateway/base/base64url.hpp"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <algorithm>
#include <stdexcept>

namespace eryxon::gateway {

namespace {

constexpr std::size_t coordinate_size = 32;  // of P-256, and of Ed25519

// The member as text; empty if there is none.
std::string_view text_of(const core::Json& key, std::string_view name) {
    const core::Json* const value = key.find(name);
    return value != nullptr && value->is_string() ? value->text() : std::string_view();
}

std::string bytes_of(const core::Json& key, std::string_view name) {
    return decode_base64url(text_of(key, name)).value_or("");
}

using Number = std::unique_ptr<BIGNUM, decltype(&BN_free)>;

Number number_of(const core::Json& key, std::string_view name) {
    std::string const bytes = bytes_of(key, name);
    return {bytes.empty() ? nullptr
                          : BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes.data()),
                                      static_cast<int>(bytes.size()), nullptr),
            &BN_free};
}

// The key that the parameters describe; empty if they describe none.
PublicKey make_key(const char* type, OSSL_PARAM_BLD* builder) {
    std::unique_ptr<OSSL_PARAM, decltype(&OSSL_PARAM_free)> const parameters(OSSL_PARAM_BLD_to_param(builder),
                                                                             &OSSL_PARAM_free);
    std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> const context(
        EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr), &EVP_PKEY_CTX_free);
    EVP_PKEY* key = nullptr;
    if (parameters && context && EVP_PKEY_fromdata_init(context.get()) == 1)
        EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get());
    return {key, &EVP_PKEY_free};
}

using Builder = std::unique_ptr<OSSL_PARAM_BLD, decltype(&OSSL_PARAM_BLD_free)>;

PublicKey rsa_key(const core::Json& key) {
    Number const n = number_of(key, "n"), e = number_of(key, "e");
    Builder const builder(OSSL_PARAM_BLD_new(), &OSSL_PARAM_BLD_free);
    if (!n || !e || OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1)
        return {nullptr, &EVP_PKEY_free};
    return make_key("RSA", builder.get());
}

PublicKey p256_key(const core::Json& key) {
    std::string const x = bytes_of(key, "x"), y = bytes_of(key, "y");
    if (text_of(key, "crv") != "P-256" || x.size() != coordinate_size || y.size() != coordinate_size)
        return {nullptr, &EVP_PKEY_free};
    std::string const point = '\x04' + x + y;
    Builder const builder(OSSL_PARAM_BLD_new(), &OSSL_PARAM_BLD_free);
    if (OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) != 1 ||
        OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()) != 1)
        return {nullptr, &EVP_PKEY_free};
    return make_key("EC", builder.get());
}

PublicKey ed25519_key(const core::Json& key) {
    std::string const x = bytes_of(key, "x");
    if (text_of(key, "crv") != "Ed25519" || x.size() != coordinate_size) return {nullptr, &EVP_PKEY_free};
    auto const* const bytes = reinterpret_cast<const unsigned char*>(x.data());
    return {EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes, x.size()), &EVP_PKEY_free};
}

PublicKey public_key(const core::Json& key) {
    std::string_view const type = text_of(key, "kty");
    if (type == "RSA") return rsa_key(key);
    if (type == "EC") return p256_key(key);
    if (type == "OKP") return ed25519_key(key);
    return {nullptr, &EVP_PKEY_free};
}

// False if the key says that it is for other things than signatures.
bool is_for_signatures(const core::Json& key) {
    const core::Json* const use = key.find("use");
    if (use != nullptr && text_of(key, "use") != "sig") return false;
    const core::Json* const operations = key.find("key_ops");
    if (operations == nullptr) return true;
    return operations->is_array() &&
           std::any_of(operations->items().begin(), operations->items().end(),
                       [](const core::Json& item) { return item.is_string() && item.text() == "verify"; });
}

// The key; nothing if it cannot be used.
std::optional<TokenKey> read_key(const core::Json& key, KeyKind kind) {
    if (!key.is_object() || !is_for_signatures(key)) return std::nullopt;
    bool const is_secret = text_of(key, "kty") == "oct";
    if (is_secret != (kind == KeyKind::secret))
        throw std::invalid_argument(is_secret ? "a secret (oct) among public keys"
                                              : "a JSON Web Key that is no secret: everybody may know it");
    std::string id(text_of(key, "kid"));
    std::optional<TokenKey> made;
    if (is_secret) {
        std::string secret = bytes_of(key, "k");
        if (secret.size() >= shortest_secret) made = TokenKey::from_secret(std::move(secret), std::move(id));
    } else if (key.find("d") != nullptr) {
        throw std::invalid_argument("a private key, which only the issuer of tokens may have");
    } else {
        made = TokenKey::from_public(public_key(key), std::move(id));
    }
    ERR_clear_error();
    bool const other = key.find("alg") != nullptr && made && text_of(key, "alg") != made->algorithm();
    return other ? std::nullopt : made;
}

// The value, if it may be a key or a set; else nothing.
std::optional<core::Json> parse_keys(std::string_view text, core::JsonArena& arena) {
    try {
        core::Json const value = core::parse_json(text, arena);
        if (value.is_object() && (value.find("kty") != nullptr || value.find("keys") != nullptr)) return value;
        if (value.is_array() && !value.items().empty() && value.items().front().is_object() &&
            value.items().front().find("kty") != nullptr)
            return value;
    } catch (const core::CallError&) {
    }
    return std::nullopt;
}

}  // namespace

bool is_key_set(std::string_view text) {
    core::JsonArena arena;
    return parse_keys(text, arena).has_value();
}

TokenKeys read_key_set(std::string_view text, KeyKind kind) {
    core::JsonArena arena;
    std::optional<core::Json> const value = parse_keys(text, arena);
    if (!value) throw std::invalid_argument("neither a JSON Web Key nor a set of them");
    const core::Json* const set = value->is_object() ? value->find("keys") : &*value;
    std::span<const core::Json> const items = set == nullptr    ? std::span(&*value, 1)
                                              : set->is_array() ? set->items()
                                                                : std::span<const core::Json>();
    TokenKeys keys;
    for (const core::Json& item : items)
        if (std::optional<TokenKey> key = read_key(item, kind)) keys.push_back(*std::move(key));
    if (keys.empty())
        throw std::invalid_argument(kind == KeyKind::open ? "no key for RS256 (of 2048 bits or more), ES256 or EdDSA"
                                                          : "no key for HS256 of 32 bytes or more");
    return keys;
}

}  // namespace eryxon::gateway
