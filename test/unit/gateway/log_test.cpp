// Log lines stay lines, whatever is written into them.
#include "gateway/base/log.hpp"

#include "gateway/base/log_thread.hpp"

#include <gtest/gtest.h>
#include <unistd.h>
#include <array>
#include <string>

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

// A pipe, whose ends are closed at the end.
struct Pipe {
    Pipe() { EXPECT_EQ(pipe(ends.data()), 0); }
    ~Pipe() {
        close(ends[0]);
        close(ends[1]);
    }
    // Reads until the text has been seen.
    std::string read_until(std::string_view text) const {
        std::string all;
        std::array<char, 65536> part{};
        while (all.find(text) == std::string::npos) {
            ssize_t const count = read(ends[0], part.data(), part.size());
            if (count <= 0) break;
            all.append(part.data(), static_cast<std::size_t>(count));
        }
        return all;
    }

    std::array<int, 2> ends{};
};

TEST(LogThread, WritesEachLineInOrder) {
    Pipe const pipe;
    LogThread log(pipe.ends[1]);
    LogLine("info").plain("n", "1").write();
    LogLine("info").plain("n", "2").write();
    EXPECT_TRUE(log.flush(std::chrono::seconds(10)));
    std::string const text = pipe.read_until("n=2\n");
    EXPECT_LT(text.find("n=1\n"), text.find("n=2\n"));
}

TEST(LogThread, NobodyWaitsForWhoDoesNotRead) {
    Pipe const pipe;
    LogThread log(pipe.ends[1]);
    std::string const line(1023, 'x');
    for (std::size_t written = 0; written < 2 * LogThread::most; written += line.size() + 1)
        log.put(line + '\n');
    EXPECT_FALSE(log.flush(std::chrono::milliseconds(1)));
    std::string const text = pipe.read_until("lines are missing");
    EXPECT_GT(text.size(), LogThread::most);
    EXPECT_LT(text.size(), LogThread::most + LogThread::most / 2);
}

}  // namespace
}  // namespace eryxon::gateway
