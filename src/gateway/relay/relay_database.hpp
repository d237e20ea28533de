// The relay's one connection to the database. Statements are short; while one runs, the caller's wait goes on with the
// transfers.
#pragma once

#include "gateway/base/relay_config.hpp"
#include "gateway/database/connector.hpp"
#include "gateway/relay/delivery.hpp"

#include <libpq-fe.h>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <stdexcept>
#include <string>

namespace eryxon::gateway {

// The connection is gone, or could not be made.
struct DatabaseLost : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// What waits in the database.
struct Backlog {
    double waiting = 0;  // deliveries, counted up to 100,000
    double paused = 0;   // webhooks
    double overdue = 0;  // seconds for which a delivery has been due
    double refused = 0;  // events that were set aside
};

// A statement that the database refused.
struct StatementFailed : std::runtime_error {
    StatementFailed(const std::string& message, std::string code)
        : std::runtime_error(message + " (" + code + ")"), sqlstate(std::move(code)) {}

    // True if it is wrong for good with these parameters: a data exception or a broken constraint.
    bool is_about_data() const { return sqlstate.starts_with("22") || sqlstate.starts_with("23"); }

    std::string sqlstate;
};

class RelayDatabase {
public:
    using Time = std::chrono::steady_clock::time_point;
    // Waits until the descriptor is ready for the poll events, or something else happened. False: do not wait on.
    using Wait = std::function<bool(int descriptor, short events, Time deadline)>;

    RelayDatabase(const RelayConfig& config, Wait wait) : config_(config), wait_(std::move(wait)) {}

    // Connects to a server that takes writes, and listens for the database's call.
    void open();
    void close() { connection_.reset(); }
    bool is_open() const { return connection_ != nullptr; }
    int descriptor() const { return PQsocket(connection_.get()); }
    // True if the database has called since the last time.
    bool take_call();

    // The functions of the extension. Each is a transaction of its own.
    std::int64_t position_events(int at_most);
    std::vector<Delivery> claim(std::size_t at_most);
    // How many of them the database has taken.
    std::size_t finish(std::span<const Attempt> attempts);
    // The ids of deliveries whose attempts it has not taken for now, and is to get again.
    std::set<std::string> unreported(std::span<const Attempt> attempts);
    // Seconds until a delivery becomes due; less than 0 if one is; nothing if none waits.
    std::optional<double> seconds_to_next();
    Backlog backlog();

private:
    struct Finish {
        void operator()(PGconn* connection) const { PQfinish(connection); }
    };
    struct Clear {
        void operator()(PGresult* result) const { PQclear(result); }
    };
    using Result = std::unique_ptr<PGresult, Clear>;

    struct Statement {
        const char* name;
        const char* text;
    };

    static const Statement position_statement, claim_statement, finish_statement, unreported_statement, due_statement,
        backlog_statement;

    Result run(const Statement& statement, std::initializer_list<std::string> parameters);
    void prepare(const Statement& statement);
    Result result(Time deadline);
    void connect(Time deadline);
    void await(int descriptor, short events, Time deadline);
    [[noreturn]] void lose(const std::string& reason);

    const RelayConfig& config_;
    Wait wait_;
    Connector connector_;
    std::unique_ptr<PGconn, Finish> connection_;
    std::set<const char*> prepared_;
    bool called_ = false;
};

}  // namespace eryxon::gateway
