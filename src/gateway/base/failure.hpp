// A request that ends in an error: what it says, and how it looks in the two styles of answers.
#pragma once

#include "gateway/base/message.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace eryxon::gateway {

// Routes answer in the contract's envelope, /rpc as PostgREST does.
enum class Style { route, rpc };

struct Failure {
    unsigned status = 500;
    std::string code{};  // BAD_REQUEST, PGRST202, a SQLSTATE ...
    std::string message{};
    std::string details{};  // JSON, or empty
    std::string hint{};     // JSON, or empty
    std::vector<Header> headers{};
    std::string log{};  // what the client must not see
};

// The fields of an error that the database raised.
struct DatabaseError {
    std::string sqlstate;
    std::string message;
    std::string detail;
    std::string hint;
};

// The gateway's own errors. Codes are the contract's; /rpc shows the PostgREST code where there is one.
Failure bad_request(std::string message, std::string_view rpc_code, Style style);
Failure unauthorized(std::string message, Style style);
Failure not_found(std::string message);
Failure unavailable(std::string log);
Failure timed_out(std::string log);
Failure internal_error(std::string log);
Failure own_failure(unsigned status);  // 408, 413, 431 ... by status alone
Failure out_of_body_memory();

// What an error of the database means to the client.
Failure from_database(const DatabaseError& error, Style style);

// The complete answer.
Response to_response(const Failure& failure, Style style);

}  // namespace eryxon::gateway
