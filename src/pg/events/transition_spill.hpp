// Keeping the transition tables of long calls out of memory. A statement's tables are allocated with what its
// subtransaction leaves behind, and their pages stay until the whole transaction ends: a kilobyte for each row that a
// call changes.
#pragma once

#include "pg/server/prelude.hpp"

namespace eryxon::pg {

// While it lives with `wanted`, transition tables of statements that write go to temporary files beyond 64 kB.
class TransitionSpill {
public:
    explicit TransitionSpill(bool wanted);
    ~TransitionSpill();
    TransitionSpill(const TransitionSpill&) = delete;
    TransitionSpill& operator=(const TransitionSpill&) = delete;

private:
    bool before_;
};

// Puts the hook into the executor; called once when the library is loaded.
void register_executor_hook();

}  // namespace eryxon::pg
