// The server's datums as core's JSON.
#include "pg/server/datum_json.hpp"

#include "core/base/uuid.hpp"
#include "core/json/json_build.hpp"
#include "pg/server/boundary.hpp"
#include "pg/server/clock.hpp"
#include "pg/server/subtransaction.hpp"

extern "C" {
#include "catalog/pg_type_d.h"
#include "nodes/makefuncs.h"
#include "utils/fmgroids.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"
}

namespace eryxon::pg {

namespace {

std::string_view text_of(Datum value) {
    struct varlena* const text = call([value] { return PG_DETOAST_DATUM_PACKED(value); });
    return {VARDATA_ANY(text), VARSIZE_ANY_EXHDR(text)};
}

std::int64_t integer_of(Datum value, Oid type) {
    if (type == INT2OID) return DatumGetInt16(value);
    return type == INT4OID ? DatumGetInt32(value) : DatumGetInt64(value);
}

// Asks the server's to_jsonb, which wants to know the type from the expression that calls it.
Datum server_jsonb(Datum value, Oid type) {
    Param* const argument = makeNode(Param);
    argument->paramtype = type;
    FuncExpr* const expression =
        makeFuncExpr(F_TO_JSONB, JSONBOID, list_make1(argument), InvalidOid, InvalidOid, COERCE_EXPLICIT_CALL);
    FmgrInfo function;
    fmgr_info(F_TO_JSONB, &function);
    fmgr_info_set_expr(reinterpret_cast<::Node*>(expression), &function);
    return FunctionCall1(&function, value);
}

// Types whose values to_jsonb() shows without fail.
bool converts_surely(Oid type) {
    switch (type) {
        case NUMERICOID:
        case FLOAT4OID:
        case FLOAT8OID:
        case DATEOID:
        case TIMEOID:
        case TIMESTAMPOID:
        case BPCHAROID:
        case TEXTARRAYOID:
            return true;
        default:
            return false;
    }
}

// True if the type's value is to blame, not the server's state.
bool is_of_value(const Error& error) {
    return !error.ends_call() || error.is(ERRCODE_STATEMENT_TOO_COMPLEX) || error.is(ERRCODE_PROGRAM_LIMIT_EXCEEDED);
}

// As server_jsonb(); nothing if the type raises.
std::optional<Datum> try_server_jsonb(Datum value, Oid type) {
    Datum jsonb = 0;
    auto const convert = [&] { jsonb = call([&] { return server_jsonb(value, type); }); };
    if (converts_surely(type)) {
        convert();
        return jsonb;
    }
    try {
        Subtransaction::run_or_throw(convert);
    } catch (const Error& error) {
        if (!is_of_value(error)) throw;
        return std::nullopt;
    }
    return jsonb;
}

std::optional<core::Json> read_datum(const JsonLimits& limits, Datum jsonb, core::JsonArena& arena) {
    const Jsonb* const value = call([jsonb] { return DatumGetJsonbP(jsonb); });
    return read_jsonb_within(limits, value, arena);
}

std::optional<core::Json> other_json(const JsonLimits& limits, Datum value, Oid type, core::JsonArena& arena) {
    std::optional<Datum> const jsonb = try_server_jsonb(value, type);
    return jsonb ? read_datum(limits, *jsonb, arena) : std::nullopt;
}

}  // namespace

std::optional<core::Json> json_within(const JsonLimits& limits, Datum value, Oid type, core::ValueKind kind,
                                      core::JsonArena& arena) {
    switch (kind) {
        case core::ValueKind::text:
            if (type != TEXTOID && type != VARCHAROID) break;
            return core::Json::string(text_of(value));
        case core::ValueKind::integer:
            if (type != INT2OID && type != INT4OID && type != INT8OID) break;
            return core::make_number(integer_of(value, type), arena);
        case core::ValueKind::boolean:
            return core::Json::boolean(DatumGetBool(value));
        case core::ValueKind::timestamptz:
            return timestamp_json(DatumGetTimestampTz(value), arena);
        case core::ValueKind::uuid: {
            core::Uuid uuid;
            memcpy(uuid.data(), DatumGetUUIDP(value)->data, uuid.size());
            return core::make_uuid(uuid, arena);
        }
        case core::ValueKind::enumeration:
            return core::make_string(call([&] { return OidOutputFunctionCall(F_ENUM_OUT, value); }), arena);
        case core::ValueKind::json:
            if (type != JSONBOID) break;
            return read_datum(limits, value, arena);
        default:
            break;
    }
    return other_json(limits, value, type, arena);
}

}  // namespace eryxon::pg
