// One loop: report, claim, send, rest. The database alone decides what is due, when it is tried again, and when to give
// up.
#include "gateway/relay/relay.hpp"

#include "gateway/base/log.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <system_error>
#include <utility>

namespace eryxon::gateway {

namespace {

using std::chrono::milliseconds;

constexpr int position_batch = 2000;                           // other relays wait meanwhile
constexpr std::size_t full_report = 50, largest_report = 100;  // results
constexpr std::size_t largest_text = 512 * 1024;               // of the answers in a report
constexpr milliseconds report_delay{20};                       // results wait so long for others
constexpr milliseconds busy_pause{200};                        // results that could not be taken wait so long
constexpr milliseconds claim_pause{20};                        // between claims that fill few places
constexpr milliseconds due_pause{200};                         // where something is due that cannot be had now
constexpr milliseconds first_backoff{50}, longest_backoff{2000};
constexpr milliseconds failure_pause{1000};        // after a statement that the database refused
constexpr milliseconds last_report{2000};          // at the end of a stop
constexpr std::chrono::seconds measure_pause{15};  // between looks at what waits

milliseconds rounded_up(double seconds) {
    return milliseconds(static_cast<std::int64_t>(std::ceil(seconds * 1000)));
}

}  // namespace

Relay::Relay(const RelayConfig& config, RelayMetrics& metrics)
    : config_(config),
      metrics_(metrics),
      alarm_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      sender_(config),
      database_(config,
                [this](int descriptor, short events, Time deadline) {
                    return wait(descriptor, events, deadline) && (database_.is_open() || !is_done());
                }),
      backoff_(first_backoff) {
    if (alarm_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
}

Relay::~Relay() {
    ::close(alarm_);
}

void Relay::stop() noexcept {
    int const error = errno;
    ++stops_;
    std::uint64_t const one = 1;
    static_cast<void>(!::write(alarm_, &one, sizeof one));
    errno = error;
}

// Goes on with the transfers until something happens. False past the end of a stop.
bool Relay::wait(int descriptor, short events, Time deadline) {
    std::array<curl_waitfd, 2> descriptors{{{alarm_, CURL_WAIT_POLLIN, 0}, {descriptor, 0, 0}}};
    if ((events & POLLIN) != 0) descriptors[1].events |= CURL_WAIT_POLLIN;
    if ((events & POLLOUT) != 0) descriptors[1].events |= CURL_WAIT_POLLOUT;
    std::size_t const count = descriptor < 0 ? 1 : 2;
    auto const left = std::chrono::ceil<milliseconds>(std::min(deadline, stop_by_) - Clock::now());
    sender_.wait(left, std::span(descriptors).first(count));
    collect();
    watch_stop();
    return Clock::now() < stop_by_;
}

// Takes note of calls of stop().
void Relay::watch_stop() {
    std::uint64_t rings = 0;
    static_cast<void>(!::read(alarm_, &rings, sizeof rings));
    int const stops = stops_;
    if (stops >= 1 && stop_by_ == Time::max())
        stop_by_ = Clock::now() + std::chrono::duration_cast<milliseconds>(config_.shutdown_timeout);
    if (stops >= 2) stop_by_ = std::min(stop_by_, Clock::now());
}

// Takes over what the sender has finished.
void Relay::collect() {
    for (Tried& tried : sender_.take_finished()) {
        metrics_.attempted(tried.attempt);
        log_attempt(tried);
        results_.push_back(std::move(tried.attempt));
        report_at_ = std::min(report_at_, Clock::now() + report_delay);
    }
    metrics_.in_flight(sender_.running());
}

void Relay::log_attempt(const Tried& tried) const {
    const Attempt& attempt = tried.attempt;
    if (attempt.succeeded() && !config_.delivery_log) return;
    LogLine line(attempt.succeeded() ? "info" : "warning");
    line.quoted("webhook", tried.delivery.webhook)
        .quoted("host", host_of(tried.delivery.url))
        .quoted("message_id", tried.delivery.message_id)
        .quoted("type", tried.delivery.type)
        .number("attempt", static_cast<unsigned long long>(attempt.number));
    if (attempt.status) line.number("status", static_cast<unsigned long long>(*attempt.status));
    if (attempt.error) line.quoted("error", *attempt.error);
    line.number("duration_ms", static_cast<unsigned long long>(attempt.duration_ms)).write();
}

void Relay::note_taken_over(std::size_t number) {
    if (number == 0) return;
    metrics_.taken_over(number);
    LogLine("warning")
        .quoted("msg", "results came too late, others have the deliveries")
        .number("results", number)
        .write();
}

// Reports some results and keeps those that the database cannot take now: somebody changes the webhook, say.
void Relay::report_some(std::span<const Attempt> attempts) {
    std::size_t const taken = database_.finish(attempts);
    if (taken >= attempts.size()) return;
    auto const ids = database_.unreported(attempts);
    for (const Attempt& attempt : attempts)
        if (ids.contains(attempt.delivery)) busy_.push_back(attempt);
    note_taken_over(attempts.size() - taken - std::min(attempts.size() - taken, ids.size()));
}

// Where the database refuses results together, each is reported alone, so that one cannot stop the others.
void Relay::report(std::span<const Attempt> attempts) {
    try {
        report_some(attempts);
    } catch (const StatementFailed& error) {
        if (!error.is_about_data()) throw;
        if (attempts.size() == 1)
            LogLine("error")
                .quoted("msg", "cannot report a delivery")
                .quoted("delivery", attempts.front().delivery)
                .quoted("reason", error.what())
                .write();
        else
            for (std::size_t n = 0; n < attempts.size(); ++n)
                report(attempts.subspan(n, 1));
    }
}

// How many results go into the next report: not so much text that reading it holds up everybody else's deliveries.
std::size_t Relay::report_size() const {
    std::size_t number = 0, bytes = 0;
    while (number < std::min(results_.size(), largest_report) && bytes < largest_text)
        bytes += results_[number++].response.value_or("").size();
    return number;
}

// Reports what has finished until now. What the connection breaks under stays and is reported again. A row's next event
// may be due after that, so there is reason to claim.
void Relay::report() {
    auto const size = static_cast<std::ptrdiff_t>(report_size());
    std::vector<Attempt> const batch(results_.begin(), results_.begin() + size);
    busy_.clear();
    report(batch);
    results_.erase(results_.begin(), results_.begin() + size);
    bool const more = !results_.empty();
    results_.insert(results_.end(), busy_.begin(), busy_.end());
    report_at_ = more ? Clock::now() : results_.empty() ? Time::max() : Clock::now() + busy_pause;
    claim_at_ = std::min(claim_at_, Clock::now());
}

bool Relay::may_report(Time now) const {
    return !results_.empty() &&
           (now >= report_at_ || (busy_.empty() && (results_.size() >= full_report || sender_.running() == 0)));
}

// Places of results that are not reported yet are taken: so there are never more of them, however long the database is
// away.
std::size_t Relay::free_places() const {
    return config_.concurrency - std::min(config_.concurrency, sender_.running() + results_.size());
}

// Where places come free one by one, a short pause makes one claim of several.
bool Relay::may_claim(Time now) const {
    if (stops_ > 0 || now < claim_at_ || free_places() == 0) return false;
    return free_places() * 4 >= config_.concurrency || now >= claimed_at_ + claim_pause;
}

// Has events moved into the feed, if the database called, there may be more, or it is time to look. Where that fails,
// what is there already is delivered all the same.
std::int64_t Relay::position_events() {
    if (Clock::now() < (called_ ? refused_until_ : position_at_)) return 0;
    try {
        std::int64_t const moved = database_.position_events(position_batch);
        metrics_.positioned(moved);
        position_at_ = Clock::now();
        if (moved < position_batch) position_at_ += std::chrono::duration_cast<milliseconds>(config_.poll_interval);
        return moved;
    } catch (const StatementFailed& error) {
        LogLine("error").quoted("msg", "cannot position events").quoted("reason", error.what()).write();
        position_at_ = refused_until_ = Clock::now() + failure_pause;
        return 0;
    }
}

// Sends what is due, as far as there are places.
void Relay::claim() {
    std::int64_t const positioned = position_events();
    std::size_t const asked = free_places();
    if (asked == 0 || stops_ > 0) return;
    auto deliveries = database_.claim(asked);
    claimed_at_ = Clock::now();
    for (Delivery& delivery : deliveries)
        sender_.send(std::move(delivery));
    collect();
    plan_next_claim(deliveries.size() >= asked, positioned);
}

// When to claim again, if nobody calls before: at once where there may be more, else when something becomes due. Events
// that another session was moving when the database called are looked for once more.
void Relay::plan_next_claim(bool filled, std::int64_t positioned) {
    claim_at_ = claimed_at_;
    bool const look_again = std::exchange(called_, false) && positioned == 0;
    if (filled || positioned >= position_batch) return;
    auto pause = std::chrono::duration_cast<milliseconds>(config_.poll_interval);
    if (auto const seconds = database_.seconds_to_next(); seconds && *seconds < config_.poll_interval.count())
        pause = std::min(pause, std::max(due_pause, rounded_up(*seconds)));
    if (look_again) position_at_ = std::max(claimed_at_, refused_until_);
    claim_at_ = claimed_at_ + (look_again ? std::min(pause, due_pause) : pause);
}

// Notes that the database is away, and when to try again.
void Relay::went_away(const std::string& reason) {
    metrics_.connected(false);
    if (reason != failure_) LogLine("error").quoted("msg", "no database connection").quoted("reason", reason).write();
    failure_ = reason;
    ready_at_ = Clock::now() + backoff_;
    backoff_ = std::min(backoff_ * 2, longest_backoff);
}

// Connects where there is no connection.
void Relay::keep_connected() {
    if (database_.is_open()) return;
    database_.open();
    metrics_.connected(true);
    LogLine("info").quoted("msg", "connected to the database").quoted("relay", config_.name).write();
    failure_.clear();
    claim_at_ = Clock::now();
}

// Looks how much waits, for the metrics. A role that may not is one of an older version.
void Relay::measure() {
    if (Clock::now() < measure_at_) return;
    measure_at_ = Clock::now() + measure_pause;
    try {
        metrics_.backlog(database_.backlog());
    } catch (const StatementFailed& error) {
        measure_at_ = Time::max();
        LogLine("error").quoted("msg", "cannot see what waits").quoted("reason", error.what()).write();
    }
}

// What is to be done now.
void Relay::work() {
    keep_connected();
    if (database_.take_call()) {
        called_ = true;
        claim_at_ = std::min(claim_at_, std::max(Clock::now(), claimed_at_ + claim_pause));
    }
    if (may_report(Clock::now())) report();
    if (may_claim(Clock::now())) claim();
    measure();
    backoff_ = first_backoff;
}

// One time through the loop. Whatever fails is logged and tried again later.
void Relay::round() {
    try {
        if (Clock::now() >= ready_at_) work();
        if (!is_done()) rest();
    } catch (const DatabaseLost& error) {
        went_away(error.what());
    } catch (const StatementFailed& error) {
        LogLine("error").quoted("msg", "the database refused a statement").quoted("reason", error.what()).write();
        ready_at_ = Clock::now() + failure_pause;
    } catch (const std::exception& error) {
        LogLine("error").quoted("msg", "the relay starts again").quoted("reason", error.what()).write();
        database_.close();
        ready_at_ = Clock::now() + failure_pause;
    }
}

// Waits for the next thing to do.
void Relay::rest() {
    if (Clock::now() < ready_at_) {
        wait(-1, 0, ready_at_);
        return;
    }
    Time until = std::min(report_at_, Clock::now() + std::chrono::minutes(1));
    if (stops_ == 0 && free_places() > 0) until = std::min(until, std::max(claim_at_, claimed_at_ + claim_pause));
    wait(database_.descriptor(), POLLIN, until);
}

// True when nothing is left to do before the stop, or no time.
bool Relay::is_done() {
    if (stops_ == 0) return false;
    return (sender_.running() == 0 && results_.empty()) || Clock::now() >= stop_by_;
}

void Relay::run() {
    while (!is_done())
        round();
    sender_.abort("the relay was stopped");
    collect();
    report_rest();
}

// Reports what the stop has cut off, if that can be done at once.
void Relay::report_rest() {
    stop_by_ = Clock::now() + last_report;
    try {
        while (!results_.empty() && database_.is_open() && Clock::now() < stop_by_) {
            if (Clock::now() >= report_at_) report();
            wait(-1, 0, std::min(report_at_, stop_by_));
        }
    } catch (const std::exception& error) {
        LogLine("error").quoted("msg", "cannot report the last deliveries").quoted("reason", error.what()).write();
    }
}

}  // namespace eryxon::gateway
