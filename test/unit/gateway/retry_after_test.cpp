// Retry-After: seconds, the three forms of an HTTP date, and everything else.
#include "gateway/base/retry_after.hpp"

#include <gtest/gtest.h>

namespace eryxon::gateway {
namespace {

constexpr std::int64_t now = 784111777;  // Sun, 06 Nov 1994 08:49:37 GMT

TEST(RetryAfter, ReadsSeconds) {
    EXPECT_EQ(parse_retry_after("120", now), 120);
    EXPECT_EQ(parse_retry_after(" 0 ", now), 0);
    EXPECT_EQ(parse_retry_after("99999999999999999999999", now), 604800);
    EXPECT_EQ(parse_retry_after("604801", now), 604800);
}

TEST(RetryAfter, ReadsDates) {
    EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:50:37 GMT", now), 60);
    EXPECT_EQ(parse_retry_after("Sunday, 06-Nov-94 08:50:37 GMT", now), 60);
    EXPECT_EQ(parse_retry_after("Sun Nov  6 08:50:37 1994", now), 60);
    EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:00:00 GMT", now), 0);
    EXPECT_EQ(parse_retry_after("Fri, 31 Dec 2100 00:00:00 GMT", now), 604800);
}

TEST(RetryAfter, IgnoresWhatIsNeither) {
    for (const char* wrong : {"", " ", "soon", "-5", "+5", "1.5", "5s", "0x10", "12 minutes", "\xff\xfe"})
        EXPECT_EQ(parse_retry_after(wrong, now), std::nullopt) << wrong;
}

}  // namespace
}  // namespace eryxon::gateway
