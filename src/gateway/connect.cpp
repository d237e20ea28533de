// Opening and closing a connection without blocking the event loop (but for the look-up of a host's name).
#include "gateway/connection.hpp"

namespace eryxon::gateway {

namespace {

constexpr std::chrono::seconds connect_timeout{10};

// Notices of functions are nobody's business here.
void ignore_notice(void*, const PGresult*) {}

}  // namespace

Connection::Connection(Executor executor, const Config& config)
    : config_(config), socket_(executor), job_timer_(executor), closed_timer_(executor) {}

// Begins to connect. No options are added: PgBouncer refuses them.
bool Connection::start() {
    const char* const names[] = {"dbname", "fallback_application_name", "client_encoding", nullptr};
    const char* const values[] = {config_.db_uri.c_str(), "eryxon-gateway", "UTF8", nullptr};
    connection_.reset(PQconnectStartParams(names, values, 1));
    prepared_.clear();
    keeps_names_ = false;
    return connection_ && PQstatus(connection_.get()) != CONNECTION_BAD;
}

// Waits as libpq wants and goes one step on. libpq may change the socket in each.
Task<PostgresPollingStatusType> Connection::poll(PostgresPollingStatusType wanted) {
    ErrorCode error;
    socket_.assign(PQsocket(connection_.get()), error);
    if (error) co_return PGRES_POLLING_FAILED;
    auto const direction = wanted == PGRES_POLLING_READING ? Descriptor::wait_read : Descriptor::wait_write;
    co_await socket_.async_wait(direction, into(error));
    if (socket_.is_open()) socket_.release();
    if (error) co_return PGRES_POLLING_FAILED;
    co_return PQconnectPoll(connection_.get());
}

// Prepares the new connection for the event loop.
bool Connection::enter_pipeline() {
    PGconn* connection = connection_.get();
    ErrorCode error;
    PQsetNoticeReceiver(connection, ignore_notice, nullptr);
    if (PQsetnonblocking(connection, 1) != 0 || PQenterPipelineMode(connection) != 1) return false;
    socket_.assign(PQsocket(connection), error);
    return !error;
}

Task<bool> Connection::open() {
    close();
    reason_.clear();
    job_timer_.expires_after(connect_timeout);
    job_timer_.async_wait([this, mine = generation_](const ErrorCode& error) {
        if (!error && !open_ && mine == generation_ && socket_.is_open()) socket_.cancel();
    });
    PostgresPollingStatusType status = start() ? PGRES_POLLING_WRITING : PGRES_POLLING_FAILED;
    while (status == PGRES_POLLING_READING || status == PGRES_POLLING_WRITING)
        status = co_await poll(status);
    job_timer_.cancel();
    if (status != PGRES_POLLING_OK || !enter_pipeline()) {
        std::string const message = connection_ ? PQerrorMessage(connection_.get()) : "";
        close(message.empty() ? "connecting took too long" : message);
        co_return false;
    }
    open_ = true;
    read_when_ready();
    co_return true;
}

void Connection::close(std::string reason) {
    if (!reason.empty()) reason_ = std::move(reason);
    ++generation_;
    open_ = false;
    if (socket_.is_open()) socket_.release();
    connection_.reset();
    job_timer_.cancel();
    closed_timer_.cancel();
}

Task<void> Connection::until_closed() {
    ErrorCode error;
    while (open_) {
        closed_timer_.expires_at(TimePoint::max());
        co_await closed_timer_.async_wait(into(error));
    }
}

}  // namespace eryxon::gateway
