// The metrics and their names.
#include "gateway/api/metrics.hpp"

#include <prometheus/text_serializer.h>
#include <algorithm>
#include <array>

namespace eryxon::gateway {

namespace {

using prometheus::BuildCounter;
using prometheus::BuildGauge;
using prometheus::BuildHistogram;

const prometheus::Histogram::BucketBoundaries buckets = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                                         0.25,   0.5,   1,      2.5,   5,    10,    30};

// The method as a label: clients can send any.
std::string_view known_method(std::string_view method) {
    constexpr std::array known = {std::string_view("GET"),    std::string_view("HEAD"),   std::string_view("POST"),
                                  std::string_view("PUT"),    std::string_view("DELETE"), std::string_view("PATCH"),
                                  std::string_view("OPTIONS")};
    return std::find(known.begin(), known.end(), method) == known.end() ? std::string_view("other") : method;
}

}  // namespace

Metrics::Metrics()
    : requests_(BuildCounter().Name("eryxon_gateway_requests_total").Help("Requests answered.").Register(registry_)),
      durations_(BuildHistogram()
                     .Name("eryxon_gateway_request_duration_seconds")
                     .Help("Time from the first byte of a request to its answer.")
                     .Register(registry_)),
      in_flight_(BuildGauge()
                     .Name("eryxon_gateway_requests_in_flight")
                     .Help("Requests being answered.")
                     .Register(registry_)
                     .Add({})),
      connections_(
          BuildGauge().Name("eryxon_gateway_connections").Help("Open client connections.").Register(registry_).Add({})),
      displaced_(BuildCounter()
                     .Name("eryxon_gateway_connections_displaced_total")
                     .Help("Connections without a request that were ended to make room for others.")
                     .Register(registry_)
                     .Add({})),
      rate_limited_(BuildCounter()
                        .Name("eryxon_gateway_rate_limited_total")
                        .Help("Requests refused by the rate limit.")
                        .Register(registry_)
                        .Add({})),
      pool_(BuildGauge()
                .Name("eryxon_gateway_pool_connections")
                .Help("Database connections by state.")
                .Register(registry_)),
      pool_open_(pool_.Add({{"state", "open"}})),
      pool_idle_(pool_.Add({{"state", "idle"}})),
      pool_waiting_(BuildGauge()
                        .Name("eryxon_gateway_pool_waiting")
                        .Help("Requests that wait for a database connection.")
                        .Register(registry_)
                        .Add({})),
      connects_(BuildCounter()
                    .Name("eryxon_gateway_database_connects_total")
                    .Help("Database connections made.")
                    .Register(registry_)
                    .Add({})),
      failures_(BuildCounter()
                    .Name("eryxon_gateway_database_failures_total")
                    .Help("Database connections lost, and attempts that failed.")
                    .Register(registry_)
                    .Add({})) {}

// The counters of one combination of labels, made when it first occurs.
Metrics::PerRoute& Metrics::per_route(std::string_view route, std::string_view method, unsigned status) {
    std::string key;
    key.append(route).append(" ").append(method).append(std::to_string(status));
    auto found = by_labels_.find(key);
    if (found == by_labels_.end()) {
        prometheus::Labels labels = {{"route", std::string(route)}, {"method", std::string(method)}};
        prometheus::Histogram& duration = durations_.Add(labels, buckets);
        labels.emplace("status", std::to_string(status));
        found = by_labels_.emplace(std::move(key), PerRoute{&requests_.Add(labels), &duration}).first;
    }
    return found->second;
}

void Metrics::request_ended(std::string_view route, std::string_view method, unsigned status, double seconds) {
    in_flight_.Decrement();
    PerRoute& metrics = per_route(route, known_method(method), status);
    metrics.requests->Increment();
    metrics.duration->Observe(seconds);
}

void Metrics::refused(unsigned status) {
    per_route("(refused)", "other", status).requests->Increment();
}

std::string Metrics::text(const Pool::Counts& pool) {
    pool_open_.Set(static_cast<double>(pool.open));
    pool_idle_.Set(static_cast<double>(pool.idle));
    pool_waiting_.Set(static_cast<double>(pool.waiting));
    connects_.Increment(static_cast<double>(pool.connects) - connects_.Value());
    failures_.Increment(static_cast<double>(pool.failures) - failures_.Value());
    prometheus::TextSerializer const serializer;
    std::string text = serializer.Serialize(registry_.Collect());
    if (other_) text += serializer.Serialize(other_->Collect());
    return text;
}

}  // namespace eryxon::gateway
