// Importing records that are JSON in parts.
#include "pg/csv/record_import.hpp"
#include "pg/server/arguments.hpp"
#include "pg/server/boundary.hpp"
#include "pg/server/jsonb.hpp"
#include "pg/server/settings.hpp"
#include "pg/server/spi.hpp"

extern "C" {
PGDLLEXPORT Datum eryxon_begin_record_upload(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum eryxon_record_step(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum eryxon_finish_upload(PG_FUNCTION_ARGS);
PG_FUNCTION_INFO_V1(eryxon_begin_record_upload);
PG_FUNCTION_INFO_V1(eryxon_record_step);
PG_FUNCTION_INFO_V1(eryxon_finish_upload);
}

using namespace eryxon;

namespace {

core::Uuid run_argument(FunctionCallInfo fcinfo) {
    pg::required_argument(fcinfo, 0, "run");
    return *pg::optional_uuid(fcinfo, 0);
}

}  // namespace

Datum eryxon_begin_record_upload(PG_FUNCTION_ARGS) {
    return pg::enter([&]() -> Datum {
        core::JsonArena arena;
        core::Json answer;
        std::string_view const entity = pg::text_argument(fcinfo, 0, "entity");
        core::RecordForm const form =
            pg::text_argument(fcinfo, 1, "form") == "lines" ? core::RecordForm::lines : core::RecordForm::array;
        core::Json const options = pg::options_argument(fcinfo, 2, arena);
        std::optional<core::Uuid> const run = pg::optional_uuid(fcinfo, 3);
        std::int64_t const size = pg::settings().max_bulk_records;
        pg::with_spi([&] { answer = pg::begin_record_upload(entity, form, options, run, size, arena); });
        return pg::make_jsonb(answer);
    });
}

Datum eryxon_record_step(PG_FUNCTION_ARGS) {
    return pg::enter([&]() -> Datum {
        core::JsonArena arena;
        core::Json answer;
        core::Uuid const run = run_argument(fcinfo);
        for (auto const& [argument, name] : {std::pair(1, "part"), {2, "place"}, {3, "records"}})
            pg::required_argument(fcinfo, argument, name);
        pg::RecordPart const part{run, PG_GETARG_INT64(1), PG_GETARG_INT64(2), pg::text_argument(fcinfo, 3, "records")};
        pg::with_spi([&] { answer = pg::record_step(part, arena); });
        return pg::make_jsonb(answer);
    });
}

Datum eryxon_finish_upload(PG_FUNCTION_ARGS) {
    return pg::enter([&]() -> Datum {
        core::Uuid const run = run_argument(fcinfo);
        pg::with_spi([&] { pg::finish_upload(run); });
        PG_RETURN_VOID();
    });
}
