// The relay as a program of its own, and beside the server.
#pragma once

#include "gateway/relay/relay.hpp"

#include <thread>

namespace eryxon::gateway {

// Runs the relay until SIGTERM or SIGINT.
void run_relay(const RelayConfig& config);

// A relay in a thread of its own; ends with the object.
class RelayThread {
public:
    explicit RelayThread(const RelayConfig& config);
    ~RelayThread();
    RelayThread(const RelayThread&) = delete;
    RelayThread& operator=(const RelayThread&) = delete;

    void start();
    // Has it end what is under way; the second call ends it at once.
    void stop() noexcept;
    const RelayMetrics& metrics() const { return metrics_; }

private:
    RelayMetrics metrics_;
    Relay relay_;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace eryxon::gateway
