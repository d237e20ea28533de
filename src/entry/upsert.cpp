// eryxon_upsert() and its like: one record, many records, all entities, and the diff.
#include "pg/server/arguments.hpp"
#include "pg/server/boundary.hpp"
#include "pg/server/jsonb.hpp"
#include "pg/server/spi.hpp"
#include "pg/upsert/api.hpp"

#ifdef __GLIBC__
#include <malloc.h>
#endif

extern "C" {
PGDLLEXPORT Datum eryxon_upsert(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum eryxon_bulk_upsert(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum eryxon_bulk_upsert_json(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum eryxon_sync(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum eryxon_diff(PG_FUNCTION_ARGS);
PG_FUNCTION_INFO_V1(eryxon_upsert);
PG_FUNCTION_INFO_V1(eryxon_bulk_upsert);
PG_FUNCTION_INFO_V1(eryxon_bulk_upsert_json);
PG_FUNCTION_INFO_V1(eryxon_sync);
PG_FUNCTION_INFO_V1(eryxon_diff);
}

using namespace eryxon;

namespace {

// Answers longer than this come from calls whose memory is worth giving back to the system.
constexpr std::size_t long_answer = 1 << 20;

// Gives memory back when all else of the call is freed.
Datum trimmed(Datum answer) {
#ifdef __GLIBC__
    if (VARSIZE(DatumGetPointer(answer)) > long_answer) malloc_trim(0);
#endif
    return answer;
}

// A function (entity, payload, options).
template <class ReadPayload, class Call>
Datum answer_entity(FunctionCallInfo fcinfo, ReadPayload read_payload, Call call) {
    Datum result = 0;
    {
        core::JsonArena arena;
        core::Json answer;
        std::string_view const entity = pg::text_argument(fcinfo, 0, "entity");
        auto payload = read_payload(fcinfo, 1, "payload", arena);
        core::Json const options = pg::options_argument(fcinfo, 2, arena);
        pg::with_spi([&] { answer = call(entity, payload, options, arena); });
        result = pg::make_jsonb(answer);
    }
    return trimmed(result);
}

// A function (payload, options).
template <class Call>
Datum answer_payload(FunctionCallInfo fcinfo, Call call) {
    Datum result = 0;
    {
        core::JsonArena arena;
        core::Json answer;
        core::Json const payload = pg::jsonb_argument(fcinfo, 0, "payload", arena);
        core::Json const options = pg::options_argument(fcinfo, 1, arena);
        pg::with_spi([&] { answer = call(payload, options, arena); });
        result = pg::make_jsonb(answer);
    }
    return trimmed(result);
}

pg::PlainText json_text(FunctionCallInfo fcinfo, int argument, const char* name, core::JsonArena&) {
    return pg::PlainText(pg::required_argument(fcinfo, argument, name));
}

core::Json upsert_one(std::string_view entity, const core::Json& payload, const core::Json& options,
                      core::JsonArena& arena) {
    return pg::upsert_one(entity, payload, options, arena).answer;
}

}  // namespace

Datum eryxon_upsert(PG_FUNCTION_ARGS) {
    return pg::enter([&] { return answer_entity(fcinfo, pg::jsonb_argument, upsert_one); });
}

Datum eryxon_bulk_upsert(PG_FUNCTION_ARGS) {
    return pg::enter([&] { return answer_entity(fcinfo, pg::jsonb_argument, pg::upsert_many); });
}

Datum eryxon_bulk_upsert_json(PG_FUNCTION_ARGS) {
    return pg::enter([&] { return answer_entity(fcinfo, json_text, pg::upsert_text); });
}

Datum eryxon_sync(PG_FUNCTION_ARGS) {
    return pg::enter([&] { return answer_payload(fcinfo, pg::sync_all); });
}

Datum eryxon_diff(PG_FUNCTION_ARGS) {
    return pg::enter([&] { return answer_payload(fcinfo, pg::diff_all); });
}
