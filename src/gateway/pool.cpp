// Keeping connections open, and lending them.
#include "gateway/pool.hpp"

#include "gateway/log.hpp"

#include <algorithm>
#include <random>

namespace eryxon::gateway {

namespace {

constexpr std::chrono::milliseconds first_pause{50};
constexpr std::chrono::milliseconds longest_pause{2000};
constexpr std::chrono::seconds short_life{1};  // of a connection: trying again at once could become a loop

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
    if (connection_ != nullptr) pool_->give_back(connection_);
}

Pool::Pool(Executor executor, const Config& config, Prepare prepare)
    : executor_(executor), config_(config), prepare_(std::move(prepare)) {
    for (std::size_t i = 0; i < config_.db_pool; ++i)
        members_.emplace_back(executor_, config_);
}

void Pool::start() {
    for (Member& member : members_)
        asio::co_spawn(executor_, keep(member), asio::detached);
}

void Pool::stop() {
    stopping_ = true;
    for (Member& member : members_) {
        member.connection.close();
        member.backoff.cancel();
    }
}

// The life of one connection: connect, be lent, end, connect again. A pause follows a failed attempt, and a connection
// that did not last.
Task<void> Pool::keep(Member& member) {
    std::chrono::milliseconds delay = first_pause;
    while (!stopping_) {
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
    ++counts_.open;
    if (std::exchange(away_, false)) {
        LogLine("info").quoted("msg", "the database is back").write();
        failure_.clear();
        for (Member& other : members_)
            other.backoff.cancel();
    }
    if (counts_.open == members_.size()) failure_.clear();
    if (!member.lent) offer(member);
}

// The connection ended; another is tried for, so whoever waits goes on waiting.
void Pool::went_down(Member& member) {
    ++counts_.failures;
    --counts_.open;
    std::erase(idle_, &member);
}

// Where no connection is left and none can be had, nobody waits for one any longer.
void Pool::attempt_failed(Member& member) {
    ++counts_.failures;
    if (std::exchange(failure_, member.connection.reason()) != failure_) log_failure(failure_, counts_.open);
    if (counts_.open > 0) return;
    away_ = true;
    for (Waiter* waiter : waiters_)
        waiter->timer.cancel();
}

// Lends the connection to whoever waits for longest, or puts it aside.
void Pool::offer(Member& member) {
    if (waiters_.empty()) {
        idle_.push_back(&member);
        return;
    }
    Waiter* waiter = waiters_.front();
    waiters_.pop_front();
    member.lent = true;
    waiter->connection = &member.connection;
    waiter->timer.cancel();
}

Task<Lease> Pool::borrow(TimePoint deadline) {
    while (!idle_.empty()) {
        Member* member = idle_.back();
        idle_.pop_back();
        if (!member->connection.is_open()) continue;
        member->lent = true;
        co_return Lease(this, &member->connection);
    }
    if (away_ || stopping_) co_return Lease();
    Waiter waiter(executor_);
    auto const place = waiters_.insert(waiters_.end(), &waiter);
    ErrorCode error;
    waiter.timer.expires_at(deadline);
    co_await waiter.timer.async_wait(into(error));
    if (waiter.connection == nullptr) {
        waiters_.erase(place);
        co_return Lease();
    }
    co_return Lease(this, waiter.connection);
}

Pool::Member& Pool::member_of(Connection* connection) {
    return *std::find_if(members_.begin(), members_.end(),
                         [&](const Member& member) { return &member.connection == connection; });
}

void Pool::give_back(Connection* connection) {
    Member& member = member_of(connection);
    member.lent = false;
    if (connection->is_open() && !stopping_) offer(member);
}

Pool::Counts Pool::counts() const {
    Counts counts = counts_;
    counts.idle = idle_.size();
    counts.waiting = waiters_.size();
    return counts;
}

}  // namespace eryxon::gateway
