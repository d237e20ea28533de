// RESTinio: one thread, callbacks on an io_context of Boost.Asio. Usage: restinio_server PORT
#define RESTINIO_USE_BOOST_ASIO
#include <utility>  // before asio, whose coroutine headers of 1.74 forget it

#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <restinio/all.hpp>

#include "workload.hpp"

namespace asio = boost::asio;
using Traits = restinio::default_single_thread_traits_t;
using Timer = asio::steady_timer;

// Answers one request.
static void answer(const restinio::request_handle_t& request) {
    static const std::string text = workload::answer();
    const auto status = static_cast<std::uint16_t>(workload::status_for(request->body().size()));
    request->create_response(restinio::http_status_line_t{restinio::http_status_code_t{status}, "Done"})
        .append_header(restinio::http_field::content_type, "application/json")
        .set_body(text)
        .done();
}

int main(int argc, char** argv) {
    asio::io_context context{1};
    auto handler = [&context](const restinio::request_handle_t& request) {
        auto database = std::make_shared<Timer>(context, workload::database_wait);
        database->async_wait([database, request](const auto&) { answer(request); });
        return restinio::request_accepted();
    };
    restinio::run(
        context,
        restinio::on_this_thread<Traits>()
            .port(workload::port(argc, argv))
            .address("127.0.0.1")
            .request_handler(handler)
            .read_next_http_message_timelimit(workload::idle_limit)
            .incoming_http_msg_limits(restinio::incoming_http_msg_limits_t{}.max_body_size(workload::body_limit))
            .socket_options_setter([](auto& options) { options.set_option(asio::ip::tcp::no_delay{true}); }));
}
