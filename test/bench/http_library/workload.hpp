// The work that all servers of the comparison do: the limits, the wait for a database, and the answer.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <string>

namespace workload {

inline constexpr std::chrono::microseconds database_wait{300};
inline constexpr std::chrono::seconds idle_limit{60};
inline constexpr std::chrono::seconds read_limit{3};  // for the headers, and again for the body
inline constexpr std::size_t body_limit = 1 << 20;
inline constexpr std::size_t body_size = 300;
inline constexpr std::size_t answer_size = 200;

// A JSON body of 200 bytes, as a single upsert answers.
inline std::string answer() {
    std::string text = R"({"success":true,"data":{"action":"created","entity":"jobs","id":")";
    text.append(answer_size - text.size() - 3, 'a');
    return text + "\"}}";
}

// The status for a body: only the one that the load sends is good.
inline unsigned status_for(std::size_t size) {
    return size == body_size ? 200 : 400;
}

// The port, from the command line.
inline unsigned short port(int argc, char** argv) {
    return static_cast<unsigned short>(argc > 1 ? std::atoi(argv[1]) : 0);
}

}  // namespace workload
