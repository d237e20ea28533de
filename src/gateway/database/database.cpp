// Calls: a connection, the statements in one piece, and an answer only if COMMIT said so.
#include "gateway/database/database.hpp"

#include "core/json/json.hpp"
#include "gateway/base/log.hpp"
#include "gateway/base/spawn.hpp"

#include <algorithm>
#include <string_view>

namespace eryxon::gateway {

namespace {

constexpr std::chrono::seconds refresh_pause{1};
constexpr std::chrono::seconds catalog_age{60};  // after which it is read again
constexpr std::chrono::seconds load_limit{10};
constexpr std::chrono::milliseconds pulse_pause{5000}, anxious_pause{500};  // between looks at the database
constexpr std::chrono::seconds pulse_limit{3};
constexpr std::chrono::seconds grace{1};  // past the deadline, for the server to end by itself what has to end then
constexpr std::chrono::seconds young{5};  // a connection that was made just now would be made to the same server again
constexpr std::string_view no_such_function = "42883", no_such_role = "22023", not_supported = "0A000";
constexpr std::string_view read_only = "25006";

// Tells which process answers, and whether the server takes writes.
constexpr const char* greeting =
    "SELECT pg_catalog.pg_backend_pid()::text, (NOT pg_catalog.pg_is_in_recovery()"
    " AND pg_catalog.current_setting('default_transaction_read_only') = 'off')::text";
constexpr int body_column = 2, headers_column = 3, status_column = 4, tenant_column = 5;

// Reads the result of the call and of COMMIT.
Answer read_answer(const Outcome& outcome) {
    std::size_t const count = outcome.results.size();
    std::string_view const tag = PQcmdStatus(outcome.results[count - CallWriter::commit_from_end].get());
    if (tag != "COMMIT") throw internal_error("the transaction ended with " + std::string(tag));
    const ResultPtr& result = outcome.results[count - CallWriter::call_from_end];
    Answer answer{std::string(column(result, body_column)), 200, {}, std::string(column(result, tenant_column))};
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

// True where the server, or whoever administers it, refuses writes for now: a standby, a database set to read only. A
// call that was to read only has itself to blame.
bool is_refused_writes(const Outcome& outcome, const Call& call) {
    if (outcome.end != Outcome::End::failed || call.read_only) return false;
    return outcome.error.sqlstate == read_only || (outcome.error.sqlstate == not_supported && outcome.results.empty());
}

// True where the settings failed for want of the role: BEGIN alone has succeeded.
bool lacks_role(const Outcome& outcome) {
    return outcome.end == Outcome::End::failed && outcome.results.size() == 1 && outcome.error.sqlstate == no_such_role;
}

// The time that is left, in milliseconds, as a time limit of statements; 0 would be none.
std::string time_left(TimePoint deadline) {
    auto const left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    return std::to_string(std::max<long long>(left.count(), 1));
}

// Throws for all but a list of statements that was done.
void demand_done(const Outcome& outcome, Style style) {
    switch (outcome.end) {
        case Outcome::End::done:
            return;
        case Outcome::End::failed:
            throw from_database(outcome.error, style);
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
      greeting_(Statements::unnamed(greeting)),
      catalog_statement_(Statements::unnamed(catalog_query())),
      pulse_(executor),
      pool_(executor, config, [this](Connection& connection) { return prepare(connection); }) {}

void Database::start() {
    pool_.start();
    keep_going(
        executor_, [this] { return watch(); }, "looking at the database");
}

void Database::stop() {
    stopping_ = true;
    pulse_.cancel();
    pool_.stop();
}

// Looks at the database from time to time, so that /readyz tells of a server that hangs or has become a standby, or is
// none any more, though nobody calls. What is idle then is as dead as what was asked.
Task<void> Database::watch() {
    ErrorCode error;
    while (!stopping_) {
        pulse_.expires_after(is_ready() ? pulse_pause : anxious_pause);
        co_await pulse_.async_wait(into(error));
        Lease lease = pool_.borrow_idle();
        if (!lease) continue;
        answers_ = co_await greet(*lease, pulse_limit);
        if (!answers_) pool_.renew_idle("the database did not answer");
    }
}

// Looks who is there. Behind a pooler the process that answers is not the one that took the connection: then each
// transaction may meet other prepared statements.
Task<bool> Database::greet(Connection& connection, std::chrono::milliseconds limit) {
    Step const step{greeting_, {}};
    Outcome const outcome = co_await connection.run({&step, 1}, Clock::now() + limit);
    if (outcome.end != Outcome::End::done) {
        connection.close("the database did not answer: " + outcome.error.message);
        co_return false;
    }
    takes_writes_ = column(outcome.results.front(), 1) == "true";
    bool const direct = column(outcome.results.front(), 0) == std::to_string(connection.process_id());
    connection.keep_names(config_.db_prepared == Prepared::on ||
                          (config_.db_prepared == Prepared::automatic && direct));
    co_return true;
}

// Reads the catalog when the database comes up; it may be another one than before.
Task<bool> Database::prepare(Connection& connection) {
    bool const greeted = co_await greet(connection, load_limit);
    if (!greeted) co_return false;
    answers_ = true;
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

Task<Lease> Database::borrow(TimePoint deadline, std::string caller) {
    TimePoint const limit = Clock::now() + milliseconds(config_.db_pool_timeout);
    Lease lease = co_await pool_.borrow(std::min(deadline, limit), std::move(caller));
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
    spawn(executor_, read_again(), "reading the catalog again");
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
Task<Outcome> Database::transact(std::optional<Lease>& lease, const std::vector<Step>& steps, TimePoint deadline,
                                 const std::string& caller) {
    Outcome outcome = co_await (*lease)->run(steps, deadline + grace);
    co_await roll_back(**lease);
    if (outcome.names_differ) {
        if (!(*lease)->is_open()) {
            lease.reset();
            Lease another = co_await borrow(deadline, caller);
            lease.emplace(std::move(another));
        }
        outcome = co_await (*lease)->run_by_text(steps, deadline + grace);
        co_await roll_back(**lease);
    }
    co_return std::move(outcome);
}

// Gives up a connection whose server refuses writes, for the next one may be made to the new primary, and one whose
// server has failed within.
void Database::judge(Connection& connection, const Outcome& outcome, const Call& call) {
    bool const refused = is_refused_writes(outcome, call);
    if (refused && connection.age() >= young) connection.close("the database takes no writes");
    if (outcome.end == Outcome::End::failed && outcome.error.sqlstate.starts_with("XX")) connection.retire();
    if (refused) throw unavailable("the database takes no writes: " + outcome.error.message);
}

// A route's token with a role that does not exist is no good credential; without a token the configuration is wrong.
void Database::demand_role(const Outcome& outcome, const Call& call, Style style) const {
    if (style == Style::rpc || !lacks_role(outcome)) return;
    if (call.role == config_.db_anon_role) throw internal_error(outcome.error.message);
    throw unauthorized("The role of the token does not exist", Style::route);
}

Task<Answer> Database::run(const Call& call, const Catalog& catalog, TimePoint deadline, Style style) {
    std::optional<Lease> lease;
    Lease borrowed = co_await borrow(deadline, call.caller);
    lease.emplace(std::move(borrowed));
    std::string const limit = time_left(deadline);
    std::vector<Step> const steps = writer_.write(call, catalog.settings(call.role), limit);
    Outcome outcome = co_await transact(lease, steps, deadline, call.caller);
    Connection& connection = **lease;
    // libpq keeps its buffer as large as it once was, for as long as the connection lasts.
    if (call.file.size() > config_.body_limit) connection.retire();
    bool const outdated = outcome.end == Outcome::End::failed && outcome.error.sqlstate == no_such_function;
    if (outdated && connection.is_open() && Clock::now() - loaded_ >= refresh_pause)
        co_await load(connection, deadline);
    judge(connection, outcome, call);
    demand_role(outcome, call, style);
    demand_done(outcome, style);
    co_return read_answer(outcome);
}

Task<std::string> Database::query(const std::string& text, TimePoint deadline, std::string caller) {
    Lease lease = co_await borrow(deadline, std::move(caller));
    Step const step{Statements::unnamed(text), {}};
    Outcome const outcome = co_await lease->run({&step, 1}, deadline);
    demand_done(outcome, Style::rpc);
    co_return std::string(column(outcome.results.front(), 0));
}

}  // namespace eryxon::gateway
