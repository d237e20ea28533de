// Opening and closing a connection without blocking the event loop: a thread looks up the host, connects and logs in.
#include "gateway/database/connection.hpp"

#include <system_error>

namespace eryxon::gateway {

namespace {

// Notices of functions are nobody's business here.
void ignore_notice(void*, const PGresult*) {}

}  // namespace

Connection::Connection(Executor executor, const Config& config)
    : config_(config), socket_(executor), job_timer_(executor), closed_timer_(executor) {}

// Prepares the new connection for the event loop.
bool Connection::enter_pipeline() {
    PGconn* connection = connection_.get();
    ErrorCode error;
    PQsetNoticeReceiver(connection, ignore_notice, nullptr);
    if (PQsetnonblocking(connection, 1) != 0 || PQenterPipelineMode(connection) != 1) return false;
    socket_.assign(PQsocket(connection), error);
    return !error;
}

// Who closes the connection meanwhile wins, though the attempt has succeeded.
Task<bool> Connection::open() {
    ErrorCode error;
    close();
    retired_ = false;
    auto const mine = generation_;
    try {
        connector_.start(config_.db_uri, "eryxon-gateway", "");
        socket_.assign(connector_.descriptor(), error);
    } catch (const std::system_error& failure) {
        reason_ = failure.what();
        co_return false;
    }
    if (!error) co_await socket_.async_wait(Descriptor::wait_read, into(error));
    if (socket_.is_open()) socket_.release();
    if (mine != generation_ || !connector_.is_done()) {
        close("stopped");
        co_return false;
    }
    connection_.reset(connector_.take());
    if (PQstatus(connection_.get()) != CONNECTION_OK || !enter_pipeline()) {
        close(connection_ ? PQerrorMessage(connection_.get()) : "out of memory");
        co_return false;
    }
    opened_ = Clock::now();
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
    prepared_.clear();
    keeps_names_ = false;
    job_timer_.cancel();
    closed_timer_.cancel();
}

void Connection::retire() {
    retired_ = true;
    close();
}

Task<void> Connection::until_closed() {
    ErrorCode error;
    while (open_) {
        closed_timer_.expires_at(TimePoint::max());
        co_await closed_timer_.async_wait(into(error));
    }
}

}  // namespace eryxon::gateway
