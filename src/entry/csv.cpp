// Importing and inspecting CSV files, as text or as the bytes of a file, whole or in parts.
#include "core/csv/csv_options.hpp"
#include "pg/csv/csv_import.hpp"
#include "pg/csv/csv_upload.hpp"
#include "pg/csv/rejected_lines.hpp"
#include "pg/registry/tenant.hpp"
#include "pg/registry/tenant_lock.hpp"
#include "pg/server/arguments.hpp"
#include "pg/server/boundary.hpp"
#include "pg/server/jsonb.hpp"
#include "pg/server/settings.hpp"
#include "pg/server/spi.hpp"
#include "pg/upsert/history.hpp"

extern "C" {
PGDLLEXPORT Datum eryxon_import_csv(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum eryxon_csv_inspect(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum eryxon_csv_rejected(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum eryxon_begin_upload(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum eryxon_upload_step(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum eryxon_cancel_upload(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum eryxon_fail_upload(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum eryxon_tell_run(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum eryxon_lock_upload(PG_FUNCTION_ARGS);
PG_FUNCTION_INFO_V1(eryxon_import_csv);
PG_FUNCTION_INFO_V1(eryxon_csv_inspect);
PG_FUNCTION_INFO_V1(eryxon_csv_rejected);
PG_FUNCTION_INFO_V1(eryxon_begin_upload);
PG_FUNCTION_INFO_V1(eryxon_upload_step);
PG_FUNCTION_INFO_V1(eryxon_cancel_upload);
PG_FUNCTION_INFO_V1(eryxon_fail_upload);
PG_FUNCTION_INFO_V1(eryxon_tell_run);
PG_FUNCTION_INFO_V1(eryxon_lock_upload);
}

using namespace eryxon;

namespace {

core::Uuid uuid_argument(FunctionCallInfo fcinfo, int argument, const char* name) {
    pg::required_argument(fcinfo, argument, name);
    return *pg::optional_uuid(fcinfo, argument);
}

// What a function answers for the run that is the only argument.
Datum answer_for_run(FunctionCallInfo fcinfo, core::Json (*work)(const core::Uuid&, core::JsonArena&)) {
    core::JsonArena arena;
    core::Json answer;
    core::Uuid const run = uuid_argument(fcinfo, 0, "run");
    pg::with_spi([&] { answer = work(run, arena); });
    return pg::make_jsonb(answer);
}

}  // namespace

Datum eryxon_import_csv(PG_FUNCTION_ARGS) {
    return pg::enter([&]() -> Datum {
        core::JsonArena arena;
        core::Json answer;
        std::string_view const entity = pg::text_argument(fcinfo, 0, "entity");
        pg::CsvSource const csv = pg::csv_argument(fcinfo, 1);
        core::Json const options = pg::options_argument(fcinfo, 2, arena);
        pg::with_spi([&] { answer = pg::import_csv(entity, csv, options, arena); });
        return pg::make_jsonb(answer);
    });
}

Datum eryxon_csv_inspect(PG_FUNCTION_ARGS) {
    return pg::enter([&]() -> Datum {
        core::JsonArena arena;
        core::Json answer;
        pg::CsvSource const csv = pg::csv_argument(fcinfo, 0);
        core::Json const options = pg::options_argument(fcinfo, 1, arena);
        pg::with_spi([&] { answer = pg::inspect_csv(csv, options, arena); });
        return pg::make_jsonb(answer);
    });
}

Datum eryxon_csv_rejected(PG_FUNCTION_ARGS) {
    return pg::enter([&]() -> Datum {
        std::string file;
        core::Uuid const run = uuid_argument(fcinfo, 0, "run");
        std::optional<char> delimiter;
        if (!PG_ARGISNULL(1))
            delimiter = core::read_delimiter(core::Json::string(pg::text_argument(fcinfo, 1, "delimiter")));
        pg::with_spi([&] { file = pg::rejected_file(run, pg::tenant_id(), delimiter); });
        return pg::text_datum(file);
    });
}

Datum eryxon_begin_upload(PG_FUNCTION_ARGS) {
    return pg::enter([&]() -> Datum {
        core::JsonArena arena;
        core::Json answer;
        std::string_view const entity = pg::text_argument(fcinfo, 0, "entity");
        pg::CsvSource const csv = pg::csv_argument(fcinfo, 1);
        core::Json const options = pg::options_argument(fcinfo, 2, arena);
        std::optional<core::Uuid> const run = pg::optional_uuid(fcinfo, 3);
        std::int64_t const size = pg::settings().max_bulk_records;
        pg::with_spi([&] { answer = pg::begin_upload(entity, csv, options, run, size, arena); });
        return pg::make_jsonb(answer);
    });
}

Datum eryxon_upload_step(PG_FUNCTION_ARGS) {
    return pg::enter([&] { return answer_for_run(fcinfo, pg::upload_step); });
}

Datum eryxon_cancel_upload(PG_FUNCTION_ARGS) {
    return pg::enter([&] { return answer_for_run(fcinfo, pg::cancel_upload); });
}

Datum eryxon_fail_upload(PG_FUNCTION_ARGS) {
    return pg::enter([&]() -> Datum {
        core::Uuid const run = uuid_argument(fcinfo, 0, "run");
        std::string_view const reason = pg::text_argument(fcinfo, 1, "reason");
        pg::with_spi([&] { pg::fail_upload(run, reason); });
        PG_RETURN_VOID();
    });
}

Datum eryxon_tell_run(PG_FUNCTION_ARGS) {
    return pg::enter([&]() -> Datum {
        core::Uuid const run = uuid_argument(fcinfo, 0, "run");
        pg::with_spi([&] { pg::tell_run(run); });
        PG_RETURN_VOID();
    });
}

Datum eryxon_lock_upload(PG_FUNCTION_ARGS) {
    return pg::enter([&]() -> Datum {
        pg::lock_upload(static_cast<std::uint64_t>(PG_GETARG_INT64(0)));
        PG_RETURN_VOID();
    });
}
