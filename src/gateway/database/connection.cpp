// Statements out, results in. Reading never stops while the connection is open, so the end of an idle connection is
// noticed at once.
#include "gateway/database/connection.hpp"

#include <system_error>
#include <thread>

namespace eryxon::gateway {

namespace {

constexpr std::chrono::seconds cancel_grace{2};  // for the server to answer a cancel request
constexpr std::string_view no_such_statement = "26000", statement_exists = "42P05";

std::string field(const PGresult* result, int code) {
    const char* text = PQresultErrorField(result, code);
    return text == nullptr ? "" : text;
}

DatabaseError error_of(const PGresult* result) {
    return {field(result, PG_DIAG_SQLSTATE), field(result, PG_DIAG_MESSAGE_PRIMARY),
            field(result, PG_DIAG_MESSAGE_DETAIL), field(result, PG_DIAG_MESSAGE_HINT)};
}

struct FreeCancel {
    void operator()(PGcancel* cancel) const { PQfreeCancel(cancel); }
};
using CancelPtr = std::unique_ptr<PGcancel, FreeCancel>;

}  // namespace

std::string_view column(const ResultPtr& result, int number) {
    if (PQntuples(result.get()) < 1 || PQgetisnull(result.get(), 0, number) != 0) return {};
    return {PQgetvalue(result.get(), 0, number), static_cast<std::size_t>(PQgetlength(result.get(), 0, number))};
}

// A list of statements under way: what the server still has to answer.
struct Connection::Job {
    struct Expected {
        enum class Kind { prepare, step, sync } kind;
        std::string name{};  // of the statement; empty where it has none
    };

    bool by_name = false;
    std::vector<Expected> expected;
    std::size_t next = 0;
    Outcome outcome;
    bool done = false;
};

// Hands one statement to libpq, preceded by its preparation where that is missing.
bool Connection::queue(const Step& step, Job& job) {
    PGconn* connection = connection_.get();
    const Statement& statement = *step.statement;
    auto const count = static_cast<int>(step.parameters.size());
    const char* const* values = step.parameters.data();
    std::vector<int> lengths(step.parameters.size()), formats(step.parameters.size());
    if (step.file_size > 0) {
        lengths.back() = static_cast<int>(step.file_size);
        formats.back() = 1;
    }
    if (!job.by_name || statement.name.empty()) {
        job.expected.push_back({Job::Expected::Kind::step});
        return PQsendQueryParams(connection, statement.text.c_str(), count, nullptr, values, lengths.data(),
                                 formats.data(), 1) == 1;
    }
    const char* const name = statement.name.c_str();
    if (!prepared_.contains(statement.name)) {
        job.expected.push_back({Job::Expected::Kind::prepare, statement.name});
        if (PQsendPrepare(connection, name, statement.text.c_str(), 0, nullptr) != 1) return false;
    }
    job.expected.push_back({Job::Expected::Kind::step, statement.name});
    return PQsendQueryPrepared(connection, name, count, values, lengths.data(), formats.data(), 1) == 1;
}

// Hands all statements to libpq, closed by a synchronization point.
bool Connection::queue(std::span<const Step> steps, Job& job) {
    for (const Step& step : steps)
        if (!queue(step, job)) return false;
    job.expected.push_back({Job::Expected::Kind::sync});
    return PQpipelineSync(connection_.get()) == 1;
}

// The job is the connection's own in the meantime; one that does not get to its end takes the connection with it.
struct Connection::Turn {
    Turn(Connection& connection, Job& job) : connection(connection), job(job) { connection.job_ = &job; }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn() {
        connection.job_ = nullptr;
        if (!job.done && connection.open_) connection.close();
    }

    Connection& connection;
    const Job& job;
};

Task<Outcome> Connection::run(std::span<const Step> steps, TimePoint deadline) {
    return send(steps, deadline, keeps_names_);
}

Task<Outcome> Connection::run_by_text(std::span<const Step> steps, TimePoint deadline) {
    return send(steps, deadline, false);
}

// An error that was told stands, even if the connection ended with it: what followed was not done.
Task<Outcome> Connection::send(std::span<const Step> steps, TimePoint deadline, bool by_name) {
    Job job;
    job.by_name = by_name;
    Turn const turn(*this, job);
    if (open_ && queue(steps, job))
        flush();
    else if (open_)
        close();
    co_await wait(job, deadline);
    if (!job.done && job.outcome.end == Outcome::End::done) job.outcome.end = Outcome::End::lost;
    co_return std::move(job.outcome);
}

// Waits for the job's end; past the deadline it is cancelled. The connection is given up then: the cancel request may
// be on its way still, and would hit the next statement.
Task<void> Connection::wait(Job& job, TimePoint deadline) {
    ErrorCode error;
    bool cancelled = false;
    while (!job.done && open_) {
        job_timer_.expires_at(deadline);
        co_await job_timer_.async_wait(into(error));
        if (job.done || !open_ || Clock::now() < deadline) continue;
        if (!cancelled && ask_to_cancel()) {
            cancelled = true;
            deadline = Clock::now() + cancel_grace;
        } else {
            job.outcome.end = Outcome::End::timed_out;
            close();
        }
    }
    if (cancelled && open_) retire();
}

// Sends a cancel request from a thread of its own, for libpq offers no other way than a blocking one. False if that
// cannot be done.
bool Connection::ask_to_cancel() {
    CancelPtr cancel(PQgetCancel(connection_.get()));
    if (!cancel) return false;
    try {
        std::thread([cancel = std::move(cancel)] {
            char message[256];
            PQcancel(cancel.get(), message, sizeof message);
        }).detach();
        return true;
    } catch (const std::system_error&) {
        return false;
    }
}

// Does what an event of the socket asks for. What goes wrong there must end the connection: who waits for it would wait
// for nothing.
template <class Work>
void Connection::on_event(const ErrorCode& error, std::uint64_t generation, Work&& work) {
    if (error || !open_ || generation != generation_) return;
    try {
        work();
    } catch (const std::exception& failure) {
        close(failure.what());
    }
}

// Sends what libpq holds back, as far as the server takes it; the rest when it takes more.
void Connection::flush() {
    int const left = PQflush(connection_.get());
    if (left < 0) close();
    if (left != 1) return;
    socket_.async_wait(Descriptor::wait_write, [this, mine = generation_](const ErrorCode& error) {
        on_event(error, mine, [this] { flush(); });
    });
}

void Connection::read_when_ready() {
    socket_.async_wait(Descriptor::wait_read, [this, mine = generation_](const ErrorCode& error) {
        on_event(error, mine, [this] { on_readable(); });
    });
}

// Takes in what has arrived, and waits for more unless the server is gone.
void Connection::on_readable() {
    if (PQconsumeInput(connection_.get()) == 1) {
        take_results();
        if (PQstatus(connection_.get()) == CONNECTION_OK) return read_when_ready();
    }
    close("the server closed the connection");
}

// Takes the results that have arrived completely. In pipeline mode a null result ends each statement's.
void Connection::take_results() {
    int nulls = 0;
    while (PQisBusy(connection_.get()) == 0 && nulls < 2) {
        ResultPtr result(PQgetResult(connection_.get()));
        if (PQstatus(connection_.get()) != CONNECTION_OK) return;
        nulls = result ? 0 : nulls + 1;
        if (job_ == nullptr || job_->done) continue;
        if (result)
            take(*job_, std::move(result));
        else if (nulls == 1)
            ++job_->next;
    }
    if (job_ != nullptr && job_->done) job_timer_.cancel();
}

// Notes the first error. Behind a pooler, or where a function deallocates, the server's names may be others than those
// that were prepared here: which it has is corrected, and the statements can be sent as text.
void Connection::take_error(Job& job, const PGresult* result) {
    Outcome& outcome = job.outcome;
    outcome.end = Outcome::End::failed;
    outcome.error = error_of(result);
    if (job.next >= job.expected.size() || job.expected[job.next].name.empty()) return;
    const Job::Expected& expected = job.expected[job.next];
    bool const prepares = expected.kind == Job::Expected::Kind::prepare;
    outcome.names_differ = outcome.error.sqlstate == (prepares ? statement_exists : no_such_statement);
    if (!outcome.names_differ) return;
    if (prepares)
        prepared_.insert(expected.name);
    else
        prepared_.erase(expected.name);
}

// Notes what one result says about the job.
void Connection::take(Job& job, ResultPtr result) {
    Outcome& outcome = job.outcome;
    auto const expected =
        job.next < job.expected.size() ? job.expected[job.next] : Job::Expected{Job::Expected::Kind::sync};
    switch (PQresultStatus(result.get())) {
        case PGRES_PIPELINE_SYNC:
            job.done = true;
            break;
        case PGRES_FATAL_ERROR:
            if (outcome.end == Outcome::End::done) take_error(job, result.get());
            break;
        case PGRES_COMMAND_OK:
        case PGRES_TUPLES_OK:
            if (expected.kind == Job::Expected::Kind::prepare)
                prepared_.insert(expected.name);
            else
                outcome.results.push_back(std::move(result));
            break;
        default:
            break;
    }
}

}  // namespace eryxon::gateway
