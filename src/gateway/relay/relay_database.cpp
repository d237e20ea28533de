// libpq without blocking: what is sent is small, so only results and the connection itself are waited for.
#include "gateway/relay/relay_database.hpp"

#include <poll.h>
#include <cstdlib>
#include <sstream>
#include <utility>

namespace eryxon::gateway {

namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds connect_limit{10};
constexpr std::string_view read_only = "25006";      // the SQLSTATE of writes in recovery
constexpr std::chrono::seconds statement_limit{60};  // then the connection is given up; the server ends it before
const char* const start_text =
    "SET statement_timeout = '50s'; SET default_transaction_isolation = 'read committed'; LISTEN eryxon_events";

// Notices of functions are nobody's business here.
void ignore_notice(void*, const PGresult*) {}

// The message in one line.
std::string one_line(std::string text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == ' '))
        text.pop_back();
    for (char& c : text)
        if (c == '\n' || c == '\t') c = ' ';
    return text;
}

// A column of a row; empty for NULL.
std::string value(const PGresult* result, int row, int column) {
    return {PQgetvalue(result, row, column), static_cast<std::size_t>(PQgetlength(result, row, column))};
}

std::string error_field(const PGresult* result, int code) {
    const char* const text = PQresultErrorField(result, code);
    return one_line(text == nullptr ? "" : text);
}

std::vector<std::string> parts(const std::string& text, char separator) {
    std::istringstream in(text);
    std::vector<std::string> out;
    for (std::string part; std::getline(in, part, separator);)
        out.push_back(part);
    return out;
}

}  // namespace

const RelayDatabase::Statement RelayDatabase::position_statement = {"eryxon_position",
                                                                    "SELECT eryxon.position_events($1::integer)"};

const RelayDatabase::Statement RelayDatabase::claim_statement = {
    "eryxon_claim",
    "SELECT delivery, webhook, url, array_to_string(secrets, ' '), message_id, type, attempt, body,"
    " array_to_string(headers, chr(10))"
    " FROM eryxon.claim_deliveries($1::text, $2::integer, $3::double precision * interval '1 second')"};

const RelayDatabase::Statement RelayDatabase::finish_statement = {
    "eryxon_finish", "SELECT eryxon.finish_deliveries($1::text, $2::jsonb)"};

const RelayDatabase::Statement RelayDatabase::unreported_statement = {
    "eryxon_unreported", "SELECT unnest(eryxon.unreported($1::text, $2::jsonb))"};

const RelayDatabase::Statement RelayDatabase::due_statement = {
    "eryxon_due", "SELECT extract(epoch FROM eryxon.next_due() - clock_timestamp())"};

const RelayDatabase::Statement RelayDatabase::backlog_statement = {
    "eryxon_backlog", "SELECT waiting, paused, overdue, refused FROM eryxon.relay_backlog()"};

void RelayDatabase::lose(const std::string& reason) {
    std::string const message = connection_ ? one_line(PQerrorMessage(connection_.get())) : "";
    connection_.reset();
    throw DatabaseLost(message.empty() ? reason : message);
}

// Waits once, or gives the connection up.
void RelayDatabase::await(int descriptor, short events, Time deadline) {
    if (steady_clock::now() >= deadline) lose("the database took too long");
    if (!wait_(descriptor, events, deadline)) lose("stopped");
}

// A thread that has not come to an end when the time is up is waited for at the next call: there is never more than
// one.
void RelayDatabase::connect(Time deadline) {
    connector_.start(config_.db_uri, "eryxon-relay", "read-write");
    while (!connector_.is_done())
        await(connector_.descriptor(), POLLIN, deadline);
    connection_.reset(connector_.take());
    if (!connection_ || PQstatus(connection_.get()) != CONNECTION_OK) lose("cannot connect");
}

void RelayDatabase::open() {
    auto const deadline = steady_clock::now() + connect_limit;
    called_ = true;
    prepared_.clear();
    connect(deadline);
    PQsetNoticeReceiver(connection_.get(), ignore_notice, nullptr);
    if (PQsendQuery(connection_.get(), start_text) != 1) lose("cannot listen");
    try {
        result(deadline);
    } catch (const StatementFailed& error) {
        lose(error.what());
    }
}

// The last result of what was sent. Throws where the database refused it. A server that takes no writes is not the one
// that is looked for: after a failover, say.
RelayDatabase::Result RelayDatabase::result(Time deadline) {
    Result last;
    for (;;) {
        while (PQisBusy(connection_.get()) != 0) {
            await(descriptor(), POLLIN, deadline);
            if (PQconsumeInput(connection_.get()) != 1) lose("the server closed the connection");
        }
        Result next(PQgetResult(connection_.get()));
        if (!next) break;
        last = std::move(next);
    }
    if (PQstatus(connection_.get()) != CONNECTION_OK || !last) lose("the server closed the connection");
    ExecStatusType const status = PQresultStatus(last.get());
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) return last;
    StatementFailed failure(error_field(last.get(), PG_DIAG_MESSAGE_PRIMARY),
                            error_field(last.get(), PG_DIAG_SQLSTATE));
    if (failure.sqlstate == read_only) lose(failure.what());
    throw failure;
}

void RelayDatabase::prepare(const Statement& statement) {
    if (prepared_.contains(statement.name)) return;
    if (PQsendPrepare(connection_.get(), statement.name, statement.text, 0, nullptr) != 1) lose("cannot prepare");
    result(steady_clock::now() + statement_limit);
    prepared_.insert(statement.name);
}

RelayDatabase::Result RelayDatabase::run(const Statement& statement, std::initializer_list<std::string> parameters) {
    prepare(statement);
    std::vector<const char*> values;
    for (const std::string& parameter : parameters)
        values.push_back(parameter.c_str());
    if (PQsendQueryPrepared(connection_.get(), statement.name, static_cast<int>(values.size()), values.data(), nullptr,
                            nullptr, 0) != 1)
        lose("cannot send a statement");
    return result(steady_clock::now() + statement_limit);
}

bool RelayDatabase::take_call() {
    if (PQconsumeInput(connection_.get()) != 1) lose("the server closed the connection");
    while (PGnotify* const notify = PQnotifies(connection_.get())) {
        called_ = true;
        PQfreemem(notify);
    }
    return std::exchange(called_, false);
}

std::int64_t RelayDatabase::position_events(int at_most) {
    Result const result = run(position_statement, {std::to_string(at_most)});
    return std::strtoll(value(result.get(), 0, 0).c_str(), nullptr, 10);
}

std::vector<Delivery> RelayDatabase::claim(std::size_t at_most) {
    Result const result =
        run(claim_statement, {config_.name, std::to_string(at_most), std::to_string(config_.lease.count())});
    std::vector<Delivery> deliveries;
    for (int row = 0; row < PQntuples(result.get()); ++row) {
        auto const text = [&](int column) { return value(result.get(), row, column); };
        deliveries.push_back({.id = text(0),
                              .webhook = text(1),
                              .url = text(2),
                              .secrets = parts(text(3), ' '),
                              .message_id = text(4),
                              .type = text(5),
                              .attempt = std::atoi(text(6).c_str()),
                              .body = text(7),
                              .headers = parts(text(8), '\n')});
    }
    return deliveries;
}

std::size_t RelayDatabase::finish(std::span<const Attempt> attempts) {
    Result const result = run(finish_statement, {config_.name, attempts_json(attempts)});
    return std::strtoul(value(result.get(), 0, 0).c_str(), nullptr, 10);
}

std::set<std::string> RelayDatabase::unreported(std::span<const Attempt> attempts) {
    Result const result = run(unreported_statement, {config_.name, attempts_json(attempts)});
    std::set<std::string> ids;
    for (int row = 0; row < PQntuples(result.get()); ++row)
        ids.insert(value(result.get(), row, 0));
    return ids;
}

std::optional<double> RelayDatabase::seconds_to_next() {
    Result const result = run(due_statement, {});
    if (PQgetisnull(result.get(), 0, 0) != 0) return std::nullopt;
    return std::strtod(value(result.get(), 0, 0).c_str(), nullptr);
}

Backlog RelayDatabase::backlog() {
    Result const result = run(backlog_statement, {});
    auto const number = [&](int column) { return std::strtod(value(result.get(), 0, column).c_str(), nullptr); };
    return {.waiting = number(0), .paused = number(1), .overdue = number(2), .refused = number(3)};
}

}  // namespace eryxon::gateway
