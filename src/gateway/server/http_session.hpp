// One client connection: reads requests, has them answered one after the other, writes the answers.
#pragma once

#include "gateway/api/body_memory.hpp"
#include "gateway/api/places.hpp"
#include "gateway/base/message.hpp"
#include "gateway/server/body_pace.hpp"
#include "gateway/server/service_thread.hpp"
#include "gateway/server/text_body.hpp"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace eryxon::gateway {

class Session {
public:
    // Holds the place until it ends. One without a place is spare: it answers a request for the gateway's health,
    // refuses any other, and ends.
    Session(Socket socket, std::string client, Places::Place place, ServiceThread& service, BodyMemory& bodies,
            const Config& config);

    // Serves until either side ends the connection.
    Task<void> run();
    // Ends a wait that is over time; called from time to time.
    void check_time(TimePoint now);
    // Lets the request under way finish, and takes no other.
    void finish();
    // Ends at once.
    void abort();

    // Where the client is, as far as it cannot choose that itself.
    const std::string& network() const { return network_; }
    bool is_spare() const { return spare_; }
    // True if it is the client's turn, and nobody is known to be there: nothing, headers or a body are on their way, an
    // answer is not read, or what comes is thrown away.
    bool waits_for_client() const;
    TimePoint waits_since() const { return since_; }
    bool is_ended() const { return !socket_.is_open(); }

private:
    // What the connection waits for; decides what running out of time means.
    enum class Phase { idle, headers, body, answer, write, drain };
    // Ends of read_request() beside the statuses of refusals, and how long the gateway waits for the first request of a
    // connection when it stops.
    static constexpr unsigned complete = 200, ended = 1, refused = 2;
    static constexpr std::chrono::milliseconds fresh_grace{500};
    using Parser = boost::beast::http::request_parser<TextBody>;

    void enter(Phase phase, TimePoint deadline);
    void begin_request();
    Task<unsigned> read_request();
    Task<bool> fill();
    Task<unsigned> enter_body();
    Task<unsigned> screen();
    Task<unsigned> let_in();
    void make_room_for_body();
    bool is_large() const;
    bool has_begun();
    TimePoint body_deadline();
    bool is_too_large() const;
    void take_headers();
    unsigned parse();
    unsigned check_headers();
    unsigned refuse_with(const Failure& failure);
    void forget_request();
    void let_go_of_body(Request& request);
    Task<std::optional<std::string>> read_piece(std::size_t held);
    Task<std::optional<std::string>> fill_piece(std::size_t held);
    Task<bool> serve();
    Task<bool> end_answer(bool written, bool keep_alive);
    Task<void> refuse(unsigned status);
    Task<Response> answer(const Request& request, Trace& trace);
    std::string_view connection_header(bool keep_alive) const;
    Task<bool> write(const Response& response, const Trace& trace, bool keep_alive);
    Task<bool> write_stream(const Response& response, const Trace& trace, bool keep_alive);
    Task<void> drain();
    Request make_request() const;
    Trace make_trace(const Request& request) const;
    Style style() const;
    void log(const Request& request, const Response& response, const Trace& trace) const;

    Socket socket_;
    ServiceThread& service_;
    const Config& config_;
    std::string client_;  // its address
    std::string network_;
    Places::Place place_;
    bool const spare_;
    boost::beast::flat_buffer buffer_;
    std::optional<Parser> parser_;
    std::vector<HeaderView> headers_;  // as they were before the body: trailers are none of them
    BodyMemory::Share body_;
    bool takes_file_ = false;          // of the request under way
    bool takes_records_ = false;       // likewise: its body is read while it is answered
    std::uint64_t body_limit_ = 0;     // likewise
    std::optional<BodyPace> pace_;     // likewise, where a file is on its way
    std::optional<Trace> trace_;       // likewise, if it was asked who sends the body
    std::optional<Response> refusal_;  // where a status does not say it all
    Phase phase_ = Phase::idle;
    TimePoint deadline_ = TimePoint::max();
    TimePoint since_ = Clock::now();  // the begin of the phase
    TimePoint started_{};
    bool fresh_ = true;  // no request has been read yet
    bool timed_out_ = false;
    bool finishing_;
    std::uint64_t bytes_in_ = 0;
    std::uint64_t bytes_out_ = 0;
};

}  // namespace eryxon::gateway
