// Whose share a request takes.
#include "gateway/api/callers.hpp"

#include <gtest/gtest.h>

namespace eryxon::gateway {
namespace {

Credentials with_claims(std::string claims) {
    Credentials credentials;
    credentials.claims = std::move(claims);
    return credentials;
}

TEST(Callers, ATenantHasOneShareWhateverItsCredentials) {
    Callers callers;
    Caller const token{.address = "::1", .credential = "t", .proved = true};
    Caller const key{.address = "::1", .credential = "k"};
    Credentials const claimed = with_claims(R"({"role":"r","tenant_id":"AB"})"), kept = with_claims(R"({"role":"r"})");
    callers.accept(key, "ab", {});
    EXPECT_EQ(callers.share(token, claimed), "tenant:ab");
    EXPECT_EQ(callers.share(key, kept), "tenant:ab");
    EXPECT_EQ(callers.share(token, with_claims(R"({"app_metadata":{"tenant_id":"cd"}})")), "tenant:cd");
}

TEST(Callers, WithoutATenantATokenHasItsOwn) {
    Callers callers;
    Caller const token{.address = "::1", .credential = "t", .proved = true};
    for (const char* claims : {"{}", "", "[1", R"({"tenant_id":7})", R"({"app_metadata":[]})"})
        EXPECT_EQ(callers.share(token, with_claims(claims)), "credential:t") << claims;
}

TEST(Callers, UnknownKeysShareWithTheirAddress) {
    Callers callers;
    Caller const key{.address = "10.0.0.1", .credential = "k"};
    TimePoint const now{};
    EXPECT_EQ(callers.share(key, {}), "address:10.0.0.1");
    EXPECT_FALSE(callers.was_accepted(key, now));
    callers.accept(key, "", now);
    EXPECT_EQ(callers.share(key, {}), "credential:k");
    EXPECT_TRUE(callers.was_accepted(key, now));
    EXPECT_FALSE(callers.was_accepted(key, now + std::chrono::minutes(2)));
    EXPECT_EQ(callers.share({.address = "10.0.0.1"}, {}), "address:10.0.0.1");
}

}  // namespace
}  // namespace eryxon::gateway
