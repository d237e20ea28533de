// Keeping the transition tables of long calls out of memory, by a hook where the executor makes them.
#include "pg/events/transition_spill.hpp"

#include "pg/server/boundary.hpp"

#include <utility>

extern "C" {
#include "executor/executor.h"
}

namespace eryxon::pg {

namespace {

constexpr int least_work_mem = 64;  // kB, the least that the setting takes

bool active = false;
ExecutorStart_hook_type previous_hook = nullptr;

// The server's own limit of memory, put back however the scope is left.
class LessWorkMem {
public:
    LessWorkMem() : before_(std::exchange(work_mem, least_work_mem)) {}
    ~LessWorkMem() { work_mem = before_; }
    LessWorkMem(const LessWorkMem&) = delete;
    LessWorkMem& operator=(const LessWorkMem&) = delete;

private:
    int before_;
};

void start_executor(QueryDesc* query, int flags) {
    if (previous_hook != nullptr)
        previous_hook(query, flags);
    else
        standard_ExecutorStart(query, flags);
}

void on_executor_start(QueryDesc* query, int flags) {
    if (!active || query->operation == CMD_SELECT) return start_executor(query, flags);
    enter([&] {
        LessWorkMem const less;
        call([&] { start_executor(query, flags); });
    });
}

}  // namespace

TransitionSpill::TransitionSpill(bool wanted) : before_(std::exchange(active, active || wanted)) {}

TransitionSpill::~TransitionSpill() {
    active = before_;
}

void register_executor_hook() {
    previous_hook = ExecutorStart_hook;
    ExecutorStart_hook = on_executor_start;
}

}  // namespace eryxon::pg
