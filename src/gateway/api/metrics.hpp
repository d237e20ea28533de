// What /metrics shows, counted by prometheus-cpp. Label values come from fixed sets.
#pragma once

#include "gateway/database/pool.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

namespace eryxon::gateway {

class Metrics {
public:
    Metrics();

    void request_began() { in_flight_.Increment(); }
    // `route` is a path template of the router.
    void request_ended(std::string_view route, std::string_view method, unsigned status, double seconds);
    // A request that was not read to its end.
    void refused(unsigned status);
    void rate_limited() { rate_limited_.Increment(); }
    void connection_opened() { connections_.Increment(); }
    void connection_closed() { connections_.Decrement(); }
    // A connection that was ended to make room for another.
    void connection_displaced() { displaced_.Increment(); }

    // Has text() show what another registry counts as well.
    void also(std::shared_ptr<prometheus::Registry> registry) { other_ = std::move(registry); }
    // Prometheus text format.
    std::string text(const Pool::Counts& pool);

private:
    struct PerRoute {
        prometheus::Counter* requests;
        prometheus::Histogram* duration;
    };

    PerRoute& per_route(std::string_view route, std::string_view method, unsigned status);

    prometheus::Registry registry_;
    std::shared_ptr<prometheus::Registry> other_;
    prometheus::Family<prometheus::Counter>& requests_;
    prometheus::Family<prometheus::Histogram>& durations_;
    prometheus::Gauge& in_flight_;
    prometheus::Gauge& connections_;
    prometheus::Counter& displaced_;
    prometheus::Counter& rate_limited_;
    prometheus::Family<prometheus::Gauge>& pool_;
    prometheus::Gauge& pool_open_;
    prometheus::Gauge& pool_idle_;
    prometheus::Gauge& pool_waiting_;
    prometheus::Counter& connects_;
    prometheus::Counter& failures_;
    std::unordered_map<std::string, PerRoute> by_labels_;
};

}  // namespace eryxon::gateway
