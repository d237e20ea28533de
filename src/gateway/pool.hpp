// A fixed number of connections that keep themselves open, lent to one request at a time.
#pragma once

#include "gateway/connection.hpp"

#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <vector>

namespace eryxon::gateway {

class Pool;

// A borrowed connection; goes back when the lease ends.
class Lease {
public:
    Lease() = default;
    Lease(Pool* pool, Connection* connection) : pool_(pool), connection_(connection) {}
    Lease(Lease&& other) noexcept : pool_(other.pool_), connection_(std::exchange(other.connection_, nullptr)) {}
    Lease& operator=(Lease&&) = delete;
    ~Lease();

    explicit operator bool() const { return connection_ != nullptr; }
    Connection* operator->() const { return connection_; }
    Connection& operator*() const { return *connection_; }

private:
    Pool* pool_ = nullptr;
    Connection* connection_ = nullptr;
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

    // A connection, waiting for one if need be until the deadline. Empty if none came free, and at once if the
    // database is known to be away.
    Task<Lease> borrow(TimePoint deadline);
    // True if the last attempt to connect failed and no connection is open.
    bool is_away() const { return away_; }
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
        explicit Waiter(Executor executor) : timer(executor) {}
        Timer timer;
        Connection* connection = nullptr;
    };

    Task<void> keep(Member& member);
    Task<bool> bring_up(Member& member);
    Task<void> pause(Member& member, std::chrono::milliseconds& delay);
    void came_up(Member& member);
    void went_down(Member& member);
    void attempt_failed(Member& member);
    void offer(Member& member);
    void give_back(Connection* connection);
    Member& member_of(Connection* connection);

    Executor executor_;
    const Config& config_;
    Prepare prepare_;
    std::deque<Member> members_;
    std::vector<Member*> idle_;  // the one used last at the end: its statements are prepared
    std::list<Waiter*> waiters_;
    Counts counts_;
    bool away_ = false;
    std::string failure_;  // of an attempt to connect, as logged last
    bool stopping_ = false;
};

}  // namespace eryxon::gateway
