// eryxon_sync_hash() and eryxon_record_hash().
#include "core/json/canonical.hpp"
#include "pg/server/arguments.hpp"
#include "pg/server/boundary.hpp"
#include "pg/server/spi.hpp"
#include "pg/upsert/api.hpp"

extern "C" {
#include "utils/builtins.h"

PGDLLEXPORT Datum eryxon_sync_hash(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum eryxon_record_hash(PG_FUNCTION_ARGS);
PG_FUNCTION_INFO_V1(eryxon_sync_hash);
PG_FUNCTION_INFO_V1(eryxon_record_hash);
}

using namespace eryxon;

namespace {

Datum text_datum(const std::string& text) {
    return pg::call([&] { return PointerGetDatum(cstring_to_text(text.c_str())); });
}

}  // namespace

Datum eryxon_sync_hash(PG_FUNCTION_ARGS) {
    return pg::enter([&] {
        core::JsonArena arena;
        return text_datum(core::sync_hash(pg::jsonb_argument(fcinfo, 0, "payload", arena)));
    });
}

Datum eryxon_record_hash(PG_FUNCTION_ARGS) {
    return pg::enter([&] {
        core::JsonArena arena;
        std::string hash;
        std::string_view const entity = pg::text_argument(fcinfo, 0, "entity");
        core::Json const payload = pg::jsonb_argument(fcinfo, 1, "payload", arena);
        pg::with_spi([&] { hash = pg::record_hash(entity, payload, arena); });
        return text_datum(hash);
    });
}
