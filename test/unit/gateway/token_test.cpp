// Tokens: algorithm and key, times, audience, role.
#include "gateway/api/token.hpp"

#include "token_maker.hpp"

#include <gtest/gtest.h>
#include <openssl/pem.h>

namespace eryxon::gateway {
namespace {

constexpr std::int64_t now = 1800000000;

// Adds the key of rs256().
void add_public_key(Config& config) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new_mem_buf(public_key.data(), -1), &BIO_free);
    PublicKey key(PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr), &EVP_PKEY_free);
    config.jwt_keys.push_back(TokenKey::from_public(std::move(key)).value());
}

Config both_keys() {
    Config config;
    config.jwt_keys = {TokenKey::from_secret(secret)};
    add_public_key(config);
    return config;
}

// The fault that the token is refused with; empty if it is accepted.
std::string fault(const Config& config, const std::string& token, std::int64_t time = now) {
    TokenChecker checker(config);
    try {
        checker.check(token, time);
        return "";
    } catch (const TokenFault& fault) {
        return fault.message;
    }
}

TEST(Token, IsAcceptedWithTheKeyOfItsAlgorithm) {
    TokenChecker checker(both_keys());
    for (const std::string& token :
         {hs256(R"({"role":"r", "tenant_id":"t"})"), rs256(R"({"role":"r", "tenant_id":"t"})")}) {
        const Token& checked = checker.check(token, now);
        EXPECT_EQ(checked.role, "r");
        EXPECT_EQ(checked.claims, R"({"role":"r", "tenant_id":"t"})");
    }
    EXPECT_EQ(checker.check(hs256("{}"), now).role, "");
}

TEST(Token, IsRefusedWithAnotherKeyOrAlgorithm) {
    std::string const claims = R"({"role":"r"})";
    std::string const wrong_signature = "The token's signature is not valid";
    std::string const wrong_algorithm = "The token's algorithm is not accepted; there are keys for HS256, RS256";
    EXPECT_EQ(fault(both_keys(), hs256(claims, "another secret of thirty-two bytes")), wrong_signature);
    EXPECT_EQ(fault(both_keys(), hs256(claims, public_key)), wrong_signature);
    EXPECT_EQ(fault(both_keys(), sign_hs256(R"({"alg":"RS256"})", claims, public_key)), wrong_signature);
    EXPECT_EQ(fault(both_keys(), sign_hs256(R"({"alg":"RS256"})", claims, secret)), wrong_signature);
    for (const char* header : {R"({"alg":"none"})", R"({"alg":"None"})", R"({"alg":"HS512"})", R"({"alg":"hs256"})",
                               R"({"alg":""})", R"({"typ":"JWT"})"}) {
        EXPECT_EQ(fault(both_keys(), sign_hs256(header, claims, secret)), wrong_algorithm) << header;
        EXPECT_EQ(fault(both_keys(), part(header) + '.' + part(claims) + '.'), wrong_algorithm) << header;
    }
    for (const char* header : {R"({"alg":null})", R"({"alg":["HS256"]})"})
        EXPECT_EQ(fault(both_keys(), sign_hs256(header, claims, secret)), "The token's alg is no text") << header;
}

TEST(Token, IsRefusedWithExtensionsThatMustBeKnown) {
    EXPECT_NE(fault(both_keys(), sign_hs256(R"({"alg":"HS256","crit":["x"],"x":1})", "{}", secret)), "");
}

TEST(Token, NeedsAKeyForItsAlgorithm) {
    Config config;
    EXPECT_NE(fault(config, hs256("{}")), "");
    add_public_key(config);
    EXPECT_NE(fault(config, hs256("{}", public_key)), "");
    EXPECT_NE(fault(config, hs256("{}", "")), "");
    EXPECT_EQ(fault(config, rs256("{}")), "");
}

TEST(Token, HoldsBetweenItsTimesWithThirtySecondsLeeway) {
    Config const config = both_keys();
    EXPECT_EQ(fault(config, hs256(R"({"exp":1800000000,"nbf":1800000000})")), "");
    EXPECT_EQ(fault(config, hs256(R"({"exp":1800000000})"), now + 30), "");
    EXPECT_EQ(fault(config, hs256(R"({"exp":1800000000})"), now + 31), "The token has expired");
    EXPECT_EQ(fault(config, hs256(R"({"nbf":1800000000})"), now - 30), "");
    EXPECT_EQ(fault(config, hs256(R"({"nbf":1800000000})"), now - 31), "The token is not valid yet");
    EXPECT_EQ(fault(config, hs256(R"({"exp":1.8e9,"nbf":1799999999.5})")), "");
    EXPECT_EQ(fault(config, hs256(R"({"exp":"1800000000"})")), "The token's exp is no number");
    EXPECT_EQ(fault(config, hs256(R"({"exp":null})")), "The token's exp is no number");
}

TEST(Token, ExpiresAfterItWasRemembered) {
    TokenChecker checker(both_keys());
    std::string const token = hs256(R"({"exp":1800000000})");
    EXPECT_NO_THROW(checker.check(token, now));
    EXPECT_THROW(checker.check(token, now + 31), TokenFault);
}

TEST(Token, NamesItsAudienceAsTextOrInAnArray) {
    Config config = both_keys();
    config.jwt_audience = "erp";
    EXPECT_EQ(fault(config, hs256(R"({"aud":"erp"})")), "");
    EXPECT_EQ(fault(config, hs256(R"({"aud":["x","erp"]})")), "");
    for (const char* claims :
         {R"({"aud":"erpx"})", R"({"aud":["x"]})", R"({"aud":[]})", R"({"aud":{"erp":1}})", R"({"aud":null})", "{}"})
        EXPECT_EQ(fault(config, hs256(claims)), "The token is for another audience") << claims;
}

TEST(Token, MustBeWellFormed) {
    Config const config = both_keys();
    std::string const good = hs256("{}");
    for (const std::string& token :
         {std::string(), std::string("."), std::string(".."), std::string("a.b.c"), good + ".x", good + "=", ' ' + good,
          good.substr(0, good.rfind('.')), hs256("[]"), hs256("1"), hs256("{\"a\":1"), hs256("{\"a\":\"\xff\"}"),
          hs256(R"({"role":1})"), hs256(R"({"role":""})"), std::string(20000, 'a')})
        EXPECT_NE(fault(config, token), "") << token.substr(0, 80);
}

}  // namespace
}  // namespace eryxon::gateway
