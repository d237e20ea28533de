// Signals and threads around the relay.
#include "gateway/relay/relay_program.hpp"

#include "gateway/base/signals_blocked.hpp"

#include <prometheus/exposer.h>
#include <csignal>
#include <cstdio>
#include <optional>

namespace eryxon::gateway {

namespace {

std::atomic<Relay*> signalled{nullptr};

extern "C" void on_signal(int) {
    if (Relay* const relay = signalled.load()) relay->stop();
}

// Has the signals stop the relay, until the end of the object.
class SignalScope {
public:
    explicit SignalScope(Relay& relay) {
        struct sigaction action {};
        action.sa_handler = on_signal;
        signalled = &relay;
        sigaction(SIGTERM, &action, nullptr);
        sigaction(SIGINT, &action, nullptr);
    }
    ~SignalScope() { signalled = nullptr; }
    SignalScope(const SignalScope&) = delete;
    SignalScope& operator=(const SignalScope&) = delete;
};

}  // namespace

void run_relay(const RelayConfig& config) {
    RelayMetrics metrics;
    Relay relay(config, metrics);
    SignalScope const signals(relay);
    std::optional<prometheus::Exposer> exposer;
    if (!config.metrics_listen.empty()) {
        SignalsBlocked const blocked;
        exposer.emplace(config.metrics_listen, 1);
        exposer->RegisterCollectable(metrics.registry());
    }
    std::fprintf(stderr, "eryxon-gateway: relay %s is running\n", config.name.c_str());
    relay.run();
}

RelayThread::RelayThread(const RelayConfig& config) : relay_(config, metrics_) {}

void RelayThread::start() {
    SignalsBlocked const blocked;
    thread_ = std::thread([this] { relay_.run(); });
}

RelayThread::~RelayThread() {
    if (!thread_.joinable()) return;
    if (!stopping_) stop();
    thread_.join();
}

void RelayThread::stop() noexcept {
    stopping_ = true;
    relay_.stop();
}

}  // namespace eryxon::gateway
