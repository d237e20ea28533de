// Makes a database connection in a thread of its own: libpq looks names up while it connects, and that may take as long
// as the name servers like.
#pragma once

#include <libpq-fe.h>
#include <memory>
#include <string>

namespace eryxon::gateway {

class Connector {
public:
    // Begins to connect, unless the attempt before has not ended yet. `application` and `servers` (a word of
    // target_session_attrs, or nothing) give way to what the connection string says. No options are added: PgBouncer
    // refuses them.
    void start(const std::string& uri, const char* application, const char* servers);
    // Can be read once the attempt has ended.
    int descriptor() const;
    bool is_done() const;
    // The connection of an attempt that has ended, good or bad, which is the caller's now.
    PGconn* take();

private:
    struct Attempt;
    // The thread has it, too: it goes on where nobody waits for it any more.
    std::shared_ptr<Attempt> attempt_;
};

}  // namespace eryxon::gateway
