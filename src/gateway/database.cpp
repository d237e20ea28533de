// Calls: a connection, the statements in one piece, and an answer only if COMMIT said so.
#include "gateway/database.hpp"

#include "core/json.hpp"
#include "gateway/log.hpp"

#include <string_view>

namespace eryxon::gateway {

namespace {

constexpr std::chrono::seconds refresh_pause{1};
constexpr std::chrono::seconds catalog_age{60};  // after which it is read again
constexpr std::chrono::seconds load_limit{10};
constexpr std::string_view no_such_function = "42883", no_such_role = "22023";
constexpr int body_column = 2, headers_column = 3, status_column = 4;

// Reads the result of the call and of COMMIT.
Answer read_answer(const Outcome& outcome) {
    std::size_t const count = outcome.results.size();
    std::string_view const tag = PQcmdStatus(outcome.results[count - CallWriter::commit_from_end].get());
    if (tag != "COMMIT") throw internal_error("the transaction ended with " + std::string(tag));
    const ResultPtr& result = outcome.results[count - CallWriter::call_from_end];
    Answer answer{std::string(column(result, body_column)), 200, {}};
    std::string_view const status = column(result, status_column), headers = column(result, headers_column);
    if (!status.empty()) {
        std::optional<unsigned> const number = parse_status(status);
        if (!number) throw internal_error("response.status is malformed");
        answer.status = *number;
    }
    if (!headers.empty() && !parse_response_headers(headers, answer.headers))
        throw internal_error("response.headers is malformed");
    return answer;
}

// True where the settings failed for want of the role: BEGIN alone has succeeded.
bool lacks_role(const Outcome& outcome) {
    return outcome.end == Outcome::End::failed && outcome.results.size() == 1 && outcome.error.sqlstate == no_such_role;
}

// A route's token with a role that does not exist is no good credential; without a token the configuration is wrong.
[[noreturn]] void refuse_role(const Outcome& outcome, bool anonymous) {
    if (anonymous) throw internal_error(outcome.error.message);
    throw unauthorized("The role of the token does not exist", Style::route);
}

// Throws for all but a list of statements that was done.
void demand_done(const Outcome& outcome, Style style, bool anonymous) {
    if (style == Style::route && lacks_role(outcome)) refuse_role(outcome, anonymous);
    switch (outcome.end) {
        case Outcome::End::done:
            return;
        case Outcome::End::failed:
            throw from_database(outcome.error, style, anonymous);
        case Outcome::End::lost:
            throw unavailable("the connection to the database was lost");
        case Outcome::End::timed_out:
            throw timed_out("the database did not answer in time");
    }
}

}  // namespace

Database::Database(Executor executor, const Config& config)
    : config_(config),
      executor_(executor),
      writer_(config, statements_),
      greeting_(Statements::unnamed("SELECT pg_catalog.pg_backend_pid()::text")),
      catalog_statement_(Statements::unnamed(catalog_query())),
      pool_(executor, config, [this](Connection& connection) { return prepare(connection); }) {}

// Looks who is there. Behind a pooler the process that answers is not the one that took the connection: then each
// transaction may meet other prepared statements.
Task<bool> Database::greet(Connection& connection) {
    Step const step{greeting_, {}};
    Outcome const outcome = co_await connection.run({&step, 1}, Clock::now() + load_limit);
    if (outcome.end != Outcome::End::done) {
        connection.close("the database did not answer: " + outcome.error.message);
        co_return false;
    }
    bool const direct = column(outcome.results.front(), 0) == std::to_string(connection.process_id());
    connection.keep_names(config_.db_prepared == Prepared::on ||
                          (config_.db_prepared == Prepared::automatic && direct));
    co_return true;
}

// Reads the catalog when the database comes up; it may be another one than before.
Task<bool> Database::prepare(Connection& connection) {
    bool const greeted = co_await greet(connection);
    if (!greeted) co_return false;
    if (catalog_ && pool_.counts().open > 0) co_return true;
    bool const loaded = co_await load(connection, Clock::now() + load_limit);
    co_return loaded;
}

// Reads the catalog; closes the connection if that fails.
Task<bool> Database::load(Connection& connection, TimePoint deadline) {
    Step const step{catalog_statement_, {config_.db_schema.c_str()}};
    Outcome const outcome = co_await connection.run({&step, 1}, deadline);
    if (outcome.end == Outcome::End::done) {
        try {
            catalog_ = std::make_shared<const Catalog>(column(outcome.results.front(), 0));
            loaded_ = Clock::now();
            co_return true;
        } catch (const core::CallError& error) {
            connection.close(std::string("the catalog is malformed: ") + error.what());
        }
    } else {
        connection.close("cannot read the catalog: " + outcome.error.message);
    }
    co_return false;
}

Task<Lease> Database::borrow(TimePoint deadline) {
    TimePoint const limit = Clock::now() + milliseconds(config_.db_pool_timeout);
    Lease lease = co_await pool_.borrow(std::min(deadline, limit));
    if (!lease) throw unavailable(pool_.is_away() ? "" : "no connection came free in time");
    co_return std::move(lease);
}

Task<std::shared_ptr<const Catalog>> Database::catalog(TimePoint deadline) {
    if (!catalog_) {
        Lease const lease = co_await borrow(deadline);
    }
    if (!catalog_) throw unavailable("the catalog was not read yet");
    if (Clock::now() - loaded_ >= catalog_age) co_await refresh(deadline);
    co_return catalog_;
}

Task<void> Database::refresh(TimePoint deadline) {
    if (Clock::now() - loaded_ < refresh_pause) co_return;
    loaded_ = Clock::now();
    Lease lease = co_await borrow(deadline);
    co_await load(*lease, deadline);
}

void Database::reload() {
    asio::co_spawn(executor_, read_again(), asio::detached);
}

// Reads the catalog now, whatever its age, and tells the log how that went.
Task<void> Database::read_again() {
    std::string failure = "the catalog could not be read";
    try {
        TimePoint const deadline = Clock::now() + load_limit;
        Lease lease = co_await borrow(deadline);
        bool const loaded = co_await load(*lease, deadline);
        if (loaded) failure.clear();
    } catch (const Failure& error) {
        failure = error.log.empty() ? "the database is away" : error.log;
    }
    if (failure.empty())
        LogLine("info").quoted("msg", "the catalog was read again").write();
    else
        LogLine("error").quoted("msg", "the catalog was not read again").quoted("reason", failure).write();
}

// Ends a transaction that was left open; closes the connection if that fails.
Task<void> Database::roll_back(Connection& connection) {
    if (!connection.is_open() || !connection.in_transaction()) co_return;
    Step const rollback = writer_.rollback();
    co_await connection.run({&rollback, 1}, Clock::now() + load_limit);
    if (connection.is_open() && connection.in_transaction()) connection.close();
}

// Runs the statements of a transaction. Where the server's names were others than expected nothing was done, and they
// are sent as text; a pooler that hands out statements one by one has ended the connection by then.
Task<Outcome> Database::transact(std::optional<Lease>& lease, const std::vector<Step>& steps, TimePoint deadline) {
    Outcome outcome = co_await (*lease)->run(steps, deadline);
    co_await roll_back(**lease);
    if (outcome.names_differ) {
        if (!(*lease)->is_open()) lease.emplace(co_await borrow(deadline));
        outcome = co_await (*lease)->run_by_text(steps, deadline);
        co_await roll_back(**lease);
    }
    co_return std::move(outcome);
}

Task<Answer> Database::run(const Call& call, const Catalog& catalog, TimePoint deadline, Style style, bool anonymous) {
    std::vector<Step> const steps = writer_.write(call, catalog.settings(call.role));
    std::optional<Lease> lease;
    lease.emplace(co_await borrow(deadline));
    Outcome outcome = co_await transact(lease, steps, deadline);
    Connection& connection = **lease;
    // libpq keeps its buffer as large as it once was, for as long as the connection lasts.
    if (call.file.size() > config_.body_limit) connection.close("a large file was sent");
    bool const outdated = outcome.end == Outcome::End::failed && outcome.error.sqlstate == no_such_function;
    if (outdated && connection.is_open() && Clock::now() - loaded_ >= refresh_pause)
        co_await load(connection, deadline);
    demand_done(outcome, style, anonymous);
    co_return read_answer(outcome);
}

Task<std::string> Database::query(const std::string& text, TimePoint deadline) {
    Lease lease = co_await borrow(deadline);
    Step const step{Statements::unnamed(text), {}};
    Outcome const outcome = co_await lease->run({&step, 1}, deadline);
    demand_done(outcome, Style::rpc, false);
    co_return std::string(column(outcome.results.front(), 0));
}

}  // namespace eryxon::gateway
