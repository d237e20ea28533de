// A request and a response, apart from the library that reads and writes them.
#pragma once

#include "gateway/base/prelude.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace eryxon::gateway {

struct HeaderView {
    std::string_view name;  // as sent
    std::string_view value;
};

struct Header {
    std::string name;
    std::string value;
};

// Views into what the connection has read; valid until the response is written.
struct Request {
    std::string_view method;
    std::string_view path;   // as sent, still percent-encoded
    std::string_view query;  // without the question mark
    std::vector<HeaderView> headers;
    std::string_view body;  // followed by a NUL byte
    std::string client{};   // address without port
    TimePoint deadline;
    bool takes_chunks = true;        // HTTP/1.0 knows none, so no streams
    std::function<void()> let_go{};  // gives back the body's memory; the body is empty then
    // The next piece of a body that is read while it is answered; nothing at its end. Says how much of it is still
    // held. Throws Failure 400, 408 or 503.
    std::function<Task<std::optional<std::string>>(std::size_t)> read{};

    // The first header of that name (given in lower case), or nothing.
    const HeaderView* find(std::string_view name) const;
    // How many headers have that name (given in lower case).
    std::size_t count(std::string_view name) const;
};

// What is sent piece by piece, as it becomes known.
class Stream {
public:
    Stream() = default;
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
    virtual ~Stream() = default;
    // Waits for the next piece; nothing at the end.
    virtual Task<std::optional<std::string>> next() = 0;
};

struct Response {
    unsigned status = 200;
    std::vector<Header> headers{};
    std::string body{};
    std::string_view content_type = "application/json; charset=utf-8";  // a literal; a header of that name wins
    std::shared_ptr<Stream> stream{};                                   // in place of the body; it may use the request

    bool has(std::string_view name) const;  // name in lower case
    // The body, as far as HTTP allows one for the status.
    std::string_view content() const;
    // False for the statuses that allow no body: 204, 205, 304.
    bool may_have_content() const { return status != 204 && status != 205 && status != 304; }
};

// True if `name` is `lower` but for case.
bool same_name(std::string_view name, std::string_view lower);
// ASCII lower case.
std::string lower_case(std::string_view text);

}  // namespace eryxon::gateway
