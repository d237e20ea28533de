// Accepting connections. One ticker serves the time limits of all of them, which spares a timer for each wait.
#include "gateway/server/server.hpp"

#include "gateway/api/forwarded.hpp"
#include "gateway/base/log.hpp"
#include "gateway/base/spawn.hpp"
#include "gateway/server/response_head.hpp"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <unordered_map>

namespace eryxon::gateway {

namespace {

constexpr std::chrono::milliseconds tick{100};
constexpr std::chrono::milliseconds accept_pause{100};
constexpr std::size_t most_spare = 16;  // connections beyond the limit, for who asks how the gateway is

std::string address_text(const Tcp::endpoint& endpoint) {
    std::string const address = endpoint.address().to_string();
    std::string const host = endpoint.address().is_v6() ? '[' + address + ']' : address;
    return host + ':' + std::to_string(endpoint.port());
}

std::string address_of(const Socket& socket) {
    ErrorCode error;
    auto const endpoint = socket.remote_endpoint(error);
    return error ? "unknown" : endpoint.address().to_string();
}

}  // namespace

Server::Server(asio::io_context& context, const Config& config, const Companion& companion)
    : context_(context),
      config_(config),
      stop_companion_(companion.stop),
      service_(config),
      bodies_(config.body_memory),
      places_(config.max_connections),
      acceptor_(context.get_executor()),
      signals_(context.get_executor(), SIGTERM, SIGINT, SIGHUP),
      ticker_(context.get_executor()) {
    if (companion.metrics) service_.metrics().also(companion.metrics);
}

// Binds the address.
void Server::listen(const Tcp::endpoint& endpoint) {
    try {
        acceptor_.open(endpoint.protocol());
        acceptor_.set_option(Tcp::acceptor::reuse_address(true));
        acceptor_.bind(endpoint);
        acceptor_.listen();
    } catch (const boost::system::system_error& error) {
        throw std::runtime_error("cannot listen on " + address_text(endpoint) + ": " + error.code().message());
    }
}

void Server::start() {
    Tcp::endpoint const endpoint(asio::ip::make_address(config_.address), config_.port);
    listen(endpoint);
    service_.start();
    Executor const executor = context_.get_executor();
    keep_going(
        executor, [this] { return accept(); }, "accepting connections");
    keep_going(
        executor, [this] { return watch_time(); }, "time limits");
    keep_going(
        executor, [this] { return watch_signals(); }, "signals");
    std::fprintf(stderr, "eryxon-gateway: listening on http://%s\n", address_text(acceptor_.local_endpoint()).c_str());
}

// Takes connections until the stop; one may have been on its way into the program then.
Task<void> Server::accept() {
    Timer pause(context_.get_executor());
    for (accepting_ = true; accepting_; accepting_ = !stopping_) {
        ErrorCode error;
        Socket socket = co_await acceptor_.async_accept(into(error));
        if (!error) {
            admit(std::move(socket));
        } else if (!stopping_) {
            LogLine("error").quoted("msg", "cannot accept a connection").quoted("reason", error.message()).write();
            pause.expires_after(accept_pause);
            co_await pause.async_wait(into(error));
        }
    }
}

// Ends the connection that has waited longest for its client among those of the network that has the most: who holds
// many without using them gives way, though to nobody who holds more. False if all are at work. The spare ones and the
// others are kept apart.
bool Server::make_room(const std::string& network, bool spare) {
    std::unordered_map<std::string_view, std::size_t> counts;
    for (const Session& session : sessions_)
        if (session.is_spare() == spare && !session.is_ended()) ++counts[session.network()];
    Session* worst = nullptr;
    std::size_t most = counts[network];
    for (Session& session : sessions_) {
        if (session.is_spare() != spare || !session.waits_for_client()) continue;
        std::size_t const count = counts[session.network()];
        bool const is_first = worst == nullptr && count == most;
        if (count > most || is_first || (count == most && session.waits_since() < worst->waits_since()))
            worst = &session;
        most = std::max(most, count);
    }
    if (worst == nullptr) return false;
    worst->abort();
    service_.metrics().connection_displaced();
    return true;
}

// A place for a client's connection: a free one, of which each network has its share and trusted proxies all, for many
// stand behind them; or another's.
Places::Place Server::find_place(const std::string& client) {
    std::string const network = network_of(client);
    bool const is_proxy = is_trusted(client, config_.trusted_proxies);
    Places::Place place = is_proxy ? places_.take_beyond_share(network) : places_.take(network);
    if (!place && make_room(network, false)) place = places_.take_beyond_share(network);
    return place;
}

// Refuses the connection.
void Server::refuse(Socket socket) {
    ErrorCode ignored;
    Response const response = to_response(own_failure(503), Style::route);
    std::string const text = response_head(response, {.request_id = request_id(nullptr)}, "close") + response.body;
    service_.metrics().refused(503);
    socket.non_blocking(true, ignored);
    socket.write_some(asio::buffer(text), ignored);
    socket.shutdown(Tcp::socket::shutdown_send, ignored);
}

// Takes the connection in. Where no place is left for its client it may only ask how the gateway is, and is refused if
// too many are being answered that.
void Server::admit(Socket socket) {
    std::string client = address_of(socket);
    Places::Place place = find_place(client);
    if (!place && spare_ >= most_spare && !make_room(network_of(client), true)) return refuse(std::move(socket));
    auto const session = sessions_.emplace(sessions_.end(), std::move(socket), std::move(client), std::move(place),
                                           service_, bodies_, config_);
    spare_ += session->is_spare() ? 1 : 0;
    service_.metrics().connection_opened();
    if (stopping_) session->finish();
    try {
        serve(session);
    } catch (...) {
        forget(session);
        throw;
    }
}

void Server::serve(Sessions::iterator session) {
    asio::co_spawn(context_, session->run(), [this, session](const std::exception_ptr& error) {
        if (error) log_escaped("a connection", error);
        forget(session);
    });
}

void Server::forget(Sessions::iterator session) {
    spare_ -= session->is_spare() ? 1 : 0;
    sessions_.erase(session);
    service_.metrics().connection_closed();
}

// Applies the time limits until the server has stopped.
Task<void> Server::watch_time() {
    while (!stopping_ || accepting_ || !sessions_.empty()) {
        ErrorCode error;
        ticker_.expires_after(tick);
        co_await ticker_.async_wait(into(error));
        TimePoint const now = Clock::now();
        for (Session& session : sessions_)
            session.check_time(now);
        if (now >= stop_by_) abort();
    }
    abort();
}

// The first SIGTERM or SIGINT stops gracefully, the second at once; SIGHUP has the catalog read again.
Task<void> Server::watch_signals() {
    ErrorCode error;
    for (;;) {
        int const signal = co_await signals_.async_wait(into(error));
        if (error) co_return;
        if (signal != SIGHUP && stop_companion_) stop_companion_();
        if (signal != SIGHUP && stopping_) co_return abort();
        if (signal != SIGHUP)
            stop();
        else if (!stopping_)
            service_.reload();
    }
}

// Takes no new connections and no new requests; what runs may finish.
void Server::stop() {
    ErrorCode ignored;
    stopping_ = true;
    stop_by_ = Clock::now() + milliseconds(config_.shutdown_timeout);
    acceptor_.close(ignored);
    service_.finish();
    for (Session& session : sessions_)
        session.finish();
    ticker_.cancel();
}

// Ends all that is left; the event loop then runs out of work.
void Server::abort() {
    ErrorCode ignored;
    for (Session& session : sessions_)
        session.abort();
    service_.stop();
    signals_.cancel(ignored);
}

}  // namespace eryxon::gateway
