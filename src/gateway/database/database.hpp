// The database behind the gateway: its pool, its catalog, and calls of its functions.
#pragma once

#include "gateway/base/response_settings.hpp"
#include "gateway/database/call.hpp"
#include "gateway/database/call_answer.hpp"
#include "gateway/database/pool.hpp"

#include <atomic>
#include <memory>
#include <optional>

namespace eryxon::gateway {

class Database {
public:
    Database(Executor executor, const Config& config);

    void start();
    void stop();
    // True if the database answers and takes writes. For any thread.
    bool is_ready() const { return pool_.is_up() && answers_ && takes_writes_; }
    Pool::Counts counts() const { return pool_.counts(); }

    // The catalog, waiting for the database if it was not read yet. Who comes when it is a minute old reads it again.
    // Throws Failure 503.
    Task<std::shared_ptr<const Catalog>> catalog(TimePoint deadline);
    // Reads the catalog again unless that was done within the last second.
    Task<void> refresh(TimePoint deadline);
    // Reads the catalog again at once, beside the requests.
    void reload();

    // Runs the call in a transaction of its own. Throws Failure where it was not committed.
    Task<Answer> run(const Call& call, const Catalog& catalog, TimePoint deadline, Style style);

    // The first column of a statement's first row, run as the session user on behalf of the caller. Throws Failure.
    Task<std::string> query(const std::string& text, TimePoint deadline, std::string caller);

private:
    Task<void> read_again();
    Task<void> watch();
    Task<bool> greet(Connection& connection, std::chrono::milliseconds limit);
    Task<bool> prepare(Connection& connection);
    Task<bool> load(Connection& connection, TimePoint deadline);
    Task<Lease> borrow(TimePoint deadline, std::string caller = {});
    Task<void> roll_back(Connection& connection);
    Task<Outcome> transact(std::optional<Lease>& lease, const std::vector<Step>& steps, TimePoint deadline,
                           const std::string& caller);
    void demand_role(const Outcome& outcome, const Call& call, Style style) const;
    void judge(Connection& connection, const Outcome& outcome, const Call& call);

    const Config& config_;
    Executor executor_;
    Statements statements_;
    CallWriter writer_;
    StatementPtr greeting_;
    StatementPtr catalog_statement_;
    std::shared_ptr<const Catalog> catalog_;
    TimePoint loaded_{};
    std::atomic<bool> answers_ = true;       // as far as was asked last
    std::atomic<bool> takes_writes_ = true;  // likewise
    Timer pulse_;
    bool stopping_ = false;
    Pool pool_;
};

}  // namespace eryxon::gateway
