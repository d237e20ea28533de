// Buckets: how much they hold, how they fill, how many there are.
#include "gateway/rate_limit.hpp"

#include <gtest/gtest.h>

namespace eryxon::gateway {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(RateLimiter, LetsThroughItsNumberAndThenSaysWhenAgain) {
    RateLimiter limiter(60);
    TimePoint const now{};
    for (unsigned i = 0; i < 60; ++i) {
        RateState const state = limiter.take("a", now);
        EXPECT_TRUE(state.allowed);
        EXPECT_EQ(state.remaining, 59 - i);
    }
    RateState const state = limiter.take("a", now);
    EXPECT_FALSE(state.allowed);
    EXPECT_EQ(state.limit, 60U);
    EXPECT_EQ(state.remaining, 0U);
    EXPECT_EQ(state.retry_after, 1U);
    EXPECT_EQ(state.reset, 60U);
}

TEST(RateLimiter, FillsEvenly) {
    RateLimiter limiter(60);
    TimePoint now{};
    for (int i = 0; i < 60; ++i)
        limiter.take("a", now);
    EXPECT_FALSE(limiter.take("a", now + milliseconds(900)).allowed);
    EXPECT_TRUE(limiter.take("a", now + milliseconds(1000)).allowed);
    EXPECT_FALSE(limiter.take("a", now + milliseconds(1900)).allowed);
    EXPECT_EQ(limiter.take("a", now + seconds(1000)).remaining, 59U);
}

TEST(RateLimiter, KeepsCallersApart) {
    RateLimiter limiter(1);
    EXPECT_TRUE(limiter.take("a", {}).allowed);
    EXPECT_FALSE(limiter.take("a", {}).allowed);
    EXPECT_TRUE(limiter.take("b", {}).allowed);
}

TEST(RateLimiter, ForgetsWhoWasQuietForLongest) {
    RateLimiter limiter(1, 2);
    limiter.take("a", {});
    limiter.take("b", {});
    limiter.take("a", {});
    limiter.take("c", {});
    EXPECT_EQ(limiter.callers(), 2U);
    EXPECT_FALSE(limiter.take("a", {}).allowed);
    EXPECT_TRUE(limiter.take("b", {}).allowed);
    EXPECT_EQ(limiter.callers(), 2U);
}

}  // namespace
}  // namespace eryxon::gateway
