// An attempt belongs to its thread and to who waits for it; the last one of them tidies up.
#include "gateway/database/connector.hpp"

#include <sys/eventfd.h>
#include <unistd.h>
#include <atomic>
#include <cerrno>
#include <system_error>
#include <thread>
#include <utility>

namespace eryxon::gateway {

struct Connector::Attempt {
    Attempt() : bell(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
        if (bell < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
    }
    ~Attempt() {
        PQfinish(connection);
        ::close(bell);
    }
    Attempt(const Attempt&) = delete;
    Attempt& operator=(const Attempt&) = delete;

    void run(const std::string& uri, const char* application, const char* servers);

    int bell;  // an eventfd that rings at the end
    std::atomic<bool> done{false};
    PGconn* connection = nullptr;  // the thread's until it is done
};

// Keywords that stand before dbname give way to what the connection string says.
void Connector::Attempt::run(const std::string& uri, const char* application, const char* servers) {
    const char* const names[] = {"target_session_attrs",      "connect_timeout", "dbname",
                                 "fallback_application_name", "client_encoding", nullptr};
    const char* const values[] = {servers, "10", uri.c_str(), application, "UTF8", nullptr};
    connection = PQconnectdbParams(names, values, 1);
    done = true;
    static_cast<void>(!eventfd_write(bell, 1));
}

void Connector::start(const std::string& uri, const char* application, const char* servers) {
    if (attempt_) return;
    auto attempt = std::make_shared<Attempt>();
    std::thread([=] { attempt->run(uri, application, servers); }).detach();
    attempt_ = std::move(attempt);
}

int Connector::descriptor() const {
    return attempt_->bell;
}

bool Connector::is_done() const {
    return attempt_->done;
}

PGconn* Connector::take() {
    PGconn* const connection = std::exchange(attempt_->connection, nullptr);
    attempt_.reset();
    return connection;
}

}  // namespace eryxon::gateway
