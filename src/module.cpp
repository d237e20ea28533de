// The module: magic and load-time set-up.
#include "pg/deletes/delete_trigger.hpp"
#include "pg/events/transition_spill.hpp"
#include "pg/registry/registry.hpp"
#include "pg/server/index_planning.hpp"
#include "pg/server/settings.hpp"
#include "pg/server/statement_order.hpp"

#include <iterator>

extern "C" {
PG_MODULE_MAGIC;

PGDLLEXPORT void _PG_init(void);
}

// Defines the settings and registers callbacks and hooks. An error within leaves the library in the process, and the
// next attempt to load it goes on where this one stopped: a hook that is put in twice would call itself.
void _PG_init(void) {
    using namespace eryxon::pg;
    static constexpr void (*const steps[])() = {
        define_settings,       register_catalog_callbacks, register_transaction_callbacks,
        register_planner_hook, register_executor_hook,     register_statement_hook};
    static std::size_t done = 0;
    for (; done < std::size(steps); done++)
        steps[done]();
}
