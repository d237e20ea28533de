// The wall between C++ and the server. Inward: pg::call() runs backend calls and turns an ereport into pg::Error.
// Outward: pg::enter() is what every SQL function and trigger goes through; it turns exceptions into an ereport once
// all C++ objects are gone. The only sigsetjmp of the tree is here.
#pragma once

#include "core/base/error.hpp"
#include "pg/server/prelude.hpp"

#include <csetjmp>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace eryxon::pg {

// A server error on its way through C++: the whole ErrorData, in memory of its own.
class Error : public std::exception {
public:
    explicit Error(const ErrorData& data);

    const char* what() const noexcept override;
    const ErrorData& data() const { return *data_; }
    std::string sqlstate() const;
    bool is(int sqlerrcode) const { return data_->sqlerrcode == sqlerrcode; }
    // True for what is never turned into a record's error: classes 40, 53, 54, 57, 58, F0, XX, and 55P03, 25006.
    bool ends_call() const;

private:
    std::shared_ptr<const ErrorData> data_;
};

namespace detail {

// Puts the server's error handling state back, however the scope is left.
class HandlerScope {
public:
    HandlerScope() : stack_(PG_exception_stack), context_(error_context_stack) {}
    ~HandlerScope() {
        PG_exception_stack = stack_;
        error_context_stack = context_;
    }
    HandlerScope(const HandlerScope&) = delete;
    HandlerScope& operator=(const HandlerScope&) = delete;

private:
    sigjmp_buf* stack_;
    ErrorContextCallback* context_;
};

// Runs the block; false if it raised, and then its error is pending.
template <class Block>
bool attempt(Block&& block) {
    HandlerScope scope;
    sigjmp_buf here;
    if (sigsetjmp(here, 0) != 0) return false;
    PG_exception_stack = &here;
    block();
    return true;
}

// Takes the pending error off the server's stack and throws it as pg::Error, or std::bad_alloc if there is no memory
// to take it.
[[noreturn]] void throw_pending(MemoryContext context);
// An exception as plain memory that outlives all handlers; allocated in the context. "out of memory" if there is none.
ErrorData* plain_copy(const std::exception_ptr& error, MemoryContext context) noexcept;
[[noreturn]] void raise(ErrorData* error);

}  // namespace detail

// Runs a block of backend calls. Inside only trivially destructible locals may live, and what it returns is one.
template <class Block>
auto call(Block&& block) -> std::invoke_result_t<Block> {
    using Result = std::invoke_result_t<Block>;
    static_assert(std::is_void_v<Result> || std::is_trivially_destructible_v<Result>);
    MemoryContext const context = CurrentMemoryContext;
    if constexpr (std::is_void_v<Result>) {
        if (detail::attempt(block)) return;
    } else {
        std::optional<Result> result;
        if (detail::attempt([&] { result.emplace(block()); })) return *result;
    }
    detail::throw_pending(context);
}

// Runs the C++ body of an SQL function, trigger or callback; whatever it throws leaves as an ereport.
template <class Body>
auto enter(Body&& body) -> std::invoke_result_t<Body> {
    MemoryContext const context = CurrentMemoryContext;
    ErrorData* error = nullptr;
    try {
        return body();
    } catch (...) {
        error = detail::plain_copy(std::current_exception(), context);
    }
    MemoryContextSwitchTo(context);
    detail::raise(error);
}

// Lets a pending cancel or shutdown out.
inline void check_interrupts() {
    if (INTERRUPTS_PENDING_CONDITION()) call([] { ProcessInterrupts(); });
}

// The text as a palloc'd, terminated copy in the current context.
char* palloc_copy(std::string_view text);

}  // namespace eryxon::pg
