// A fixed number of connections that keep themselves open, lent to one request at a time. Each caller may hold as many
// as leave a share for others: three times those that stay free, so however many have taken theirs, the next finds one.
#pragma once

#include "gateway/database/connection.hpp"

#include <atomic>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace eryxon::gateway {

class Pool;

// A borrowed connection; goes back when the lease ends.
class Lease {
public:
    Lease() = default;
    Lease(Pool* pool, Connection* connection, std::string caller)
        : pool_(pool), connection_(connection), caller_(std::move(caller)) {}
    Lease(Lease&& other) noexcept
        : pool_(other.pool_),
          connection_(std::exchange(other.connection_, nullptr)),
          caller_(std::move(other.caller_)) {}
    Lease& operator=(Lease&&) = delete;
    ~Lease();

    explicit operator bool() const { return connection_ != nullptr; }
    Connection* operator->() const { return connection_; }
    Connection& operator*() const { return *connection_; }

private:
    Pool* pool_ = nullptr;
    Connection* connection_ = nullptr;
    std::string caller_;
};

class Pool {
public:
    // What is done with a new connection before it is lent; false gives it up.
    using Prepare = std::function<Task<bool>(Connection&)>;

    struct Counts {
        std::size_t open = 0;
        std::size_t idle = 0;
        std::size_t waiting = 0;
        unsigned long long connects = 0;
        unsigned long long failures = 0;  // attempts that failed, and connections that were lost
    };

    Pool(Executor executor, const Config& config, Prepare prepare);

    void start();
    void stop();

    // A connection for the caller, waiting for one if need be until the deadline. Empty if none came free, and at once
    // if the database is known to be away. No caller's name: the gateway itself.
    Task<Lease> borrow(TimePoint deadline, std::string caller = {});
    // A connection that is idle now; empty if there is none.
    Lease borrow_idle();
    // Has all idle connections made anew.
    void renew_idle(const std::string& reason);
    // True if no connection is open, and an attempt failed or has taken too long.
    bool is_away() const { return away_ || Clock::now() >= away_by_; }
    // True if a connection is open, or the gateway itself gave up the last one a moment ago. For any thread.
    bool is_up() const { return up_; }
    Counts counts() const;

private:
    friend class Lease;
    struct Member {
        Member(Executor executor, const Config& config) : connection(executor, config), backoff(executor) {}
        Connection connection;
        Timer backoff;
        bool lent = false;
    };
    struct Waiter {
        Waiter(Executor executor, std::string caller) : timer(executor), caller(std::move(caller)) {}
        Timer timer;
        std::string caller;
        Connection* connection = nullptr;
    };

    Task<void> keep(Member& member);
    Task<void> await_turn(Member& member);
    Task<bool> bring_up(Member& member);
    Task<void> pause(Member& member, std::chrono::milliseconds& delay);
    void came_up(Member& member);
    void went_down(Member& member);
    void attempt_failed(Member& member);
    void serve();
    std::list<Waiter*>::iterator next_waiter();
    void give_back(Connection* connection, const std::string& caller);
    Member& member_of(Connection* connection);

    Executor executor_;
    const Config& config_;
    Prepare prepare_;
    std::deque<Member> members_;
    std::vector<Member*> idle_;  // the one used last at the end: its statements are prepared
    std::list<Waiter*> waiters_;
    std::unordered_map<std::string, std::size_t> held_;  // connections by caller
    Counts counts_;
    Member* scout_ = nullptr;  // who alone tries to connect while no connection is open
    bool away_ = false;
    std::atomic<bool> up_ = false;
    TimePoint away_by_ = TimePoint::max();
    std::string failure_;  // of an attempt to connect, as logged last
    bool stopping_ = false;
};

}  // namespace eryxon::gateway
