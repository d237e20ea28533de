// Exceptions of coroutines that nobody waits for are not lost.
#include "gateway/base/spawn.hpp"

#include "gateway/base/failure.hpp"

#include <gtest/gtest.h>
#include <stdexcept>
#include <string>

namespace eryxon::gateway {
namespace {

Task<void> fail() {
    throw std::runtime_error("no more \"room\"");
    co_return;
}

Task<void> fail_with_log() {
    throw internal_error("for the log alone");
    co_return;
}

Task<void> note(bool& done) {
    done = true;
    co_return;
}

// What stands on stderr after a task of that name has ended.
std::string written_by(Task<void> task) {
    asio::io_context context(1);
    spawn(context.get_executor(), std::move(task), "testing", Escape::logged);
    testing::internal::CaptureStderr();
    context.run();
    return testing::internal::GetCapturedStderr();
}

TEST(Spawn, WritesDownWhatEscapes) {
    EXPECT_NE(written_by(fail()).find(R"( task="testing" reason="no more \"room\"")"), std::string::npos);
    EXPECT_NE(written_by(fail_with_log()).find(R"( reason="for the log alone")"), std::string::npos);
}

TEST(Spawn, IsSilentWhereNothingEscapes) {
    bool done = false;
    EXPECT_EQ(written_by(note(done)), "");
    EXPECT_TRUE(done);
}

TEST(SpawnDeathTest, EndsTheProcessWhereNothingWorksWithoutTheTask) {
    auto const run = [] {
        asio::io_context context(1);
        spawn(context.get_executor(), fail(), "testing", Escape::fatal);
        context.run();
    };
    EXPECT_EXIT(run(), testing::ExitedWithCode(70), "task=\"testing\" reason=\"no more");
}

}  // namespace
}  // namespace eryxon::gateway
