// Numbers of statements, by a hook where the executor fires AFTER triggers.
#include "pg/server/statement_order.hpp"

#include "pg/server/boundary.hpp"

#include <vector>

extern "C" {
#include "commands/sequence.h"
#include "executor/executor.h"
}

namespace eryxon::pg {

namespace {

ExecutorFinish_hook_type previous_hook = nullptr;

// The statements whose AFTER triggers are being fired, the outermost first: their numbers, 0 as long as none is needed.
std::vector<std::int64_t> firing;

class Firing {
public:
    Firing() { firing.push_back(0); }
    ~Firing() { firing.pop_back(); }
    Firing(const Firing&) = delete;
    Firing& operator=(const Firing&) = delete;
};

void finish_executor(QueryDesc* query) {
    if (previous_hook != nullptr)
        previous_hook(query);
    else
        standard_ExecutorFinish(query);
}

void on_executor_finish(QueryDesc* query) {
    if (query->operation == CMD_SELECT && !query->plannedstmt->hasModifyingCTE) return finish_executor(query);
    enter([&] {
        Firing const level;
        call([&] { finish_executor(query); });
    });
}

}  // namespace

std::int64_t statement_number(Oid sequence) {
    for (std::int64_t& number : firing)
        if (number == 0) number = nextval_internal(sequence, false);
    return firing.empty() ? nextval_internal(sequence, false) : firing.back();
}

void register_statement_hook() {
    previous_hook = ExecutorFinish_hook;
    ExecutorFinish_hook = on_executor_finish;
}

}  // namespace eryxon::pg
