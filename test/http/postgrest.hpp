// A small PostgREST over one libpq connection: it sends what PostgREST sends for a call of a function, word for word in
// shape, and answers as PostgREST does. Nothing resets the session between requests.
#pragma once

#include "database.hpp"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace eryxon::http_test {

// One request to /rpc/<function>.
struct Request {
    std::string function;
    std::string body = "{}";  // of POST
    std::string method = "POST";
    std::vector<std::pair<std::string, std::string>> query;  // of GET and HEAD: the named arguments
    std::map<std::string, std::string> headers;              // lower-case names
    std::string role = "eryxon_anon";
    std::string claims;  // JSON; empty: {"role":<role>}
};

// What the client gets.
struct Answer {
    int status = 0;
    std::string body;
    std::string headers;   // the value of response.headers, or those of an error of SQLSTATE PGRST
    std::string sqlstate;  // of an error that was raised
    std::string code;      // of an error that was raised: what stands in its body

    // The member at a JSON pointer as text: strings bare, other values as JSON, "(none)" where there is none.
    std::string at(const std::string& pointer) const { return json_at(body, pointer); }
};

// A function as the schema cache knows it.
struct Routine {
    bool stable = false;
    bool unnamed = false;                                        // one parameter without a name
    std::vector<std::pair<std::string, std::string>> arguments;  // names and types
};

class PostgRest {
public:
    explicit PostgRest(const std::string& database);

    // Reads the functions of eryxon_api anew, as NOTIFY pgrst makes PostgREST do.
    void load_schema();
    // Runs one request in a transaction of its own.
    Answer call(const Request& request);
    // A query outside of any request, on the same session.
    std::string show(const std::string& sql) { return session_.value(sql); }
    // The functions of the schema cache.
    const std::map<std::string, Routine>& routines() const { return routines_; }

private:
    Answer run(const Request& request, const Routine& routine);
    void set_context(const Request& request);
    Rows call_function(const Request& request, const Routine& routine);
    Rows prepared(const std::string& sql, const std::vector<std::string>& parameters);

    Session session_;
    std::map<std::string, Routine> routines_;
    std::map<std::string, std::map<std::string, std::string>> role_settings_;
    std::map<std::string, std::string> statements_;
};

}  // namespace eryxon::http_test
