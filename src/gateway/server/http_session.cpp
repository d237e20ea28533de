// The life of a client's connection: requests are answered one after the other, answers written.
#include "gateway/server/http_session.hpp"

#include "gateway/api/cors.hpp"
#include "gateway/api/forwarded.hpp"
#include "gateway/base/log.hpp"
#include "gateway/server/response_head.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <boost/beast/http/verb.hpp>
#include <charconv>

namespace eryxon::gateway {

namespace {

namespace http = boost::beast::http;

constexpr std::chrono::seconds drain_limit{2};
// How long the client of a new connection has for its request, and any for reading an answer, until it counts as one
// that keeps the gateway waiting.
constexpr std::chrono::milliseconds asking_time{200}, reading_time{1000};

constexpr std::string_view last_chunk = "0\r\n\r\n";

// A piece of a body as a chunk (RFC 9112).
std::string chunk(std::string_view piece) {
    std::array<char, 20> size{};
    auto const end = std::to_chars(size.data(), size.data() + size.size(), piece.size(), 16).ptr;
    return std::string(size.data(), end).append("\r\n").append(piece).append("\r\n");
}

}  // namespace

Session::Session(Socket socket, std::string client, Places::Place place, ServiceThread& service, BodyMemory& bodies,
                 const Config& config)
    : socket_(std::move(socket)),
      service_(service),
      config_(config),
      client_(std::move(client)),
      network_(network_of(client_)),
      place_(std::move(place)),
      spare_(place_ == nullptr),
      body_(bodies),
      finishing_(spare_) {
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
    since_ = Clock::now();
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

bool Session::waits_for_client() const {
    bool const reads = phase_ == Phase::idle || phase_ == Phase::headers || (phase_ == Phase::body && !trace_);
    if (!socket_.is_open() || !(reads || phase_ == Phase::write || phase_ == Phase::drain)) return false;
    std::chrono::milliseconds patience{0};
    if (phase_ == Phase::write)
        patience = reading_time;
    else if (fresh_ && !spare_)
        patience = asking_time;
    return Clock::now() - since_ >= patience;
}

void Session::abort() {
    ErrorCode ignored;
    socket_.close(ignored);
    place_.reset();
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
    headers_.clear();
    if (parser_) service_.discard(std::move(parser_->get().body()));
    parser_.reset();
    body_.release();
    pace_.reset();
    trace_.reset();
}

// Gives back the body of a request that is still being answered. Called by the service's thread, while this one leaves
// the parser alone; the count of bytes is this one's.
void Session::let_go_of_body(Request& request) {
    std::string().swap(parser_->get().body());
    request.body = "";
    asio::post(socket_.get_executor(), [this] { body_.release(); });
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
    request.read = [this](std::size_t held) { return read_piece(held); };
    Trace trace = make_trace(request);
    enter(Phase::answer, TimePoint::max());
    Response response = co_await answer(request, trace);
    bool const keep_alive = parser_->is_done() && parser_->keep_alive() && !finishing_;
    bool written = false;
    if (response.stream)
        written = co_await write_stream(response, trace, keep_alive);
    else
        written = co_await write(response, trace, keep_alive);
    log(request, response, trace);
    response.stream.reset();
    bool const more = co_await end_answer(written, keep_alive);
    co_return more;
}

// After an answer; true if the connection takes another request. What was not read of the body is thrown away.
Task<bool> Session::end_answer(bool written, bool keep_alive) {
    bool const is_read = parser_->is_done();
    forget_request();
    if (written && !is_read) co_await drain();
    co_return written&& keep_alive&& is_read;
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
    service_.metrics().refused(response.status);
    bool const written = co_await write(response, trace, false);
    log(request, response, trace);
    forget_request();
    if (written) co_await drain();
}

// What the answer says about the connection: a client of HTTP/1.0 takes it for closed unless it is told otherwise.
std::string_view Session::connection_header(bool keep_alive) const {
    if (!keep_alive) return "close";
    return parser_->get().version() < 11 ? "keep-alive" : "";
}

// Writes the response; false if the client is gone.
Task<bool> Session::write(const Response& response, const Trace& trace, bool keep_alive) {
    enter(Phase::write, Clock::now() + milliseconds(config_.request_timeout));
    bool const head_only = parser_->get().method() == http::verb::head;
    std::string const head = response_head(response, trace, connection_header(keep_alive));
    std::string_view const body = head_only ? std::string_view() : response.content();
    std::array<asio::const_buffer, 2> const parts = {asio::buffer(head), asio::buffer(body.data(), body.size())};
    ErrorCode error;
    bytes_out_ = co_await asio::async_write(socket_, parts, into(error));
    co_return !error;
}

// Writes the pieces of a stream as they come, in chunks; false if the client is gone. A stop of the gateway ends it.
Task<bool> Session::write_stream(const Response& response, const Trace& trace, bool keep_alive) {
    ErrorCode error;
    std::string text = response_head(response, trace, connection_header(keep_alive));
    for (bool last = false;;) {
        enter(Phase::write, Clock::now() + milliseconds(config_.request_timeout));
        bytes_out_ += co_await asio::async_write(socket_, asio::buffer(text), into(error));
        if (error || last) break;
        enter(Phase::answer, TimePoint::max());
        std::optional<std::string> const piece = co_await service_.next(*response.stream);
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
