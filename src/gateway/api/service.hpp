// What the gateway answers: from a request to a response, whatever carries them.
#pragma once

#include "gateway/api/admin_pages.hpp"
#include "gateway/api/callers.hpp"
#include "gateway/api/credentials.hpp"
#include "gateway/api/matching.hpp"
#include "gateway/api/metrics.hpp"
#include "gateway/api/openapi.hpp"
#include "gateway/api/places.hpp"
#include "gateway/api/query.hpp"
#include "gateway/api/rate_limit.hpp"
#include "gateway/api/router.hpp"
#include "gateway/base/message.hpp"
#include "gateway/database/database.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace eryxon::gateway {

// What is noted of a request beside its answer.
struct Trace {
    std::string request_id;
    std::string_view route = "(none)";
    std::string auth = "none";
    std::string share{};              // whose share of memory and connections the request takes, once that is known
    std::optional<RateState> rate{};  // where a limit is in force
    std::vector<Header> headers{};    // of the answer, whatever it is
    std::shared_ptr<void> trial{};    // held while a credential is tried over the limit of its address
    Places::Place place{};            // among the requests under way, until the client has the answer
};

// Whom a request is charged to.
Caller caller_of(const Request& request, const Credentials& credentials);
// Tells the log what the client must not see.
void log_failure(const Failure& failure, const Trace& trace);
// The answer to a failure, of which the log is told what the client must not see.
Response answer_failure(const Failure& failure, const Trace& trace, Style style);

class ImportReport;
class RecordParts;

class Service {
public:
    Service(Executor executor, const Config& config);

    void start() { database_.start(); }
    void stop() { database_.stop(); }
    // Reads again what is known of the database, the keys of tokens, and the admin pages.
    void reload();
    // Has imports end before their next part.
    void finish() { finishing_ = true; }
    Metrics& metrics() { return metrics_; }

    // What the request's body is.
    Body body_kind(const Request& request) const;
    // What is wrong with the credentials of a request whose body has not arrived, if its endpoint asks for any.
    Task<std::optional<Failure>> screen(const Request& request, Style style);
    // Nothing if the file or large body of a request may come: the caller is known, and a file's entity. Else the
    // refusal. The request is charged here, and not again by answer() with the same trace.
    Task<std::optional<Response>> admit(const Request& request, Trace& trace);
    // Whether the gateway and its database are well, if that is asked; and whether it is. For any thread.
    std::optional<Response> answer_health(const Request& request, Trace& trace) const;
    bool is_about_health(const Request& request) const;
    // The answer to a request that arrived completely.
    Task<Response> answer(const Request& request, Trace& trace);

private:
    friend class RunEvents;

    // A function and what it is called with.
    struct Plan {
        std::shared_ptr<const Catalog> catalog;
        Match match;
        std::string document{};  // JSON that is not the request's body
    };

    // A call of a function whose arguments have names, and stand in the document but for a file.
    struct NamedCall {
        std::string function;
        std::vector<std::string> names;
        std::string document;
        std::string_view file{};
    };

    void reload_keys();
    Task<void> ask_who_calls(const Request& request, Trace& trace, Style style);
    Credentials take_caller(const Request& request, Trace& trace, Style style);
    Task<Response> answer_route(const Request& request, const Route& route, Trace& trace, Style style);
    Task<Response> answer_call(const Request& request, const Route& route, Trace& trace, Style style);
    Task<Plan> plan(const Request& request, const Route& route, Style style);
    Task<Plan> plan_named(std::string function, std::vector<std::string> names, std::string document,
                          TimePoint deadline);
    Task<void> demand_entity(const Route& route, TimePoint deadline);
    Task<Answer> run(const Request& request, const Plan& plan, const Credentials& credentials, Style style,
                     std::string_view file, TimePoint deadline);
    std::chrono::milliseconds file_time(std::size_t bytes) const;
    Task<Response> answer_file(const Request& request, const Route& route, Trace& trace);
    // One part, or what tells that there is no other.
    using ImportStep = std::function<Task<Answer>()>;
    Task<Response> answer_records(const Request& request, const Route& route, Trace& trace);
    Task<Response> import_parts(const Request& request, const Credentials& credentials, std::string run,
                                const ImportStep& next, const Trace& trace);
    Task<Answer> import_step(const Request& request, const Credentials& credentials, const std::string& run);
    Task<Answer> import_records(const Request& request, const Credentials& credentials, const std::string& run,
                                RecordParts& parts);
    Task<Answer> run_step(const Request& request, const Credentials& credentials, const NamedCall& step);
    Task<Response> give_up_import(const Request& request, const Credentials& credentials, ImportReport& report,
                                  Response failure, const Trace& trace);
    Response answer_run(const Request& request, const Plan& plan, const Credentials& credentials, Answer answer);
    Response answer_page(const Request& request, const Route& route) const;
    Task<Response> answer_openapi(const Request& request);
    Response answer_ready() const;
    Credentials authenticate(const Request& request, Trace& trace, Style style);
    void limit_rate(const Caller& caller, Trace& trace);
    Failure too_many_requests(const Trace& trace);
    void accept_caller(const Request& request, const Credentials& credentials, const Answer& answer, Trace& trace);

    const Config& config_;
    Metrics metrics_;
    Executor executor_;
    Database database_;
    AdminPages pages_;
    TokenChecker tokens_;
    RateLimiter limiter_;
    Callers callers_;
    Places places_;        // of requests under way, by share
    std::string openapi_;  // the latest description, made at openapi_made_
    TimePoint openapi_made_{};
    bool finishing_ = false;
};

}  // namespace eryxon::gateway
