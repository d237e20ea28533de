// Without a handler of its own an exception of such a coroutine would be dropped without a word, and one of an event
// loop's handlers would end the process.
#include "gateway/base/spawn.hpp"

#include "gateway/base/failure.hpp"
#include "gateway/base/log.hpp"

#include <string>

namespace eryxon::gateway {

namespace {

constexpr std::chrono::milliseconds before_the_next{100};

// What an exception says.
std::string reason_of(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const Failure& failure) {
        return failure.log.empty() ? failure.message : failure.log;
    } catch (const std::exception& exception) {
        return exception.what();
    } catch (...) {
        return "unknown";
    }
}

Task<void> go_on(Executor executor, std::function<Task<void>()> make, std::string_view name) {
    Timer pause(executor);
    for (;;) {
        try {
            co_await make();
            co_return;
        } catch (...) {
            log_escaped(name, std::current_exception());
        }
        ErrorCode ignored;
        pause.expires_after(before_the_next);
        co_await pause.async_wait(into(ignored));
    }
}

}  // namespace

// Where memory is out there may be none for the line.
void log_escaped(std::string_view name, const std::exception_ptr& error) noexcept {
    try {
        LogLine("error")
            .quoted("msg", "a task ended with an exception")
            .quoted("task", name)
            .quoted("reason", reason_of(error))
            .write();
    } catch (...) {
    }
}

void spawn(Executor executor, Task<void> task, std::string_view name) {
    asio::co_spawn(executor, std::move(task), [name](const std::exception_ptr& error) {
        if (error) log_escaped(name, error);
    });
}

void keep_going(Executor executor, std::function<Task<void>()> make, std::string_view name) {
    spawn(executor, go_on(executor, std::move(make), name), name);
}

void run_loop(asio::io_context& context, std::string_view name) {
    for (;;) {
        try {
            context.run();
            return;
        } catch (...) {
            log_escaped(name, std::current_exception());
        }
    }
}

}  // namespace eryxon::gateway
