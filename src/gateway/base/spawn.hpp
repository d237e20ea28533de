// Coroutines that nobody waits for, and the event loops that run them: what escapes is written down, and all goes on.
#pragma once

#include "gateway/base/prelude.hpp"

#include <exception>
#include <functional>
#include <string_view>

namespace eryxon::gateway {

// Starts a coroutine that nobody waits for; `name`, a literal, tells the log which.
void spawn(Executor executor, Task<void> task, std::string_view name);

// Starts one without which nothing works: where an exception ends it, another is made after a pause.
void keep_going(Executor executor, std::function<Task<void>()> make, std::string_view name);

// Runs the event loop until it has no more work. What escapes from one of its handlers does not end it.
void run_loop(asio::io_context& context, std::string_view name);

// Writes down an exception that escaped from what has that name.
void log_escaped(std::string_view name, const std::exception_ptr& error) noexcept;

}  // namespace eryxon::gateway
