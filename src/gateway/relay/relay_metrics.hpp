// What the relay counts. Made for /metrics of the server or of the relay's own; can be read from another thread.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <memory>

namespace eryxon::gateway {

struct Attempt;
struct Backlog;

class RelayMetrics {
public:
    RelayMetrics();

    void attempted(const Attempt& attempt);
    void in_flight(std::size_t number) { in_flight_.Set(static_cast<double>(number)); }
    void taken_over(std::size_t number) { taken_over_.Increment(static_cast<double>(number)); }
    void positioned(std::int64_t number) { positioned_.Increment(static_cast<double>(number)); }
    void backlog(const Backlog& backlog);
    void connected(bool is) { connected_.Set(is ? 1 : 0); }

    std::shared_ptr<prometheus::Registry> registry() const { return registry_; }

private:
    std::shared_ptr<prometheus::Registry> registry_;
    prometheus::Family<prometheus::Counter>& attempts_;
    prometheus::Counter& succeeded_;
    prometheus::Counter& refused_;
    prometheus::Counter& failed_;
    prometheus::Histogram& duration_;
    prometheus::Gauge& in_flight_;
    prometheus::Gauge& connected_;
    prometheus::Counter& taken_over_;
    prometheus::Counter& positioned_;
    prometheus::Gauge& waiting_;
    prometheus::Gauge& paused_;
    prometheus::Gauge& overdue_;
    prometheus::Gauge& set_aside_;
};

}  // namespace eryxon::gateway
