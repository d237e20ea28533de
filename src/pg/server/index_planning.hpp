// Planning for look-ups by key. Every statement of the engine asks for some hundred rows by key. With the guesses that
// the planner has for arrays and for tables whose statistics are old it may read whole tables, or an index that only
// the tenant narrows down; loading would then grow with the square of the rows.
#pragma once

#include "pg/server/prelude.hpp"

namespace eryxon::pg {

// While it lives, the planner joins by index look-ups alone, and of a table's indexes sees those that the
// statement's conditions cover best.
class IndexPlanning {
public:
    IndexPlanning();
    ~IndexPlanning();
    IndexPlanning(const IndexPlanning&) = delete;
    IndexPlanning& operator=(const IndexPlanning&) = delete;

private:
    bool seqscan_, hashjoin_, mergejoin_, jit_;
};

// Puts the hook into the planner; called once when the library is loaded.
void register_planner_hook();

}  // namespace eryxon::pg
