// Looking at a run again and again, and telling what has changed.
#include "gateway/api/run_events.hpp"

#include "core/json/json_build.hpp"

namespace eryxon::gateway {

namespace {

constexpr std::chrono::milliseconds interval{250};
constexpr std::chrono::seconds longest_silence{15};  // then a comment is sent: proxies end what is silent

// The run in an answer, as compact JSON.
std::string run_of(const std::string& body) {
    core::JsonArena arena;
    return core::json_text(data_of(body, arena));
}

bool is_active(const std::string& run) {
    core::JsonArena arena;
    std::string_view const status = text_of(core::parse_json(run, arena), "status");
    return status == "running" || status == "cancelling";
}

bool wants_events(const Request& request) {
    const HeaderView* accept = request.find("accept");
    return request.takes_chunks && request.method == "GET" && accept != nullptr &&
           lower_case(accept->value).find("text/event-stream") != std::string::npos;
}

}  // namespace

RunEvents::RunEvents(Service& service, const Request& request, Service::Plan plan, Credentials credentials,
                     std::string data)
    : service_(service),
      request_(request),
      plan_(std::move(plan)),
      credentials_(std::move(credentials)),
      timer_(service.executor_),
      data_(std::move(data)) {}

// The run's state as an event; JSON has no line breaks of its own.
std::string RunEvents::event() {
    ended_ = !is_active(data_);
    told_ = data_;
    told_at_ = Clock::now();
    return std::string("event: ") + (ended_ ? "done" : "progress") + "\ndata: " + data_ + "\n\n";
}

Task<std::optional<std::string>> RunEvents::next() {
    if (ended_) co_return std::nullopt;
    for (;;) {
        if (data_ != told_) co_return event();
        if (Clock::now() - told_at_ >= longest_silence) {
            told_at_ = Clock::now();
            co_return ": still running\n\n";
        }
        ErrorCode ignored;
        timer_.expires_after(interval);
        co_await timer_.async_wait(into(ignored));
        bool const known = co_await ask();
        if (!known || service_.finishing_) co_return std::nullopt;
    }
}

// Reads the run again; false if it cannot be read any more. A database that is away for a moment ends nothing.
Task<bool> RunEvents::ask() {
    try {
        TimePoint const deadline = Clock::now() + milliseconds(service_.config_.request_timeout);
        Answer const answer = co_await service_.run(request_, plan_, credentials_, Style::route, {}, deadline);
        if (answer.status == 200) data_ = run_of(answer.body);
        co_return answer.status == 200;
    } catch (const Failure& failure) {
        co_return failure.status == 503;
    }
}

// A run as it is, or as events if the client asks for them.
Response Service::answer_run(const Request& request, const Plan& plan, const Credentials& credentials, Answer answer) {
    Response response = to_response(std::move(answer));
    response.headers.push_back({"Cache-Control", "no-store"});
    if (response.status != 200 || !wants_events(request)) return response;
    response.content_type = "text/event-stream";
    response.headers.push_back({"X-Accel-Buffering", "no"});
    response.stream = std::make_shared<RunEvents>(*this, request, plan, credentials, run_of(response.body));
    return response;
}

}  // namespace eryxon::gateway
