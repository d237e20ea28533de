// One connection to PostgreSQL in libpq's pipeline mode: a list of statements goes out in one piece, its results
// come back through the event loop.
#pragma once

#include "gateway/base/config.hpp"
#include "gateway/base/failure.hpp"
#include "gateway/base/prelude.hpp"
#include "gateway/base/statement.hpp"
#include "gateway/database/connector.hpp"

#include <libpq-fe.h>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

namespace eryxon::gateway {

struct ClearResult {
    void operator()(PGresult* result) const { PQclear(result); }
};
using ResultPtr = std::unique_ptr<PGresult, ClearResult>;

// The column of the first row; empty for NULL and where there is no row.
std::string_view column(const ResultPtr& result, int number);

// What became of a list of statements.
struct Outcome {
    enum class End { done, failed, lost, timed_out };

    End end = End::done;
    std::vector<ResultPtr> results{};  // of the statements that succeeded, in order
    DatabaseError error{};             // of the statement after those, if it failed
    bool names_differ = false;         // it failed for what the server has, or has not, under a name
};

class Connection {
public:
    Connection(Executor executor, const Config& config);
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    // Connects; false, with reason(), if that fails.
    Task<bool> open();
    // Returns when the connection is lost or closed.
    Task<void> until_closed();
    void close(std::string reason = {});
    // Closes it though its server answers: another is to take its place.
    void retire();

    // Sends all statements at once and waits for their end. Past the deadline the server is asked to cancel; if it
    // does not answer to that either, the connection is closed. One call at a time. Statements are prepared under their
    // names where keep_names() says so.
    Task<Outcome> run(std::span<const Step> steps, TimePoint deadline);
    // The same, with each statement sent as text.
    Task<Outcome> run_by_text(std::span<const Step> steps, TimePoint deadline);

    bool is_open() const { return open_; }
    bool is_retired() const { return retired_; }
    bool in_transaction() const { return PQtransactionStatus(connection_.get()) != PQTRANS_IDLE; }
    void keep_names(bool keep) { keeps_names_ = keep; }
    // The process that serves this connection, by the account of whoever took it: a pooler tells a number of its own.
    int process_id() const { return PQbackendPID(connection_.get()); }
    const std::string& reason() const { return reason_; }
    // How long it has been open.
    Clock::duration age() const { return Clock::now() - opened_; }

private:
    struct Job;
    struct Turn;
    struct Finish {
        void operator()(PGconn* connection) const { PQfinish(connection); }
    };

    bool enter_pipeline();
    Task<Outcome> send(std::span<const Step> steps, TimePoint deadline, bool by_name);
    bool queue(std::span<const Step> steps, Job& job);
    bool queue(const Step& step, Job& job);
    template <class Work>
    void on_event(const ErrorCode& error, std::uint64_t generation, Work&& work);
    void read_when_ready();
    void on_readable();
    void flush();
    void take_results();
    void take(Job& job, ResultPtr result);
    void take_error(Job& job, const PGresult* result);
    bool ask_to_cancel();
    Task<void> wait(Job& job, TimePoint deadline);

    const Config& config_;
    Connector connector_;
    Descriptor socket_;
    Timer job_timer_;
    Timer closed_timer_;
    std::unique_ptr<PGconn, Finish> connection_;
    std::unordered_set<std::string> prepared_;  // names that the server has, as far as is known
    Job* job_ = nullptr;
    std::string reason_;
    TimePoint opened_{};
    std::uint64_t generation_ = 0;  // of the connection; waits of an earlier one are void
    bool open_ = false;
    bool retired_ = false;
    bool keeps_names_ = false;
};

}  // namespace eryxon::gateway
