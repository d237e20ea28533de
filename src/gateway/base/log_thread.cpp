// Lines are gathered while those before them are written.
#include "gateway/base/log_thread.hpp"

#include "gateway/base/log.hpp"
#include "gateway/base/signals_blocked.hpp"

#include <unistd.h>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

namespace eryxon::gateway {

namespace {

constexpr std::chrono::seconds patience{1};  // at the end, with a reader that does not read

std::atomic<LogThread*> living{nullptr};

}  // namespace

struct LogThread::Lines {
    explicit Lines(int descriptor) : descriptor(descriptor) {}
    void run();
    // Takes what waits; says how many lines are missing after it.
    std::string take();
    bool is_written() const { return waiting.empty() && !writing; }

    int descriptor;
    std::mutex mutex;
    std::condition_variable changed;
    std::string waiting;
    unsigned long long lost = 0;
    bool writing = false;
    bool ending = false;
};

std::string LogThread::Lines::take() {
    std::string text = std::exchange(waiting, {});
    unsigned long long const missing = std::exchange(lost, 0);
    if (missing > 0)
        text +=
            LogLine("error").quoted("msg", "nobody read the log: lines are missing").number("lines", missing).text();
    return text;
}

void LogThread::Lines::run() {
    std::unique_lock lock(mutex);
    for (;;) {
        changed.wait(lock, [this] { return !waiting.empty() || ending; });
        if (waiting.empty()) return;
        std::string const text = take();
        writing = true;
        lock.unlock();
        write_out(descriptor, text);
        lock.lock();
        writing = false;
        changed.notify_all();
    }
}

LogThread::LogThread(int descriptor) : lines_(std::make_shared<Lines>(descriptor)) {
    SignalsBlocked const blocked;
    std::thread([lines = lines_] { lines->run(); }).detach();
    living = this;
}

LogThread::~LogThread() {
    living = nullptr;
    flush(patience);
    std::lock_guard const lock(lines_->mutex);
    lines_->ending = true;
    lines_->changed.notify_all();
}

void LogThread::put(std::string_view line) {
    std::lock_guard const lock(lines_->mutex);
    if (lines_->waiting.size() + line.size() > most) {
        ++lines_->lost;
        return;
    }
    lines_->waiting += line;
    if (!lines_->writing) lines_->changed.notify_all();
}

bool LogThread::flush(std::chrono::milliseconds limit) {
    std::unique_lock lock(lines_->mutex);
    return lines_->changed.wait_for(lock, limit, [this] { return lines_->is_written(); });
}

LogThread* log_thread() {
    return living;
}

void write_out(int descriptor, std::string_view text) {
    while (!text.empty()) {
        ssize_t const written = ::write(descriptor, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
}

}  // namespace eryxon::gateway
