// What the tests of this folder need of libpq and JSON: sessions, errors with their SQLSTATE, and values at JSON
// pointers.
#pragma once

#include <libpq-fe.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace eryxon::http_test {

// An error that the server raised.
struct ServerError : std::runtime_error {
    ServerError(const PGresult* result);

    std::string sqlstate;
    std::string message;
    std::string detail;
    std::string hint;
};

// The rows of a result; NULL is an empty text.
using Rows = std::vector<std::vector<std::string>>;

// One connection, to the server that libpq's environment names.
class Session {
public:
    explicit Session(const std::string& database, const std::string& user = "");

    // Runs statements without parameters; the rows of the last one. Throws ServerError.
    Rows run(const std::string& sql);
    // The first column of the first row; empty where there is none.
    std::string value(const std::string& sql);
    // Prepares a statement whose parameters are of unknown type.
    void prepare(const std::string& name, const std::string& sql, std::size_t parameters);
    // Runs a prepared statement with text parameters and binary results.
    Rows execute(const std::string& name, const std::vector<std::string>& parameters);
    // Waits up to some seconds for a notification on a channel that the session listens to; its payload, or "(none)".
    std::string notification(const std::string& channel, int seconds);
    PGconn* get() const { return connection_.get(); }

private:
    struct Finish {
        void operator()(PGconn* connection) const { PQfinish(connection); }
    };
    std::unique_ptr<PGconn, Finish> connection_;
};

// The member of a JSON text at a pointer as text: strings bare, other values as JSON, "(none)" where there is none.
std::string json_at(const std::string& json, const std::string& pointer);
// The names of the members of the object at a pointer, in order, separated by blanks.
std::string json_names(const std::string& json, const std::string& pointer);
// A text as a JSON string.
std::string json_quote(const std::string& text);

}  // namespace eryxon::http_test
