// Buckets: how much they hold, how they fill, how many there are.
#include "gateway/api/rate_limit.hpp"

#include <gtest/gtest.h>

namespace eryxon::gateway {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Buckets, LetsThroughItsNumberAndThenSaysWhenAgain) {
    Buckets buckets(60, 10);
    TimePoint const now{};
    for (unsigned i = 0; i < 60; ++i) {
        RateState const state = buckets.take("a", now);
        EXPECT_TRUE(state.allowed);
        EXPECT_EQ(state.remaining, 59 - i);
    }
    RateState const state = buckets.take("a", now);
    EXPECT_FALSE(state.allowed);
    EXPECT_EQ(state.limit, 60U);
    EXPECT_EQ(state.remaining, 0U);
    EXPECT_EQ(state.retry_after, 1U);
    EXPECT_EQ(state.reset, 60U);
}

TEST(Buckets, FillsEvenly) {
    Buckets buckets(60, 10);
    TimePoint now{};
    for (int i = 0; i < 60; ++i)
        buckets.take("a", now);
    EXPECT_FALSE(buckets.take("a", now + milliseconds(900)).allowed);
    EXPECT_TRUE(buckets.take("a", now + milliseconds(1000)).allowed);
    EXPECT_FALSE(buckets.take("a", now + milliseconds(1900)).allowed);
    EXPECT_EQ(buckets.take("a", now + seconds(1000)).remaining, 59U);
}

TEST(Buckets, KeepNamesApart) {
    Buckets buckets(1, 10);
    EXPECT_TRUE(buckets.take("a", {}).allowed);
    EXPECT_FALSE(buckets.take("a", {}).allowed);
    EXPECT_TRUE(buckets.take("b", {}).allowed);
    buckets.give_back("a");
    EXPECT_TRUE(buckets.take("a", {}).allowed);
}

TEST(Buckets, ForgetWhichWasQuietForLongest) {
    Buckets buckets(1, 2);
    buckets.take("a", {});
    buckets.take("b", {});
    buckets.take("a", {});
    buckets.take("c", {});
    EXPECT_TRUE(buckets.contains("a"));
    EXPECT_FALSE(buckets.contains("b"));
    EXPECT_TRUE(buckets.contains("c"));
    EXPECT_FALSE(buckets.take("a", {}).allowed);
    EXPECT_TRUE(buckets.take("b", {}).allowed);
}

TEST(RateLimiter, ChargesMadeUpCredentialsToTheAddress) {
    RateLimiter limiter(5);
    for (int i = 0; i < 5; ++i)
        EXPECT_TRUE(limiter.take({"1.2.3.4", "made up " + std::to_string(i)}, {}).allowed);
    EXPECT_FALSE(limiter.take({"1.2.3.4", "another"}, {}).allowed);
    EXPECT_FALSE(limiter.take({"1.2.3.4"}, {}).allowed);
    EXPECT_TRUE(limiter.take({"1.2.3.5", "another"}, {}).allowed);
}

TEST(RateLimiter, GivesGoodCredentialsABucketOfTheirOwn) {
    RateLimiter limiter(3);
    Caller const good{"a", "good"};
    EXPECT_EQ(limiter.take(good, {}).remaining, 2U);
    EXPECT_EQ(limiter.accept(good, {})->remaining, 2U);
    EXPECT_FALSE(limiter.accept(good, {}));
    for (int i = 0; i < 3; ++i)
        EXPECT_TRUE(limiter.take({"a", "made up"}, {}).allowed);
    EXPECT_FALSE(limiter.take({"a", "made up"}, {}).allowed);
    EXPECT_EQ(limiter.take(good, {}).remaining, 1U);
    EXPECT_EQ(limiter.take({"a", "signed", true}, {}).remaining, 2U);
}

TEST(RateLimiter, TriesOneCredentialOfAnAddressAtATime) {
    RateLimiter limiter(1);
    Caller const good{"a", "good"};
    limiter.take({"a", "made up"}, {});
    EXPECT_FALSE(limiter.take(good, {}).allowed);
    auto trial = limiter.try_anyway(good);
    EXPECT_TRUE(trial);
    EXPECT_FALSE(limiter.try_anyway({"a", "made up"}));
    EXPECT_TRUE(limiter.try_anyway({"b", "made up"}));
    EXPECT_EQ(limiter.accept(good, {}, true)->remaining, 0U);
    trial.reset();
    EXPECT_FALSE(limiter.try_anyway(good)) << "its own requests are used up";
    EXPECT_FALSE(limiter.take({"a", "made up"}, {}).allowed) << "nothing was given back to the address";
    EXPECT_FALSE(limiter.try_anyway({"a"}));
    EXPECT_FALSE(limiter.try_anyway({"a", "signed", true}));
    EXPECT_TRUE(limiter.try_anyway({"a", "made up"}));
}

TEST(RateLimiter, MadeUpCredentialsDisplaceNoGoodOnes) {
    RateLimiter limiter(1, 2);
    Caller const good{"a", "good"};
    limiter.take(good, {});
    limiter.accept(good, {});
    for (int i = 0; i < 10; ++i)
        limiter.take({"b" + std::to_string(i), "made up " + std::to_string(i)}, {});
    EXPECT_FALSE(limiter.take(good, {}).allowed);
}

}  // namespace
}  // namespace eryxon::gateway
