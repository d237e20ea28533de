// cpp-httplib: a pool of threads, each of which belongs to one connection for as long as that is kept alive.
// Usage: httplib_server PORT THREADS
#include <httplib.h>
#include <sys/prctl.h>

#include <thread>

#include "workload.hpp"

// Waits as a blocking database call does: in the thread of the connection.
static void wait_for_database() {
    thread_local const int exact = prctl(PR_SET_TIMERSLACK, 1);
    static_cast<void>(exact);
    std::this_thread::sleep_for(workload::database_wait);
}

int main(int argc, char** argv) {
    const std::size_t threads = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 8;
    httplib::Server server;
    server.new_task_queue = [threads] { return new httplib::ThreadPool(threads); };
    server.set_keep_alive_max_count(static_cast<std::size_t>(-1));
    server.set_keep_alive_timeout(workload::idle_limit.count());
    server.set_read_timeout(workload::read_limit.count());
    server.set_payload_max_length(workload::body_limit);
    server.set_tcp_nodelay(true);
    server.Put("/api-jobs/sync", [](const httplib::Request& request, httplib::Response& response) {
        static const std::string answer = workload::answer();
        wait_for_database();
        response.status = static_cast<int>(workload::status_for(request.body.size()));
        response.set_content(answer, "application/json");
    });
    return server.listen("127.0.0.1", workload::port(argc, argv)) ? 0 : 1;
}
