// Boost.Asio as the gateway uses it: coroutines on an io_context that one thread runs, so nothing needs a lock.
#pragma once

#include <utility>  // before asio, whose coroutine headers of 1.74 forget it

#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <chrono>

namespace eryxon::gateway {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;
using ErrorCode = boost::system::error_code;

using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;

// The concrete executor spares every asynchronous operation a virtual call and an allocation.
using Executor = asio::io_context::executor_type;
using Socket = asio::basic_stream_socket<Tcp, Executor>;
using Acceptor = asio::basic_socket_acceptor<Tcp, Executor>;
using Descriptor = asio::posix::basic_stream_descriptor<Executor>;
using Timer = asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, Executor>;
using Signals = asio::basic_signal_set<Executor>;

// Each co_await of one stands in a statement of its own: g++ 12 miscompiles it within conditions.
template <class T>
using Task = asio::awaitable<T, Executor>;

// Completion token: the awaiting coroutine gets the error in `error` instead of an exception.
inline auto into(ErrorCode& error) {
    return asio::redirect_error(asio::use_awaitable_t<Executor>{}, error);
}

}  // namespace eryxon::gateway
