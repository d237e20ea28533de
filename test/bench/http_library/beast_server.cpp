// Boost.Beast: one thread, one coroutine per connection. Usage: beast_server PORT
#include <utility>  // before asio, whose coroutine headers of 1.74 forget it

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <optional>

#include "workload.hpp"

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using Tcp = asio::ip::tcp;
using Executor = asio::io_context::executor_type;
using Stream = beast::basic_stream<Tcp, Executor>;
using Acceptor = asio::basic_socket_acceptor<Tcp, Executor>;
using Timer =
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, Executor>;
template <class T>
using Task = asio::awaitable<T, Executor>;
using Error = boost::system::error_code;
using Parser = http::request_parser<http::string_body>;

// Completion token: the error goes to `error` instead of an exception.
static auto into(Error& error) {
    return asio::redirect_error(asio::use_awaitable_t<Executor>{}, error);
}

// Reads one request, each part within its limit of time.
static Task<Error> read(Stream& stream, beast::flat_buffer& buffer, Parser& parser) {
    Error error;
    if (buffer.size() == 0) {
        stream.expires_after(workload::idle_limit);
        buffer.commit(co_await stream.async_read_some(buffer.prepare(4096), into(error)));
        if (error) co_return error;
    }
    stream.expires_after(workload::read_limit);
    co_await http::async_read_header(stream, buffer, parser, into(error));
    if (error || parser.is_done()) co_return error;
    stream.expires_after(workload::read_limit);
    co_await http::async_read(stream, buffer, parser, into(error));
    co_return error;
}

// Writes one answer.
static Task<Error> write(Stream& stream, unsigned status, bool keep_alive) {
    static const std::string answer = workload::answer();
    Error error;
    http::response<http::string_body> response{http::int_to_status(status), 11, answer};
    response.set(http::field::content_type, "application/json");
    response.keep_alive(keep_alive);
    response.prepare_payload();
    stream.expires_after(workload::read_limit);
    co_await http::async_write(stream, response, into(error));
    co_return error;
}

// Serves a connection until it ends.
static Task<void> serve(Stream stream) {
    beast::flat_buffer buffer;
    Timer database{stream.get_executor()};
    for (bool keep_alive = true; keep_alive;) {
        Parser parser;
        parser.body_limit(workload::body_limit);
        Error error = co_await read(stream, buffer, parser);
        unsigned status = error == http::error::body_limit ? 413 : workload::status_for(parser.get().body().size());
        if (error && status != 413) co_return;
        database.expires_after(workload::database_wait);
        co_await database.async_wait(into(error));
        keep_alive = status == 200 && parser.get().keep_alive();
        if (co_await write(stream, status, keep_alive)) co_return;
    }
}

// Takes connections for ever.
static Task<void> listen(Acceptor acceptor) {
    for (;;) {
        Error error;
        Tcp::socket::rebind_executor<Executor>::other socket{acceptor.get_executor()};
        co_await acceptor.async_accept(socket, into(error));
        if (error) continue;
        socket.set_option(Tcp::no_delay{true});
        asio::co_spawn(acceptor.get_executor(), serve(Stream{std::move(socket)}), asio::detached);
    }
}

int main(int argc, char** argv) {
    asio::io_context context{1};
    Tcp::endpoint endpoint{asio::ip::address_v4::loopback(), workload::port(argc, argv)};
    asio::co_spawn(context, listen(Acceptor{context.get_executor(), endpoint}), asio::detached);
    context.run();
}
