// The service in a thread of its own: what it computes, copies or waits for holds up no client's connection, and no
// answer about the gateway's health.
#pragma once

#include "gateway/api/service.hpp"

#include <string>
#include <thread>

namespace eryxon::gateway {

// Called by the thread of the connections. What requests and traces refer to stays as it is until the answer is there.
class ServiceThread {
public:
    explicit ServiceThread(const Config& config);
    // Ends what is under way.
    ~ServiceThread();
    ServiceThread(const ServiceThread&) = delete;
    ServiceThread& operator=(const ServiceThread&) = delete;

    void start();
    // Service's functions of these names.
    void reload();
    void finish();
    void stop();
    Metrics& metrics() { return service_.metrics(); }
    Body body_kind(const Request& request) const { return service_.body_kind(request); }
    bool is_about_health(const Request& request) const { return service_.is_about_health(request); }
    Task<std::optional<Failure>> screen(const Request& request, Style style);
    Task<std::optional<Response>> admit(const Request& request, Trace& trace);
    // As the service answers; how the gateway is, at once and without it.
    Task<Response> answer(const Request& request, Trace& trace);
    // The next piece of an answer's stream.
    Task<std::optional<std::string>> next(Stream& stream);
    // Frees a text that is no longer needed: giving much memory back takes a while.
    void discard(std::string&& text);

private:
    asio::io_context context_{1};
    asio::executor_work_guard<Executor> work_;
    Service service_;
    std::thread thread_;
};

}  // namespace eryxon::gateway
