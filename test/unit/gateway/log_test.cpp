// Log lines stay lines, whatever is written into them.
#include "gateway/base/log.hpp"

#include <gtest/gtest.h>

namespace eryxon::gateway {
namespace {

// The line that stands on stderr afterwards.
std::string written(std::string_view value) {
    testing::internal::CaptureStderr();
    LogLine("info").quoted("path", value).number("status", 200).milliseconds("duration_ms", 1.234).write();
    return testing::internal::GetCapturedStderr();
}

TEST(LogLine, QuotesWhatComesFromOutside) {
    std::string const line = written("/a b\"\n\r\t\x1b[31m\\ status=500 \xff\xe2\x80\xa8");
    EXPECT_EQ(line.find('\n'), line.size() - 1);
    EXPECT_NE(
        line.find(
            R"( path="/a b\"\\x0a\\x0d\\x09\\x1b[31m\\ status=500 \\xff\\xe2\\x80\\xa8" status=200 duration_ms=1.23)"),
        std::string::npos)
        << line;
}

TEST(LogLine, CutsLongValues) {
    EXPECT_LT(written(std::string(100000, 'a')).size(), 2000U);
}

}  // namespace
}  // namespace eryxon::gateway
