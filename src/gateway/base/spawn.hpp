// Coroutines that nobody waits for.
#pragma once

#include "gateway/base/prelude.hpp"

#include <exception>
#include <string_view>

namespace eryxon::gateway {

// What an exception means that escapes from a coroutine.
enum class Escape {
    logged,  // it is written down, and all else goes on
    fatal    // nothing works without this coroutine: the process ends, so that it is started anew
};

// Starts a coroutine that nobody waits for; `name`, a literal, tells the log which.
void spawn(Executor executor, Task<void> task, std::string_view name, Escape escape);

// Writes down an exception that escaped from a coroutine of that name.
void log_escaped(std::string_view name, const std::exception_ptr& error);

}  // namespace eryxon::gateway
