// Listening, the clients' connections, and the stop.
#pragma once

#include "gateway/server/http_session.hpp"

#include <functional>
#include <list>
#include <memory>
#include <string>

namespace eryxon::gateway {

// What runs beside the server: its metrics are shown, and it is stopped, with the server's own.
struct Companion {
    std::shared_ptr<prometheus::Registry> metrics;
    std::function<void()> stop;
};

class Server {
public:
    Server(asio::io_context& context, const Config& config, const Companion& companion);

    // Listens and starts to serve; throws std::runtime_error if the address cannot be had.
    void start();

private:
    using Sessions = std::list<Session>;

    void listen(const Tcp::endpoint& endpoint);
    Task<void> accept();
    Task<void> watch_time();
    Task<void> watch_signals();
    void admit(Socket socket);
    void serve(Sessions::iterator session);
    void forget(Sessions::iterator session);
    Places::Place find_place(const std::string& client);
    bool make_room(const std::string& network, bool spare);
    void refuse(Socket socket);
    void stop();
    void abort();

    asio::io_context& context_;
    const Config& config_;
    std::function<void()> stop_companion_;
    ServiceThread service_;
    BodyMemory bodies_;
    Places places_;  // of connections, by network
    Acceptor acceptor_;
    Signals signals_;
    Timer ticker_;
    Sessions sessions_;
    std::size_t spare_ = 0;  // of the sessions
    TimePoint stop_by_ = TimePoint::max();
    bool accepting_ = false;
    bool stopping_ = false;
};

}  // namespace eryxon::gateway
