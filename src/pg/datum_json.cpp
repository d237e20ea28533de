// The server's datums as core's JSON.
#include "pg/datum_json.hpp"

#include "core/json_build.hpp"
#include "core/uuid.hpp"
#include "pg/boundary.hpp"
#include "pg/clock.hpp"
#include "pg/jsonb.hpp"

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

core::Json read_datum(Datum jsonb, core::JsonArena& arena) {
    const Jsonb* const value = call([jsonb] { return DatumGetJsonbP(jsonb); });
    return read_jsonb(value, arena);
}

core::Json other_json(Datum value, Oid type, core::JsonArena& arena) {
    return read_datum(call([&] { return server_jsonb(value, type); }), arena);
}

}  // namespace

core::Json json_of(Datum value, Oid type, core::ValueKind kind, core::JsonArena& arena) {
    switch (kind) {
        case core::ValueKind::text:
            return type == TEXTOID || type == VARCHAROID ? core::Json::string(text_of(value))
                                                         : other_json(value, type, arena);
        case core::ValueKind::integer:
            if (type == INT2OID || type == INT4OID || type == INT8OID)
                return core::make_number(integer_of(value, type), arena);
            return other_json(value, type, arena);
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
            return type == JSONBOID ? read_datum(value, arena) : other_json(value, type, arena);
        default:
            return other_json(value, type, arena);
    }
}

}  // namespace eryxon::pg
