// Reading requests with Boost.Beast's parser, within limits of size and time.
#include "gateway/http_session.hpp"

#include "gateway/cors.hpp"
#include "gateway/forwarded.hpp"
#include "gateway/log.hpp"
#include "gateway/response_head.hpp"

#include <algorithm>
#include <array>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/verb.hpp>
#include <charconv>

namespace eryxon::gateway {

namespace {

namespace http = boost::beast::http;

constexpr std::uint32_t header_limit = 32 * 1024;  // bytes of request line and headers
constexpr std::ptrdiff_t most_headers = 100;
constexpr std::size_t small_read = 8 * 1024;
constexpr std::size_t large_read = 64 * 1024;
constexpr std::chrono::seconds drain_limit{2};
constexpr std::chrono::milliseconds fresh_grace{500};  // for the first request of a connection, when the gateway stops
constexpr unsigned complete = 200, ended = 1;          // ends of read_request() beside the statuses of refusals

// What a fault in a request is answered with.
unsigned status_of(const ErrorCode& error) {
    if (error == http::error::header_limit) return 431;
    if (error == http::error::body_limit) return 413;
    return 400;
}

std::string_view view(boost::beast::string_view text) {
    return {text.data(), text.size()};
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

constexpr std::string_view last_chunk = "0\r\n\r\n";

// A piece of a body as a chunk (RFC 9112).
std::string chunk(std::string_view piece) {
    std::array<char, 20> size{};
    auto const end = std::to_chars(size.data(), size.data() + size.size(), piece.size(), 16).ptr;
    return std::string(size.data(), end).append("\r\n").append(piece).append("\r\n");
}

std::string address_of(const Socket& socket) {
    ErrorCode error;
    auto const endpoint = socket.remote_endpoint(error);
    return error ? "unknown" : endpoint.address().to_string();
}

}  // namespace

Session::Session(Socket socket, Service& service, BodyMemory& bodies, const Config& config)
    : socket_(std::move(socket)), service_(service), config_(config), client_(address_of(socket_)), body_(bodies) {
    ErrorCode ignored;
    socket_.set_option(Tcp::no_delay(true), ignored);
}

Task<void> Session::run() {
    bool more = true;
    while (more)
        more = co_await serve();
    abort();
}

void Session::enter(Phase phase, TimePoint deadline) {
    phase_ = phase;
    deadline_ = deadline;
}

void Session::check_time(TimePoint now) {
    if (now < deadline_) return;
    deadline_ = TimePoint::max();
    timed_out_ = true;
    ErrorCode ignored;
    if (phase_ == Phase::headers || phase_ == Phase::body || phase_ == Phase::drain)
        socket_.cancel(ignored);
    else
        abort();
}

void Session::finish() {
    finishing_ = true;
    if (phase_ != Phase::idle) return;
    if (fresh_)
        deadline_ = std::min(deadline_, Clock::now() + fresh_grace);
    else
        abort();
}

void Session::abort() {
    ErrorCode ignored;
    socket_.close(ignored);
}

// Makes ready for the next request. A new connection must send one soon, a kept-alive one may idle.
void Session::begin_request() {
    if (buffer_.size() == 0 && buffer_.capacity() > small_read) buffer_.shrink_to_fit();
    forget_request();
    parser_.emplace();
    parser_->eager(true);
    parser_->header_limit(header_limit);
    parser_->body_limit(std::max(config_.body_limit, config_.import_limit));
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
    auto const length = parser_->content_length();
    return (length && *length > body_limit_) || parser_->get().body().size() > body_limit_;
}

// Feeds the parser. 0: it wants more; else `complete` or the status of a refusal.
unsigned Session::parse() {
    ErrorCode error;
    while (buffer_.size() > 0 && !parser_->is_done()) {
        std::size_t const used = parser_->put(buffer_.data(), error);
        buffer_.consume(used);
        if (error == http::error::need_more || (!error && used == 0)) break;
        if (error) return status_of(error);
    }
    if (!parser_->is_header_done()) return 0;
    if (phase_ == Phase::headers) {
        takes_file_ = service_.takes_file(make_request());
        body_limit_ = takes_file_ ? config_.import_limit : config_.body_limit;
    }
    if (is_too_large()) return 413;
    unsigned const fault = phase_ == Phase::headers ? check_headers() : 0;
    if (fault != 0) return fault;
    if (!body_.grow_to(parser_->get().body().size(), takes_file_)) return refuse_with(out_of_body_memory());
    return parser_->is_done() ? complete : 0;
}

// What can be told before the body is there: 0, or the status of a refusal.
unsigned Session::check_headers() {
    auto const& message = parser_->get();
    if (!has_known_framing(message)) return 501;
    if (!has_one_host(message)) return 400;
    if (std::distance(message.begin(), message.end()) > most_headers) return 431;
    if (parser_->is_done()) return 0;
    std::optional<Failure> const failure = service_.screen(make_request(), style());
    return failure ? refuse_with(*failure) : 0;
}

// Notes the answer of a refusal; gives its status.
unsigned Session::refuse_with(const Failure& failure) {
    refusal_ = to_response(failure, style());
    return failure.status;
}

// The style of answers to the request's path.
Style Session::style() const {
    return is_rpc(make_request().path) ? Style::rpc : Style::route;
}

// Gives back what the request has taken.
void Session::forget_request() {
    parser_.reset();
    body_.release();
    pace_.reset();
    trace_.reset();
}

// Gives back the body of a request that is still being answered.
void Session::let_go_of_body(Request& request) {
    std::string().swap(parser_->get().body());
    request.body = "";
    body_.release();
}

// Asks the database who sends a file before the file is there: 0, or the status of a refusal.
Task<unsigned> Session::admit() {
    enter(Phase::answer, TimePoint::max());
    Request const request = make_request();
    trace_ = make_trace(request);
    refusal_ = co_await service_.admit(request, *trace_);
    pace_.emplace(Clock::now(), milliseconds(config_.request_timeout));
    co_return refusal_ ? refusal_->status : 0;
}

// The headers are there, the body is not. A client that asks before sending it is told to go on. 0, `ended`, or the
// status of a refusal.
Task<unsigned> Session::enter_body() {
    if (takes_file_) {
        unsigned const refused = co_await admit();
        if (refused != 0) co_return refused;
    }
    enter(Phase::body, body_deadline());
    auto const& message = parser_->get();
    if (message.version() < 11 || !boost::beast::iequals(message[http::field::expect], "100-continue")) co_return 0;
    static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    ErrorCode error;
    co_await asio::async_write(socket_, asio::buffer(go_on.data(), go_on.size()), into(error));
    co_return error ? ended : 0;
}

// Reads one request: `complete`, `ended`, or the status of a refusal.
Task<unsigned> Session::read_request() {
    begin_request();
    for (;;) {
        if (buffer_.size() > 0) {
            if (phase_ == Phase::idle) {
                started_ = Clock::now();
                enter(Phase::headers, started_ + milliseconds(config_.header_timeout));
            }
            if (unsigned const status = parse(); status != 0) co_return status;
            unsigned end = 0;
            if (phase_ == Phase::headers && parser_->is_header_done()) end = co_await enter_body();
            if (end != 0) co_return end;
        }
        bool const filled = co_await fill();
        if (!filled) co_return timed_out_&& phase_ != Phase::idle ? 408 : ended;
    }
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
    for (auto const& field : message)
        request.headers.push_back({view(field.name_string()), view(field.value())});
    request.body = message.body();
    request.client = client_address(request, client_, config_.trusted_proxies);
    request.deadline = started_ + milliseconds(config_.request_timeout);
    request.takes_chunks = message.version() >= 11;
    return request;
}

// What is noted of the request beside its answer; it goes on where the file was let in.
Trace Session::make_trace(const Request& request) const {
    if (trace_) return *trace_;
    return {.request_id = request_id(request.find("x-request-id")),
            .headers = cors_headers(request, config_.cors_origins)};
}

// Answers one request; false if the connection ends with it.
Task<bool> Session::serve() {
    unsigned const status = co_await read_request();
    fresh_ = false;
    if (status == ended) co_return false;
    if (status != complete) {
        co_await refuse(status);
        co_return false;
    }
    Request request = make_request();
    request.let_go = [this, &request] { let_go_of_body(request); };
    Trace trace = make_trace(request);
    enter(Phase::answer, TimePoint::max());
    Response response = co_await answer(request, trace);
    bool const keep_alive = parser_->keep_alive() && !finishing_;
    bool written = false;
    if (response.stream)
        written = co_await write_stream(response, trace, keep_alive);
    else
        written = co_await write(response, trace, keep_alive);
    log(request, response, trace);
    response.stream.reset();
    forget_request();
    bool const more = written && keep_alive;
    co_return more;
}

// Has the request answered, and counts it.
Task<Response> Session::answer(const Request& request, Trace& trace) {
    service_.metrics().request_began();
    Response response = co_await service_.answer(request, trace);
    double const seconds = std::chrono::duration<double>(Clock::now() - started_).count();
    service_.metrics().request_ended(trace.route, request.method, response.status, seconds);
    co_return std::move(response);
}

// Answers a request that cannot be read to its end, and ends the connection so that the answer arrives.
Task<void> Session::refuse(unsigned status) {
    Request const request = make_request();
    Response const response = refusal_ ? *refusal_ : to_response(own_failure(status), style());
    Trace const trace = make_trace(request);
    service_.metrics().refused(status);
    bool const written = co_await write(response, trace, false);
    log(request, response, trace);
    forget_request();
    if (written) co_await drain();
}

// Writes the response; false if the client is gone.
Task<bool> Session::write(const Response& response, const Trace& trace, bool keep_alive) {
    enter(Phase::write, Clock::now() + milliseconds(config_.request_timeout));
    bool const head_only = parser_->get().method() == http::verb::head;
    std::string const head = response_head(response, trace, keep_alive);
    std::string_view const body = head_only ? std::string_view() : response.content();
    std::array<asio::const_buffer, 2> const parts = {asio::buffer(head), asio::buffer(body.data(), body.size())};
    ErrorCode error;
    bytes_out_ = co_await asio::async_write(socket_, parts, into(error));
    co_return !error;
}

// Writes the pieces of a stream as they come, in chunks; false if the client is gone. A stop of the gateway ends it.
Task<bool> Session::write_stream(const Response& response, const Trace& trace, bool keep_alive) {
    ErrorCode error;
    std::string text = response_head(response, trace, keep_alive);
    for (bool last = false;;) {
        enter(Phase::write, Clock::now() + milliseconds(config_.request_timeout));
        bytes_out_ += co_await asio::async_write(socket_, asio::buffer(text), into(error));
        if (error || last) break;
        enter(Phase::answer, TimePoint::max());
        std::optional<std::string> const piece = co_await response.stream->next();
        last = !piece || finishing_;
        text = last ? std::string(last_chunk) : chunk(*piece);
    }
    co_return !error;
}

// Reads and forgets what the client still sends: closing at once would take the answer from it.
Task<void> Session::drain() {
    ErrorCode error;
    socket_.shutdown(Tcp::socket::shutdown_send, error);
    enter(Phase::drain, Clock::now() + drain_limit);
    timed_out_ = false;
    bool more = true;
    while (more && !timed_out_) {
        more = co_await fill();
        buffer_.consume(buffer_.size());
    }
}

// Writes the line of the access log.
void Session::log(const Request& request, const Response& response, const Trace& trace) const {
    if (!config_.access_log) return;
    double const passed = std::chrono::duration<double, std::milli>(Clock::now() - started_).count();
    LogLine("info")
        .quoted("client", request.client)
        .plain("request_id", trace.request_id)
        .quoted("method", request.method)
        .quoted("path", request.path)
        .number("status", response.status)
        .milliseconds("duration_ms", passed)
        .number("bytes_in", bytes_in_)
        .number("bytes_out", bytes_out_)
        .quoted("auth", trace.auth)
        .write();
}

}  // namespace eryxon::gateway
