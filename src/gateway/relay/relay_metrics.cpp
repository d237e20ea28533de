// The relay's metrics and their names.
#include "gateway/relay/relay_metrics.hpp"

#include "gateway/relay/delivery.hpp"
#include "gateway/relay/relay_database.hpp"

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
                      .Add({})),
      waiting_(BuildGauge()
                   .Name("eryxon_relay_deliveries_waiting")
                   .Help("Deliveries that have not arrived, of all tenants, counted up to 100000.")
                   .Register(*registry_)
                   .Add({})),
      paused_(BuildGauge()
                  .Name("eryxon_relay_webhooks_paused")
                  .Help("Webhooks to which nothing is sent for a while, because they failed or asked for it.")
                  .Register(*registry_)
                  .Add({})),
      overdue_(BuildGauge()
                   .Name("eryxon_relay_oldest_due_seconds")
                   .Help("Time for which the oldest delivery has been due that a relay could send.")
                   .Register(*registry_)
                   .Add({})),
      set_aside_(BuildGauge()
                     .Name("eryxon_relay_events_refused")
                     .Help("Events that could not be given a position, kept in eryxon.event_refused.")
                     .Register(*registry_)
                     .Add({})) {}

void RelayMetrics::backlog(const Backlog& backlog) {
    waiting_.Set(backlog.waiting);
    paused_.Set(backlog.paused);
    overdue_.Set(backlog.overdue);
    set_aside_.Set(backlog.refused);
}

void RelayMetrics::attempted(const Attempt& attempt) {
    (attempt.succeeded() ? succeeded_ : attempt.status ? refused_ : failed_).Increment();
    duration_.Observe(static_cast<double>(attempt.duration_ms) / 1000);
}

}  // namespace eryxon::gateway
