// Listening, the clients' connections, and the stop.
#pragma once

#include "gateway/http_session.hpp"
#include "gateway/relay_program.hpp"

#include <list>
#include <string>

namespace eryxon::gateway {

class Server {
public:
    // Stops the relay with itself, and shows its metrics, if there is one.
    Server(asio::io_context& context, const Config& config, RelayThread* relay);

    // Listens and starts to serve; throws std::runtime_error if the address cannot be had.
    void start();

private:
    using Sessions = std::list<Session>;

    void listen(const Tcp::endpoint& endpoint);
    Task<void> accept();
    Task<void> watch_time();
    Task<void> watch_signals();
    void admit(Socket socket);
    bool make_room();
    void stop();
    void abort();

    asio::io_context& context_;
    const Config& config_;
    RelayThread* relay_;
    Service service_;
    BodyMemory bodies_;
    Acceptor acceptor_;
    Signals signals_;
    Timer ticker_;
    Sessions sessions_;
    TimePoint stop_by_ = TimePoint::max();
    bool accepting_ = false;
    bool stopping_ = false;
};

}  // namespace eryxon::gateway
