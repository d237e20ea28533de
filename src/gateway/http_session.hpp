// One client connection: reads requests, has them answered one after the other, writes the answers.
#pragma once

#include "gateway/body_memory.hpp"
#include "gateway/body_pace.hpp"
#include "gateway/message.hpp"
#include "gateway/service.hpp"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cstdint>
#include <optional>
#include <string>

namespace eryxon::gateway {

class Session {
public:
    Session(Socket socket, Service& service, BodyMemory& bodies, const Config& config);

    // Serves until either side ends the connection.
    Task<void> run();
    // Ends a wait that is over time; called from time to time.
    void check_time(TimePoint now);
    // Lets the request under way finish, and takes no other.
    void finish();
    // Ends at once.
    void abort();

private:
    // What the connection waits for; decides what running out of time means.
    enum class Phase { idle, headers, body, answer, write, drain };
    using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

    void enter(Phase phase, TimePoint deadline);
    void begin_request();
    Task<unsigned> read_request();
    Task<bool> fill();
    Task<unsigned> enter_body();
    Task<unsigned> admit();
    TimePoint body_deadline();
    bool is_too_large() const;
    unsigned parse();
    unsigned check_headers();
    unsigned refuse_with(const Failure& failure);
    void forget_request();
    void let_go_of_body(Request& request);
    Task<bool> serve();
    Task<void> refuse(unsigned status);
    Task<Response> answer(const Request& request, Trace& trace);
    Task<bool> write(const Response& response, const Trace& trace, bool keep_alive);
    Task<bool> write_stream(const Response& response, const Trace& trace, bool keep_alive);
    Task<void> drain();
    Request make_request() const;
    Trace make_trace(const Request& request) const;
    Style style() const;
    void log(const Request& request, const Response& response, const Trace& trace) const;

    Socket socket_;
    Service& service_;
    const Config& config_;
    std::string client_;
    boost::beast::flat_buffer buffer_;
    std::optional<Parser> parser_;
    BodyMemory::Share body_;
    bool takes_file_ = false;          // of the request under way
    std::uint64_t body_limit_ = 0;     // likewise
    std::optional<BodyPace> pace_;     // likewise, where a file is on its way
    std::optional<Trace> trace_;       // likewise, if its file was let in
    std::optional<Response> refusal_;  // where a status does not say it all
    Phase phase_ = Phase::idle;
    TimePoint deadline_ = TimePoint::max();
    TimePoint started_{};
    bool fresh_ = true;  // no request has been read yet
    bool timed_out_ = false;
    bool finishing_ = false;
    std::uint64_t bytes_in_ = 0;
    std::uint64_t bytes_out_ = 0;
};

}  // namespace eryxon::gateway
