// Without a handler of its own an exception of such a coroutine would be dropped without a word.
#include "gateway/base/spawn.hpp"

#include "gateway/base/failure.hpp"
#include "gateway/base/log.hpp"
#include "gateway/base/log_thread.hpp"

#include <cstdlib>
#include <string>

namespace eryxon::gateway {

namespace {

constexpr int software_error = 70;  // EX_SOFTWARE of sysexits.h
constexpr std::chrono::seconds log_patience{1};

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

// Ends the process as it is: other threads may be anywhere.
[[noreturn]] void end_process() {
    if (LogThread* const log = log_thread()) log->flush(log_patience);
    std::_Exit(software_error);
}

}  // namespace

void log_escaped(std::string_view name, const std::exception_ptr& error) {
    LogLine("error")
        .quoted("msg", "a task ended with an exception")
        .quoted("task", name)
        .quoted("reason", reason_of(error))
        .write();
}

void spawn(Executor executor, Task<void> task, std::string_view name, Escape escape) {
    asio::co_spawn(executor, std::move(task), [name, escape](const std::exception_ptr& error) {
        if (!error) return;
        log_escaped(name, error);
        if (escape == Escape::fatal) end_process();
    });
}

}  // namespace eryxon::gateway
