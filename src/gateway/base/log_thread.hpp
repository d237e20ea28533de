// Writes the log in a thread of its own: whoever reads it may take his time, or stop reading, and holds nobody up.
#pragma once

#include <chrono>
#include <memory>
#include <string_view>

namespace eryxon::gateway {

// While one lives, the lines of the log go through it.
class LogThread {
public:
    static constexpr std::size_t most = 4 << 20;  // bytes that wait; lines over that are lost, which the log says

    explicit LogThread(int descriptor);
    // Writes what is left, as far as somebody reads it soon.
    ~LogThread();
    LogThread(const LogThread&) = delete;
    LogThread& operator=(const LogThread&) = delete;

    void put(std::string_view line);
    // Waits until all is written; false if that takes longer.
    bool flush(std::chrono::milliseconds limit);

private:
    struct Lines;
    std::shared_ptr<Lines> lines_;  // the thread has them, too: it may outlive this
};

// The one that lives, or nothing.
LogThread* log_thread();
// Writes all of it, waiting for the reader.
void write_out(int descriptor, std::string_view text);

}  // namespace eryxon::gateway
