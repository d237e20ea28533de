// Coroutines of the service run on its thread's event loop, those that wait for them go on in their own.
#include "gateway/server/service_thread.hpp"

#include "gateway/base/spawn.hpp"

#include <boost/asio/post.hpp>

namespace eryxon::gateway {

namespace {

constexpr std::size_t much = 1 << 20;  // bytes that are not freed beside the connections

// Has a task done in that event loop; the caller goes on in his own.
template <class T>
Task<T> done_in(asio::io_context& context, Task<T> task) {
    return asio::co_spawn(context.get_executor(), std::move(task), asio::use_awaitable_t<Executor>{});
}

}  // namespace

ServiceThread::ServiceThread(const Config& config)
    : work_(context_.get_executor()), service_(context_.get_executor(), config) {}

ServiceThread::~ServiceThread() {
    stop();
    work_.reset();
    if (thread_.joinable()) thread_.join();
}

void ServiceThread::start() {
    service_.start();
    thread_ = std::thread([this] { run_loop(context_, "the service"); });
}

void ServiceThread::reload() {
    asio::post(context_, [this] { service_.reload(); });
}

void ServiceThread::finish() {
    asio::post(context_, [this] { service_.finish(); });
}

void ServiceThread::stop() {
    asio::post(context_, [this] { service_.stop(); });
}

Task<std::optional<Failure>> ServiceThread::screen(const Request& request, Style style) {
    return done_in(context_, service_.screen(request, style));
}

Task<std::optional<Response>> ServiceThread::admit(const Request& request, Trace& trace) {
    return done_in(context_, service_.admit(request, trace));
}

Task<Response> ServiceThread::answer(const Request& request, Trace& trace) {
    if (std::optional<Response> health = service_.answer_health(request, trace)) co_return std::move(*health);
    Response response = co_await done_in(context_, service_.answer(request, trace));
    co_return std::move(response);
}

Task<std::optional<std::string>> ServiceThread::next(Stream& stream) {
    return done_in(context_, stream.next());
}

void ServiceThread::discard(std::string&& text) {
    if (text.capacity() >= much) asio::post(context_, [text = std::move(text)]() mutable { std::string().swap(text); });
}

}  // namespace eryxon::gateway
