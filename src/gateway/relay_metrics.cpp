// The relay's metrics and their names.
#include "gateway/relay_metrics.hpp"

#include "gateway/delivery.hpp"

namespace eryxon::gateway {

namespace {

using prometheus::BuildCounter;
using prometheus::BuildGauge;
using prometheus::BuildHistogram;

const prometheus::Histogram::BucketBoundaries buckets = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15};

}  // namespace

RelayMetrics::RelayMetrics()
    : registry_(std::make_shared<prometheus::Registry>()),
      attempts_(BuildCounter()
                    .Name("eryxon_relay_attempts_total")
                    .Help("Webhooks sent: taken (2xx), refused (another status), failed (no answer).")
                    .Register(*registry_)),
      succeeded_(attempts_.Add({{"outcome", "taken"}})),
      refused_(attempts_.Add({{"outcome", "refused"}})),
      failed_(attempts_.Add({{"outcome", "failed"}})),
      duration_(BuildHistogram()
                    .Name("eryxon_relay_attempt_duration_seconds")
                    .Help("Time from the begin of an attempt to its end.")
                    .Register(*registry_)
                    .Add({}, buckets)),
      in_flight_(BuildGauge()
                     .Name("eryxon_relay_attempts_in_flight")
                     .Help("Attempts under way.")
                     .Register(*registry_)
                     .Add({})),
      connected_(BuildGauge()
                     .Name("eryxon_relay_database_connected")
                     .Help("1 while the relay's database connection stands.")
                     .Register(*registry_)
                     .Add({})),
      taken_over_(BuildCounter()
                      .Name("eryxon_relay_taken_over_total")
                      .Help("Results that came after another relay had taken the delivery over.")
                      .Register(*registry_)
                      .Add({})),
      positioned_(BuildCounter()
                      .Name("eryxon_relay_events_positioned_total")
                      .Help("Events that this relay moved from the outbox into the feed.")
                      .Register(*registry_)
                      .Add({})) {}

void RelayMetrics::attempted(const Attempt& attempt) {
    (attempt.succeeded() ? succeeded_ : attempt.status ? refused_ : failed_).Increment();
    duration_.Observe(static_cast<double>(attempt.duration_ms) / 1000);
}

}  // namespace eryxon::gateway
