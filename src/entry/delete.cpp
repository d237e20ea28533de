// The functions and triggers of deleting and restoring.
#include "pg/deletes/delete_call.hpp"
#include "pg/deletes/delete_trigger.hpp"
#include "pg/server/arguments.hpp"
#include "pg/server/boundary.hpp"
#include "pg/server/jsonb.hpp"

extern "C" {
PGDLLEXPORT Datum eryxon_delete(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum eryxon_delete_external(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum eryxon_restore(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum eryxon_soft_delete(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum eryxon_soft_delete_noted(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum eryxon_note_move(PG_FUNCTION_ARGS);
PG_FUNCTION_INFO_V1(eryxon_delete);
PG_FUNCTION_INFO_V1(eryxon_delete_external);
PG_FUNCTION_INFO_V1(eryxon_restore);
PG_FUNCTION_INFO_V1(eryxon_soft_delete);
PG_FUNCTION_INFO_V1(eryxon_soft_delete_noted);
PG_FUNCTION_INFO_V1(eryxon_note_move);
}

using namespace eryxon;

namespace {

// Refuses a NULL argument: the functions are not strict, so that it is no silent NULL answer.
template <class Value>
Value required(std::optional<Value> argument, const char* name) {
    if (argument) return *std::move(argument);
    throw core::CallError(core::Code::invalid_payload, "argument \"" + std::string(name) + "\" must not be null");
}

std::string text_argument(FunctionCallInfo call_info, int argument, const char* name) {
    return required(pg::optional_text(call_info, argument), name);
}

core::Uuid uuid_argument(FunctionCallInfo call_info, int argument, const char* name) {
    return required(pg::optional_uuid(call_info, argument), name);
}

bool boolean_argument(FunctionCallInfo call_info, int argument, const char* name) {
    return required(pg::optional_boolean(call_info, argument), name);
}

}  // namespace

Datum eryxon_delete(PG_FUNCTION_ARGS) {
    return pg::enter([&]() -> Datum {
        core::JsonArena arena;
        std::string const entity = text_argument(fcinfo, 0, "entity");
        core::Uuid const id = uuid_argument(fcinfo, 1, "id");
        pg::DeleteMode const mode{boolean_argument(fcinfo, 2, "hard"), true};
        return pg::make_jsonb(pg::delete_row(entity, id, mode, arena));
    });
}

Datum eryxon_delete_external(PG_FUNCTION_ARGS) {
    return pg::enter([&]() -> Datum {
        core::JsonArena arena;
        std::string const entity = text_argument(fcinfo, 0, "entity");
        std::string const source = text_argument(fcinfo, 1, "external_source");
        std::string const external_id = text_argument(fcinfo, 2, "external_id");
        pg::DeleteMode const mode{boolean_argument(fcinfo, 3, "hard"), true};
        return pg::make_jsonb(pg::delete_external(entity, source, external_id, mode, arena));
    });
}

Datum eryxon_restore(PG_FUNCTION_ARGS) {
    return pg::enter([&]() -> Datum {
        core::JsonArena arena;
        std::string const entity = text_argument(fcinfo, 0, "entity");
        core::Uuid const id = uuid_argument(fcinfo, 1, "id");
        return pg::make_jsonb(pg::restore_row(entity, id, arena));
    });
}

Datum eryxon_soft_delete(PG_FUNCTION_ARGS) {
    return pg::enter([&]() -> Datum {
        constexpr TriggerEvent expected = TRIGGER_EVENT_DELETE | TRIGGER_EVENT_ROW | TRIGGER_EVENT_BEFORE;
        return PointerGetDatum(pg::on_delete(pg::trigger_data(fcinfo, expected)));
    });
}

Datum eryxon_soft_delete_noted(PG_FUNCTION_ARGS) {
    return pg::enter([&]() -> Datum {
        pg::on_delete_end(pg::trigger_data(fcinfo, TRIGGER_EVENT_DELETE | TRIGGER_EVENT_AFTER));
        return PointerGetDatum(nullptr);
    });
}

Datum eryxon_note_move(PG_FUNCTION_ARGS) {
    return pg::enter([&]() -> Datum {
        constexpr TriggerEvent expected = TRIGGER_EVENT_UPDATE | TRIGGER_EVENT_ROW | TRIGGER_EVENT_BEFORE;
        return PointerGetDatum(pg::on_update_of_tenant(pg::trigger_data(fcinfo, expected)));
    });
}
