// Exceptions of coroutines that nobody waits for, and of an event loop's handlers, are not lost and end nothing else.
#include "gateway/base/spawn.hpp"

#include "gateway/base/failure.hpp"

#include <gtest/gtest.h>
#include <boost/asio/post.hpp>
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
    spawn(context.get_executor(), std::move(task), "testing");
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

TEST(KeepGoing, BeginsAnewWhatAnExceptionHasEnded) {
    asio::io_context context(1);
    int begun = 0;
    bool done = false;
    keep_going(
        context.get_executor(), [&] { return ++begun < 3 ? fail() : note(done); }, "testing");
    testing::internal::CaptureStderr();
    context.run();
    std::string const written = testing::internal::GetCapturedStderr();
    EXPECT_EQ(begun, 3);
    EXPECT_TRUE(done);
    EXPECT_NE(written.find(R"( task="testing" reason="no more)"), written.rfind(R"( task="testing" reason="no more)"));
}

TEST(RunLoop, GoesOnAfterAHandlerThatThrows) {
    asio::io_context context(1);
    bool done = false;
    asio::post(context, [] { throw std::bad_alloc(); });
    asio::post(context, [&] { done = true; });
    testing::internal::CaptureStderr();
    run_loop(context, "testing");
    EXPECT_NE(testing::internal::GetCapturedStderr().find(R"( task="testing" reason="std::bad_alloc")"),
              std::string::npos);
    EXPECT_TRUE(done);
}

}  // namespace
}  // namespace eryxon::gateway
