// Who a request comes from, and what the database is told of its headers.
#include "gateway/api/credentials.hpp"
#include "core/json/canonical.hpp"
#include "core/result/credential.hpp"
#include "gateway/api/request_settings.hpp"

#include "token_maker.hpp"

#include <gtest/gtest.h>

namespace eryxon::gateway {
namespace {

class CredentialsTest : public testing::Test {
protected:
    CredentialsTest() : tokens_(config()) {}

    static Config config() {
        Config config;
        config.jwt_keys = {TokenKey::from_secret(secret)};
        return config;
    }

    Credentials read(std::vector<HeaderView> headers) {
        request_.headers = std::move(headers);
        return read_credentials(request_, tokens_, "anon", 1800000000, Style::route);
    }

    unsigned status(std::vector<HeaderView> headers) {
        try {
            read(std::move(headers));
            return 200;
        } catch (const Failure& failure) {
            return failure.status;
        }
    }

    // request.headers for these headers.
    std::string json(std::vector<HeaderView> headers) {
        Credentials const credentials = status(headers) == 200 ? read(headers) : Credentials{};
        return headers_json(request_, credentials);
    }

    TokenChecker tokens_;
    Request request_;
};

TEST_F(CredentialsTest, WithoutAnyTheRequestIsRefused) {
    EXPECT_EQ(status({{"Host", "x"}}), 401U);
    for (const char* empty : {"", " ", "\t"}) {
        EXPECT_EQ(status({{"Authorization", empty}}), 401U);
        EXPECT_EQ(status({{"Authorization", empty}, {"X-Api-Key", "ery_live_a"}}), 200U);
    }
}

TEST_F(CredentialsTest, APasswordOfBasicAuthenticationIsAKey) {
    std::string const key = "ery_live_abcdefghijk";
    std::vector<HeaderView> headers = {{"Authorization", "Basic YW55b25lOmVyeV9saXZlX2FiY2RlZmdoaWpr"}, {"Host", "x"}};
    EXPECT_EQ(read(headers).api_key, key);
    EXPECT_EQ(json(headers), R"({"host":"x"})");
    headers.push_back({"X-Api-Key", key});
    EXPECT_EQ(status(headers), 200U);
    headers.back().value = "ery_live_other";
    EXPECT_EQ(status(headers), 401U);
    for (const char* value : {"Basic", "Basic ", "Basic !", "Basic YTpi", "Basic ZXJ5X2xpdmVfYWJj", "Basic Og=="})
        EXPECT_EQ(status({{"Authorization", value}}), 401U) << value;
}

TEST_F(CredentialsTest, ATokenGivesRoleAndClaimsAsSigned) {
    std::string const bearer = "Bearer " + hs256(R"( {"role" : "r", "n": 1.0} )");
    Credentials const credentials = read({{"authorization", bearer}});
    EXPECT_EQ(credentials.kind, Credentials::Kind::token);
    EXPECT_EQ(credentials.role, "r");
    EXPECT_EQ(credentials.claims, R"( {"role" : "r", "n": 1.0} )");
    EXPECT_EQ(log_name(credentials), "jwt");
}

TEST_F(CredentialsTest, ATokenWithoutRoleGetsTheAnonymousOne) {
    EXPECT_EQ(read({{"Authorization", "bearer " + hs256(R"({"sub":"u"})")}}).claims, R"({"role":"anon","sub":"u"})");
    EXPECT_EQ(read({{"Authorization", "BEARER " + hs256("{ }")}}).claims, R"({"role":"anon"})");
}

TEST_F(CredentialsTest, ABearerKeyIsToldByItsDigest) {
    std::vector<HeaderView> const headers = {{"Authorization", "Bearer ery_live_abcdefghijk"}, {"Host", "x"}};
    Credentials const credentials = read(headers);
    EXPECT_EQ(credentials.kind, Credentials::Kind::key);
    EXPECT_EQ(credentials.role, "anon");
    EXPECT_EQ(log_name(credentials), "key:ery_live_abc");
    EXPECT_EQ(json(headers), R"({"host":"x"})");
    EXPECT_EQ(claims_json(credentials),
              R"({"role":"anon","eryxon_key":"ery_live_abc:)" + core::sha256_hex("ery_live_abcdefghijk") + R"("})");
}

TEST_F(CredentialsTest, WhatIsNoKeyIsNotToldAtAll) {
    Credentials const credentials = read({{"X-Api-Key", "secret of another service"}});
    EXPECT_EQ(claims_json(credentials), R"({"role":"anon","eryxon_key":":"})");
    EXPECT_EQ(core::parse_key_digest(":").prefix, "");
    EXPECT_EQ(core::parse_key_digest("").prefix, "");
    EXPECT_EQ(core::parse_key_digest("ery_live_abc").prefix, "");
    EXPECT_EQ(core::parse_key_digest("ery_live_abc:x").hash, "x");
}

TEST_F(CredentialsTest, DifferentOrOtherCredentialsAreRefused) {
    EXPECT_EQ(status({{"Authorization", "Bearer ery_test_a"}, {"X-Api-Key", "ery_test_a"}}), 200U);
    EXPECT_EQ(status({{"Authorization", "Bearer ery_test_a"}, {"X-Api-Key", "ery_test_b"}}), 401U);
    EXPECT_EQ(status({{"X-Api-Key", "ery_test_a"}, {"x-api-key", "ery_test_b"}}), 401U);
    EXPECT_EQ(status({{"Authorization", "Bearer ery_test_a"}, {"Authorization", "Bearer ery_test_a"}}), 401U);
    for (const char* value :
         {"Bearer", "Bearer ", "Basic YTpi", "ery_live_x", "Bearer x", "Bearer  ", "Token ery_live_x"})
        EXPECT_EQ(status({{"Authorization", value}}), 401U) << value;
}

TEST_F(CredentialsTest, ATokenAndAKeyAreBothPassedOn) {
    std::string const bearer = "Bearer " + hs256(R"({"role":"r"})");
    std::vector<HeaderView> const headers = {{"Authorization", bearer}, {"X-API-KEY", "ery_live_abc"}};
    EXPECT_EQ(read(headers).role, "r");
    EXPECT_EQ(json(headers), R"({"authorization":"Bearer"})");
    EXPECT_EQ(claims_json(read(headers)),
              R"({"role":"r","eryxon_key":"ery_live_abc:)" + core::sha256_hex("ery_live_abc") + R"("})");
    EXPECT_EQ(claims_json(read({{"Authorization", bearer}})), R"({"role":"r"})");
}

TEST_F(CredentialsTest, HeadersBecomeOneObject) {
    EXPECT_EQ(json({{"X-A", "1"}, {"Cookie", "s=1"}, {"x-a", "2"}, {"X-B", "\"\\\t"}, {"X-A", "3"}}),
              R"({"x-a":"1, 2, 3","x-b":"\"\\\t"})");
    EXPECT_EQ(json({{"X-Eryxon-Tenant", "t"}, {"x-eryxon-", "t"}, {"X-ERYXON-ROLE", "r"}, {"X-Eryxo", "1"}}),
              R"({"x-eryxo":"1"})");
    EXPECT_EQ(json({{"APIKey", "ery_live_abc"}}), "{}");
    EXPECT_EQ(json({}), "{}");
    EXPECT_EQ(json({{"X-A", "\xff"}, {"X-B", "\xc3\xbc"}}), "{\"x-a\":\"\u00ff\",\"x-b\":\"\u00fc\"}");
}

TEST_F(CredentialsTest, CookiesBecomeOneObject) {
    request_.headers = {{"Cookie", "a=1; b=\"x\";c ; d=e=f"}, {"COOKIE", "g=h"}};
    EXPECT_EQ(cookies_json(request_), R"({"a":"1","b":"\"x\"","d":"e=f","g":"h"})");
    request_.headers.clear();
    EXPECT_EQ(cookies_json(request_), "{}");
}

}  // namespace
}  // namespace eryxon::gateway
