// Reading requests with Boost.Beast's parser, within limits of size and time.
#include "gateway/api/forwarded.hpp"
#include "gateway/server/http_session.hpp"

#include <algorithm>
#include <boost/beast/http/error.hpp>
#include <limits>

namespace eryxon::gateway {

namespace {

namespace http = boost::beast::http;

constexpr std::uint32_t header_limit = 32 * 1024;  // bytes of request line and headers
constexpr std::ptrdiff_t most_headers = 100;
constexpr std::size_t small_read = 8 * 1024;
constexpr std::size_t large_read = 64 * 1024;
constexpr std::size_t large_body = 4 * 1024 * 1024;
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";  // before JSON; RFC 8259 lets it be ignored

std::string_view view(boost::beast::string_view text) {
    return {text.data(), text.size()};
}

// What a fault in a request is answered with.
unsigned status_of(const ErrorCode& error) {
    if (error == http::error::header_limit) return 431;
    if (error == http::error::body_limit) return 413;
    return 400;
}

// False for transfer codings beside chunked: the length of such a body could be read in two ways.
template <class Message>
bool has_known_framing(const Message& message) {
    auto const codings = message.equal_range(http::field::transfer_encoding);
    return std::all_of(codings.first, codings.second,
                       [](auto const& field) { return same_name(view(field.value()), "chunked"); });
}

// True if the request names its host once, as HTTP/1.1 wants; without that, proxies may take it for another's.
template <class Message>
bool has_one_host(const Message& message) {
    return message.count(http::field::host) == 1 || (message.version() < 11 && message.count(http::field::host) == 0);
}

// The path and query of a target, which may also name scheme and host; what is neither is no path of ours.
std::string_view origin_form(std::string_view target) {
    if (!same_name(target.substr(0, 7), "http://") && !same_name(target.substr(0, 8), "https://")) return target;
    std::size_t const end = target.find_first_of("/?", target.find("://") + 3);
    return end == std::string_view::npos || target[end] == '?' ? std::string_view("/") : target.substr(end);
}

}  // namespace

// Makes ready for the next request. A new connection must send one soon, a kept-alive one may idle.
void Session::begin_request() {
    if (buffer_.size() == 0 && buffer_.capacity() > small_read) buffer_.shrink_to_fit();
    forget_request();
    parser_.emplace();
    parser_->header_limit(header_limit);
    parser_->body_limit(std::numeric_limits<std::uint64_t>::max());
    bytes_in_ = buffer_.size();
    bytes_out_ = 0;
    Seconds const limit = fresh_ ? std::min(config_.header_timeout, config_.idle_timeout) : config_.idle_timeout;
    enter(Phase::idle, Clock::now() + (finishing_ ? fresh_grace : milliseconds(limit)));
}

// Reads some more; false at the end of the connection.
Task<bool> Session::fill() {
    ErrorCode error;
    auto const space = buffer_.prepare(phase_ == Phase::body ? large_read : small_read);
    std::size_t const count = co_await socket_.async_read_some(space, into(error));
    buffer_.commit(count);
    bytes_in_ += count;
    if (phase_ == Phase::body) deadline_ = body_deadline();
    co_return !error;
}

// When the body must be there: a file may take longer, as long as it keeps coming.
TimePoint Session::body_deadline() {
    if (pace_) return pace_->deadline(bytes_in_, Clock::now());
    return started_ + milliseconds(config_.request_timeout);
}

// True if the body is larger than its endpoint takes, or says that it will be.
bool Session::is_too_large() const {
    if (takes_records_) return false;
    auto const length = parser_->content_length();
    return (length && *length > body_limit_) || parser_->get().body().size() > body_limit_;
}

// Notes the headers, at which the parser stops before it goes on with the body: it adds trailers to them.
void Session::take_headers() {
    for (auto const& field : parser_->get())
        headers_.push_back({view(field.name_string()), view(field.value())});
    parser_->eager(true);
}

// Feeds the parser. 0: it wants more; else `complete` or the status of a refusal.
unsigned Session::parse() {
    ErrorCode error;
    while (buffer_.size() > 0 && !parser_->is_done()) {
        std::size_t const used = parser_->put(buffer_.data(), error);
        buffer_.consume(used);
        if (error == http::error::need_more || (!error && used == 0)) break;
        if (error) return status_of(error);
        if (parser_->is_header_done() && headers_.empty()) take_headers();
    }
    if (!parser_->is_header_done()) return 0;
    if (phase_ == Phase::headers) {
        Body const kind = service_.body_kind(make_request());
        takes_file_ = kind == Body::file;
        takes_records_ = kind == Body::records;
        body_limit_ = takes_file_ ? config_.import_limit : config_.body_limit;
    }
    if (is_too_large()) return 413;
    unsigned const fault = phase_ == Phase::headers ? check_headers() : 0;
    if (fault != 0) return fault;
    return parser_->is_done() ? complete : 0;
}

// True if the body is, or says that it will be, one that is not taken from everybody.
bool Session::is_large() const {
    auto const length = parser_->content_length();
    return (length && *length > BodyMemory::small) || parser_->get().body().size() > BodyMemory::small;
}

// True if something has arrived of a request. Empty lines before it are passed over (RFC 9112 2.2).
bool Session::has_begun() {
    if (phase_ != Phase::idle) return buffer_.size() > 0;
    std::string_view text(static_cast<const char*>(buffer_.data().data()), buffer_.size());
    while (text.starts_with("\r\n"))
        text.remove_prefix(2);
    buffer_.consume(buffer_.size() - text.size());
    return !text.empty() && text != "\r";
}

// What can be told of the headers alone: 0, or the status of a refusal.
unsigned Session::check_headers() {
    auto const& message = parser_->get();
    if (!has_known_framing(message)) return 501;
    if (!has_one_host(message)) return 400;
    if (std::distance(message.begin(), message.end()) > most_headers) return 431;
    if (spare_ && !service_.is_about_health(make_request())) return 503;
    return 0;
}

// Looks at the credentials before the body is there: 0, or the status of a refusal.
Task<unsigned> Session::screen() {
    TimePoint const deadline = deadline_;
    enter(Phase::answer, TimePoint::max());
    Request const request = make_request();
    std::optional<Failure> const failure = co_await service_.screen(request, style());
    enter(Phase::headers, deadline);
    co_return failure ? refuse_with(*failure) : 0;
}

// Asks who sends a file or a large body before it is there, and takes memory for what is there of it: 0, `refused`, or
// the status of a refusal.
Task<unsigned> Session::let_in() {
    if (!trace_ && (is_large() || ((takes_file_ || takes_records_) && !parser_->is_done()))) {
        Phase const phase = phase_;
        enter(Phase::answer, TimePoint::max());
        Request const request = make_request();
        Trace trace = make_trace(request);
        refusal_ = co_await service_.admit(request, trace);
        trace_ = std::move(trace);
        if (refusal_) co_return refused;
        body_.belong_to(trace_->share);
        if (takes_file_) pace_.emplace(Clock::now(), milliseconds(config_.request_timeout));
        enter(phase, body_deadline());
    }
    if (!body_.grow_to(parser_->get().body().size(), takes_file_)) co_return refuse_with(out_of_body_memory());
    make_room_for_body();
    co_return 0;
}

// A text that grows is copied; so one that is large by now gets all the room that it may need, which costs nothing
// until it is used.
void Session::make_room_for_body() {
    std::string& body = parser_->get().body();
    if (body.size() > large_body && body.capacity() < body_limit_) body.reserve(body_limit_);
}

// The headers are there, the body is not. A client that asks before sending it is told to go on. 0, or an end of
// read_request() other than `complete`.
Task<unsigned> Session::enter_body() {
    unsigned end = co_await screen();
    if (end == 0) end = co_await let_in();
    if (end != 0) co_return end;
    enter(Phase::body, body_deadline());
    auto const& message = parser_->get();
    if (message.version() < 11 || !boost::beast::iequals(message[http::field::expect], "100-continue")) co_return 0;
    static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    ErrorCode error;
    co_await asio::async_write(socket_, asio::buffer(go_on.data(), go_on.size()), into(error));
    co_return error ? ended : 0;
}

// Reads one request: `complete`, `ended`, `refused` with an answer of its own, or the status of a refusal.
Task<unsigned> Session::read_request() {
    begin_request();
    for (;;) {
        if (has_begun()) {
            if (phase_ == Phase::idle) {
                started_ = Clock::now();
                enter(Phase::headers, started_ + milliseconds(config_.header_timeout));
            }
            unsigned const status = parse();
            if (status > complete) co_return status;
            unsigned end = 0;
            if (phase_ == Phase::headers && parser_->is_header_done() && status == 0)
                end = co_await enter_body();
            else if (parser_->is_header_done())
                end = co_await let_in();
            bool const there = status == complete || (takes_records_ && trace_);
            if (end != 0 || there) co_return end != 0 ? end : complete;
        }
        bool const filled = co_await fill();
        if (!filled) co_return timed_out_&& phase_ != Phase::idle ? 408 : ended;
    }
}

// The next piece of a body that is read while it is answered. Called by the service's thread.
Task<std::optional<std::string>> Session::read_piece(std::size_t held) {
    return asio::co_spawn(socket_.get_executor(), fill_piece(held), asio::use_awaitable_t<Executor>{});
}

Task<std::optional<std::string>> Session::fill_piece(std::size_t held) {
    if (!body_.grow_to(held + large_read, true)) throw out_of_body_memory();
    std::string& body = parser_->get().body();
    enter(Phase::body, Clock::now() + milliseconds(config_.request_timeout));
    timed_out_ = false;
    unsigned status = body.empty() ? parse() : 0;
    while (body.empty() && status == 0) {
        bool const filled = co_await fill();
        if (!filled) status = timed_out_ ? 408 : ended;
        if (filled) status = parse();
    }
    enter(Phase::answer, TimePoint::max());
    if (status == ended) throw bad_request("The connection ended before the request body did", "", Style::route);
    if (status > complete) throw own_failure(status);
    if (body.empty()) co_return std::nullopt;
    co_return std::exchange(body, std::string());
}

// The request as far as it was read.
Request Session::make_request() const {
    auto const& message = parser_->get();
    Request request;
    request.method = view(message.method_string());
    std::string_view const target = origin_form(view(message.target()));
    std::size_t const mark = std::min(target.find('?'), target.size());
    request.path = target.substr(0, mark);
    request.query = target.substr(std::min(mark + 1, target.size()));
    request.headers = headers_;
    request.body = message.body();
    if (!takes_file_ && request.body.starts_with(byte_order_mark)) request.body.remove_prefix(byte_order_mark.size());
    request.client = client_address(request, client_, config_.trusted_proxies);
    request.deadline = started_ + milliseconds(config_.request_timeout);
    request.takes_chunks = message.version() >= 11;
    return request;
}

}  // namespace eryxon::gateway
