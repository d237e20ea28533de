// The module: magic and load-time set-up.
#include "pg/delete_trigger.hpp"
#include "pg/index_planning.hpp"
#include "pg/registry.hpp"
#include "pg/settings.hpp"
#include "pg/statement_order.hpp"
#include "pg/transition_spill.hpp"

extern "C" {
PG_MODULE_MAGIC;

PGDLLEXPORT void _PG_init(void);
}

// Defines the settings and registers callbacks and hooks.
void _PG_init(void) {
    eryxon::pg::define_settings();
    eryxon::pg::watch_catalog();
    eryxon::pg::watch_transactions();
    eryxon::pg::watch_planner();
    eryxon::pg::watch_executor();
    eryxon::pg::watch_statements();
}
