// Keeping connections open, and lending them.
#include "gateway/database/pool.hpp"

#include "gateway/base/log.hpp"
#include "gateway/base/spawn.hpp"

#include <algorithm>
#include <random>

namespace eryxon::gateway {

namespace {

constexpr std::chrono::milliseconds first_pause{50};
constexpr std::chrono::milliseconds longest_pause{2000};
constexpr std::chrono::seconds short_life{1};  // of a connection: trying again at once could become a loop
constexpr std::chrono::seconds patience{1};    // with a database that was lost, until requests are refused
constexpr std::size_t times_free = 3;          // a caller holds less than so many times what stays free

// Between half of the delay and all of it, so that gateways do not come back in step.
std::chrono::milliseconds with_jitter(std::chrono::milliseconds delay) {
    static std::minstd_rand random{std::random_device{}()};
    return std::chrono::milliseconds(
        std::uniform_int_distribution<long long>(delay.count() / 2, delay.count())(random));
}

void log_failure(const std::string& reason, std::size_t open) {
    LogLine("error")
        .quoted("msg", open > 0 ? "no further connection to the database" : "no connection to the database")
        .quoted("reason", reason)
        .number("open", open)
        .write();
}

}  // namespace

Lease::~Lease() {
    if (connection_ != nullptr) pool_->give_back(connection_, caller_);
}

Pool::Pool(Executor executor, const Config& config, Prepare prepare)
    : executor_(executor), config_(config), prepare_(std::move(prepare)) {
    for (std::size_t i = 0; i < config_.db_pool; ++i)
        members_.emplace_back(executor_, config_);
}

void Pool::start() {
    for (Member& member : members_)
        keep_going(
            executor_, [this, &member] { return keep(member); }, "a connection to the database");
}

void Pool::stop() {
    stopping_ = true;
    for (Member& member : members_) {
        member.connection.close();
        member.backoff.cancel();
    }
    for (Waiter* waiter : waiters_)
        waiter->timer.cancel();
}

// The life of one connection: connect, be lent, end, connect again. A pause follows a failed attempt, and a connection
// that did not last. At the stop it is closed, however far it came: one that is open keeps the event loop at work.
Task<void> Pool::keep(Member& member) {
    std::chrono::milliseconds delay = first_pause;
    while (!stopping_) {
        co_await await_turn(member);
        if (stopping_) break;
        bool const up = co_await bring_up(member);
        if (stopping_) break;
        TimePoint const began = Clock::now();
        if (up) {
            came_up(member);
            co_await member.connection.until_closed();
            went_down(member);
        } else {
            attempt_failed(member);
        }
        if (Clock::now() - began >= short_life)
            delay = first_pause;
        else
            co_await pause(member, delay);
    }
    member.connection.close();
}

// While no connection is open one member tries for all: one look-up of the host, one attempt at a time.
Task<void> Pool::await_turn(Member& member) {
    ErrorCode error;
    while (counts_.open == 0 && scout_ != nullptr && scout_ != &member && !stopping_) {
        member.backoff.expires_at(TimePoint::max());
        co_await member.backoff.async_wait(into(error));
    }
    if (counts_.open == 0) scout_ = &member;
}

Task<bool> Pool::bring_up(Member& member) {
    bool up = co_await member.connection.open();
    if (up) up = co_await prepare_(member.connection);
    if (!up) member.connection.close();
    co_return member.connection.is_open();
}

Task<void> Pool::pause(Member& member, std::chrono::milliseconds& delay) {
    if (stopping_) co_return;
    ErrorCode error;
    member.backoff.expires_after(with_jitter(delay));
    delay = std::min(delay * 2, longest_pause);
    co_await member.backoff.async_wait(into(error));
}

// Once the database is back, no connection need wait any longer.
void Pool::came_up(Member& member) {
    ++counts_.connects;
    away_by_ = TimePoint::max();
    up_ = true;
    if (std::exchange(away_, false)) {
        LogLine("info").quoted("msg", "the database is back").write();
        failure_.clear();
    }
    if (counts_.open++ == 0) {
        scout_ = nullptr;
        for (Member& other : members_)
            other.backoff.cancel();
    }
    if (counts_.open == members_.size()) failure_.clear();
    if (member.lent) return;
    idle_.push_back(&member);
    serve();
}

// The connection ended; another is tried for, so whoever waits goes on waiting, though not for long if the last one was
// lost. If the gateway gave it up the database is as good as before.
void Pool::went_down(Member& member) {
    bool const retired = member.connection.is_retired();
    if (!retired) ++counts_.failures;
    std::erase(idle_, &member);
    if (--counts_.open > 0) return;
    up_ = retired;
    if (retired) return;
    away_by_ = Clock::now() + patience;
    for (Waiter* waiter : waiters_)
        waiter->timer.cancel();
}

// Where no connection is left and none can be had, nobody waits for one any longer.
void Pool::attempt_failed(Member& member) {
    ++counts_.failures;
    if (std::exchange(failure_, member.connection.reason()) != failure_) log_failure(failure_, counts_.open);
    if (counts_.open > 0) return;
    away_ = true;
    up_ = false;
    for (Waiter* waiter : waiters_)
        waiter->timer.cancel();
}

// Who gets the next connection: of those whose share is not used up the one that holds the fewest, else came first.
std::list<Pool::Waiter*>::iterator Pool::next_waiter() {
    auto next = waiters_.end();
    std::size_t fewest = times_free * idle_.size();
    for (auto place = waiters_.begin(); place != waiters_.end(); ++place) {
        auto const found = held_.find((*place)->caller);
        std::size_t const held = found == held_.end() ? 0 : found->second;
        if (held >= fewest) continue;
        fewest = held;
        next = place;
        if (held == 0) break;
    }
    return next;
}

// Lends what is idle to those that wait, as far as their shares go.
void Pool::serve() {
    std::erase_if(idle_, [](const Member* member) { return !member->connection.is_open(); });
    while (!idle_.empty()) {
        auto const place = next_waiter();
        if (place == waiters_.end()) return;
        Waiter* waiter = *place;
        waiters_.erase(place);
        Member* member = idle_.back();
        idle_.pop_back();
        member->lent = true;
        if (!waiter->caller.empty()) ++held_[waiter->caller];
        waiter->connection = &member->connection;
        waiter->timer.cancel();
    }
}

Task<Lease> Pool::borrow(TimePoint deadline, std::string caller) {
    if (is_away() || stopping_) co_return Lease();
    Waiter waiter(executor_, std::move(caller));
    auto const place = waiters_.insert(waiters_.end(), &waiter);
    serve();
    while (waiter.connection == nullptr && !is_away() && !stopping_ && Clock::now() < deadline) {
        ErrorCode error;
        waiter.timer.expires_at(std::min(deadline, away_by_));
        co_await waiter.timer.async_wait(into(error));
    }
    if (waiter.connection == nullptr) {
        waiters_.erase(place);
        co_return Lease();
    }
    co_return Lease(this, waiter.connection, std::move(waiter.caller));
}

Lease Pool::borrow_idle() {
    serve();
    if (idle_.empty() || stopping_) return {};
    Member* member = idle_.back();
    idle_.pop_back();
    member->lent = true;
    return {this, &member->connection, {}};
}

void Pool::renew_idle(const std::string& reason) {
    for (Member* member : idle_)
        member->connection.close(reason);
}

Pool::Member& Pool::member_of(Connection* connection) {
    return *std::find_if(members_.begin(), members_.end(),
                         [&](const Member& member) { return &member.connection == connection; });
}

void Pool::give_back(Connection* connection, const std::string& caller) {
    Member& member = member_of(connection);
    member.lent = false;
    auto const held = held_.find(caller);
    if (held != held_.end() && --held->second == 0) held_.erase(held);
    if (stopping_) return;
    if (connection->is_open()) idle_.push_back(&member);
    serve();
}

Pool::Counts Pool::counts() const {
    Counts counts = counts_;
    counts.idle = idle_.size();
    counts.waiting = waiters_.size();
    return counts;
}

}  // namespace eryxon::gateway
