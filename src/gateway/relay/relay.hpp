// The relay: brings due deliveries from the database to the webhooks, and what became of them back.
#pragma once

#include "gateway/relay/relay_database.hpp"
#include "gateway/relay/relay_metrics.hpp"
#include "gateway/relay/sender.hpp"

#include <atomic>
#include <chrono>
#include <string>
#include <vector>

namespace eryxon::gateway {

class Relay {
public:
    Relay(const RelayConfig& config, RelayMetrics& metrics);
    ~Relay();
    Relay(const Relay&) = delete;
    Relay& operator=(const Relay&) = delete;

    // Works until it is stopped and what was under way has ended.
    void run();
    // Claims no more; the second call ends at once. From any thread, and from a signal handler.
    void stop() noexcept;

private:
    using Clock = std::chrono::steady_clock;
    using Time = Clock::time_point;

    bool is_done();
    void round();
    void watch_stop();
    void keep_connected();
    std::int64_t position_events();
    void claim();
    void plan_next_claim(bool filled, std::int64_t positioned);
    bool may_claim(Time now) const;
    std::size_t free_places() const;
    void collect();
    void log_attempt(const Tried& tried) const;
    bool may_report(Time now) const;
    std::size_t report_size() const;
    void report();
    void report(std::span<const Attempt> attempts);
    void report_some(std::span<const Attempt> attempts);
    void measure();
    void note_taken_over(std::size_t number);
    void rest();
    bool wait(int descriptor, short events, Time deadline);
    void went_away(const std::string& reason);
    void work();
    void report_rest();

    const RelayConfig& config_;
    RelayMetrics& metrics_;
    std::atomic<int> stops_{0};
    int alarm_;  // an eventfd that stop() rings
    Sender sender_;
    RelayDatabase database_;
    std::vector<Attempt> results_;  // not yet reported
    std::vector<Attempt> busy_;     // of the last report: what the database could not take then
    Time report_at_ = Time::max();
    Time claim_at_{};
    Time claimed_at_{};
    Time position_at_{};
    Time measure_at_{};
    Time refused_until_{};
    Time ready_at_{};      // nothing is asked of the database before
    bool called_ = false;  // by the database, since the last claim
    Time stop_by_ = Time::max();
    std::chrono::milliseconds backoff_;
    std::string failure_;  // of the database, as logged last
};

}  // namespace eryxon::gateway
