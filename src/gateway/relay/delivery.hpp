// One try to tell a receiver of an event: what the database asks for, and what became of it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace eryxon::gateway {

struct Delivery {
    std::string id{};
    std::string webhook{};
    std::string url{};
    std::vector<std::string> secrets{};  // in force, the current one first
    std::string message_id{};            // the same at every try
    std::string type{};
    int attempt = 1;
    std::string body{};
    std::vector<std::string> headers{};  // lines that the endpoint wants to see: secrets
};

// A finished try. Either the status of the answer or an error is there.
struct Attempt {
    std::string delivery;
    int number = 1;
    std::optional<long> status{};
    std::optional<std::string> error{};
    std::int64_t duration_ms = 0;
    std::optional<std::int64_t> retry_after{};  // seconds
    std::optional<std::string> response{};      // the begin of the answer's body
    bool interrupted = false;                   // by the relay: no failure of the endpoint

    bool succeeded() const { return status && *status >= 200 && *status <= 299; }
};

// The headers of a try that begins now (seconds since 1970), each a line. Throws std::exception where the delivery has
// no readable secret or holds what no header can.
std::vector<std::string> delivery_headers(const Delivery& delivery, std::int64_t now);

// What an endpoint answered, with *** for the values of the headers that it got, if it repeats them.
std::string without_secrets(std::string answer, const std::vector<std::string>& headers);

// The host of a URL with its port: all of it that is logged. Empty if it cannot be read.
std::string host_of(const std::string& url);

// The attempts as the JSON array that finish_deliveries takes. Bytes that jsonb has no place for become U+FFFD.
std::string attempts_json(std::span<const Attempt> attempts);

}  // namespace eryxon::gateway
