// Importing and inspecting CSV files, as text or as the bytes of a file.
#include "pg/arguments.hpp"
#include "pg/boundary.hpp"
#include "pg/csv_import.hpp"
#include "pg/jsonb.hpp"
#include "pg/settings.hpp"
#include "pg/spi.hpp"

extern "C" {
PGDLLEXPORT Datum eryxon_import_csv(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum eryxon_csv_inspect(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum eryxon_csv_rejected(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum split_csv(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum import_csv_part(PG_FUNCTION_ARGS);
PG_FUNCTION_INFO_V1(eryxon_import_csv);
PG_FUNCTION_INFO_V1(eryxon_csv_inspect);
PG_FUNCTION_INFO_V1(eryxon_csv_rejected);
PG_FUNCTION_INFO_V1(split_csv);
PG_FUNCTION_INFO_V1(import_csv_part);
}

using namespace eryxon;

namespace {

core::Uuid uuid_argument(FunctionCallInfo fcinfo, int argument, const char* name) {
    pg::required_argument(fcinfo, argument, name);
    return *pg::optional_uuid(fcinfo, argument);
}

std::int64_t integer_argument(FunctionCallInfo fcinfo, int argument, const char* name) {
    return DatumGetInt64(pg::required_argument(fcinfo, argument, name));
}

}  // namespace

Datum eryxon_import_csv(PG_FUNCTION_ARGS) {
    return pg::enter([&]() -> Datum {
        core::JsonArena arena;
        core::Json answer;
        std::string_view const entity = pg::text_argument(fcinfo, 0, "entity");
        std::string_view const csv = pg::text_argument(fcinfo, 1, "csv");
        core::Json const options = pg::options_argument(fcinfo, 2, arena);
        pg::with_spi([&] { answer = pg::import_csv(entity, csv, options, arena); });
        return pg::make_jsonb(answer);
    });
}

Datum eryxon_csv_inspect(PG_FUNCTION_ARGS) {
    return pg::enter([&]() -> Datum {
        core::JsonArena arena;
        core::Json answer;
        std::string_view const csv = pg::text_argument(fcinfo, 0, "csv");
        core::Json const options = pg::options_argument(fcinfo, 1, arena);
        pg::with_spi([&] { answer = pg::inspect_csv(csv, options, arena); });
        return pg::make_jsonb(answer);
    });
}

Datum eryxon_csv_rejected(PG_FUNCTION_ARGS) {
    return pg::enter([&]() -> Datum {
        std::string file;
        core::Uuid const run = uuid_argument(fcinfo, 0, "run");
        pg::with_spi([&] { file = pg::rejected_csv(run); });
        return pg::text_datum(file);
    });
}

Datum split_csv(PG_FUNCTION_ARGS) {
    return pg::enter([&]() -> Datum {
        core::JsonArena arena;
        core::Json answer;
        std::string_view const entity = pg::text_argument(fcinfo, 0, "entity");
        std::string_view const csv = pg::text_argument(fcinfo, 1, "csv");
        core::Json const options = pg::options_argument(fcinfo, 2, arena);
        core::Uuid const run = uuid_argument(fcinfo, 3, "run");
        std::int64_t const size = pg::settings().max_bulk_records;
        pg::with_spi([&] { answer = pg::split_csv(entity, csv, options, run, size, arena); });
        return pg::make_jsonb(answer);
    });
}

Datum import_csv_part(PG_FUNCTION_ARGS) {
    return pg::enter([&]() -> Datum {
        core::JsonArena arena;
        core::Json answer;
        std::string_view const entity = pg::text_argument(fcinfo, 0, "entity");
        std::string_view const csv = pg::text_argument(fcinfo, 1, "csv");
        core::Json const options = pg::options_argument(fcinfo, 2, arena);
        pg::CsvPart const part{pg::text_argument(fcinfo, 3, "header"), integer_argument(fcinfo, 4, "lines_before"),
                               integer_argument(fcinfo, 5, "records_before"), uuid_argument(fcinfo, 6, "run")};
        pg::with_spi([&] { answer = pg::import_csv_part(entity, csv, options, part, arena); });
        return pg::make_jsonb(answer);
    });
}
