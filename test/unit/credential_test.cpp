// The form of API keys and of the header that carries tokens.
#include "core/result/credential.hpp"

#include <gtest/gtest.h>

using namespace eryxon::core;

TEST(ApiKey, BeginsWithItsMark) {
    EXPECT_TRUE(is_api_key("ery_live_x"));
    EXPECT_TRUE(is_api_key("ery_test_"));
    EXPECT_FALSE(is_api_key("ery_prod_x"));
    EXPECT_FALSE(is_api_key("eyJhbGciOi"));
    EXPECT_FALSE(is_api_key(""));
}

TEST(ApiKey, IsFoundBehindTheSchemeInAnyCase) {
    EXPECT_EQ(bearer_token("Bearer abc"), "abc");
    EXPECT_EQ(bearer_token("bEARER   abc"), "abc");
    EXPECT_EQ(bearer_token("Bearer "), "");
    EXPECT_EQ(bearer_token("Bearer"), "");
    EXPECT_EQ(bearer_token("Bearerabc"), "");
    EXPECT_EQ(bearer_token("Basic abc"), "");
    EXPECT_EQ(bearer_token(""), "");
}

TEST(ApiKey, MayBeThePasswordOfBasicAuthentication) {
    EXPECT_EQ(basic_password("Basic dXNlcjpwYTpzcw=="), "pa:ss");
    EXPECT_EQ(basic_password("bASIC  Og=="), "");
    for (const char* header : {"", "Basic", "Basic ", "Basic dXNlcg==", "Basic dXNlcjpw!", "Bearer dXNlcjpwYTpzcw=="})
        EXPECT_EQ(basic_password(header), std::nullopt) << header;
}
