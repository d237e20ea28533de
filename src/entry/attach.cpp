// The registry's functions that need C: writing as the owner, checking rules and tables, telling other sessions; and
// the trigger of the tables that it makes.
#include "core/json/json_build.hpp"
#include "core/schema/rules.hpp"
#include "pg/registry/registry.hpp"
#include "pg/registry/registry_write.hpp"
#include "pg/server/arguments.hpp"
#include "pg/server/boundary.hpp"
#include "pg/server/jsonb.hpp"
#include "pg/server/spi.hpp"
#include "pg/server/updated_at.hpp"

extern "C" {
PGDLLEXPORT Datum eryxon_write_registry(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum eryxon_check_rule(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum eryxon_registry_changed(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum eryxon_unusable(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum eryxon_keep_updated_at(PG_FUNCTION_ARGS);
PG_FUNCTION_INFO_V1(eryxon_write_registry);
PG_FUNCTION_INFO_V1(eryxon_check_rule);
PG_FUNCTION_INFO_V1(eryxon_registry_changed);
PG_FUNCTION_INFO_V1(eryxon_unusable);
PG_FUNCTION_INFO_V1(eryxon_keep_updated_at);
}

using namespace eryxon;

Datum eryxon_write_registry(PG_FUNCTION_ARGS) {
    return pg::enter([&]() -> Datum {
        core::JsonArena arena;
        std::string_view const action = pg::text_argument(fcinfo, 0, "action");
        core::Json const args = pg::jsonb_argument(fcinfo, 1, "args", arena);
        pg::with_spi([&] { pg::write_registry(action, fcinfo->args[1].value, args); });
        return 0;
    });
}

Datum eryxon_check_rule(PG_FUNCTION_ARGS) {
    return pg::enter([&]() -> Datum {
        core::JsonArena arena;
        std::string_view const field = pg::text_argument(fcinfo, 1, "field");
        core::read_rule(field, pg::jsonb_argument(fcinfo, 2, "rule", arena), arena);
        return 0;
    });
}

Datum eryxon_registry_changed(PG_FUNCTION_ARGS) {
    (void)fcinfo;
    return pg::enter([]() -> Datum {
        pg::announce_registry_change();
        return 0;
    });
}

Datum eryxon_unusable(PG_FUNCTION_ARGS) {
    return pg::enter([&]() -> Datum {
        std::shared_ptr<const pg::Registry> state;
        std::string_view const name = pg::text_argument(fcinfo, 0, "entity");
        pg::with_spi([&] { state = pg::registry(); });
        const core::Entity* const entity = state->schema.find(name);
        const core::Fault* const fault = entity != nullptr ? state->unusable(*entity) : nullptr;
        fcinfo->isnull = fault == nullptr;
        if (fault == nullptr) return 0;
        core::JsonArena arena;
        core::JsonObject answer(arena, 2);
        answer.add("message", core::make_string(fault->message, arena));
        answer.add("hint", core::make_string(fault->hint, arena));
        return pg::make_jsonb(answer.json());
    });
}

Datum eryxon_keep_updated_at(PG_FUNCTION_ARGS) {
    return pg::enter([&]() -> Datum {
        constexpr TriggerEvent expected = TRIGGER_EVENT_UPDATE | TRIGGER_EVENT_ROW | TRIGGER_EVENT_BEFORE;
        return PointerGetDatum(pg::keep_updated_at(pg::trigger_data(fcinfo, expected)));
    });
}
