// Core's values as the server's datums.
#include "pg/registry/datum.hpp"

#include "core/json/json_build.hpp"
#include "pg/server/arguments.hpp"
#include "pg/server/jsonb.hpp"
#include "pg/server/settings.hpp"
#include "pg/server/subtransaction.hpp"

#include <cstdio>

extern "C" {
#include "catalog/pg_type.h"
#include "pgtime.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"
#include "utils/varbit.h"
}

namespace eryxon::pg {

namespace {

// The value by the type's own input function.
Datum input_datum(Oid type, std::string_view text) {
    return call([&] {
        Oid function, element;
        getTypeInputInfo(type, &function, &element);
        return OidInputFunctionCall(function, palloc_copy(text), element, -1);
    });
}

Datum integer_datum(std::int64_t value, Oid type) {
    if (type == INT2OID) return Int16GetDatum(static_cast<std::int16_t>(value));
    if (type == INT4OID) return Int32GetDatum(static_cast<std::int32_t>(value));
    return Int64GetDatum(value);
}

Timestamp timestamp_of(const core::DateTime& time) {
    std::int64_t const seconds = time.hour * 3600L + time.minute * 60L + time.second;
    return core::days_since_2000(time) * USECS_PER_DAY + seconds * USECS_PER_SEC + time.microsecond;
}

pg_tm broken_down(const core::DateTime& time) {
    pg_tm fields{};
    fields.tm_year = time.year;
    fields.tm_mon = time.month;
    fields.tm_mday = time.day;
    fields.tm_hour = time.hour;
    fields.tm_min = time.minute;
    fields.tm_sec = time.second;
    return fields;
}

// Seconds west of UTC of a time without offset, in eryxon.default_time_zone.
int default_zone_west(const core::DateTime& time) {
    return call([&] {
        pg_tm fields = broken_down(time);
        return DetermineTimeZoneOffset(&fields, pg_tzset(settings().default_time_zone));
    });
}

TimestampTz timestamptz_of(const core::DateTime& time) {
    int const west = time.offset_seconds ? -*time.offset_seconds : default_zone_west(time);
    return timestamp_of(time) + west * USECS_PER_SEC;
}

// The time of day that clocks in eryxon.default_time_zone show; of a time without offset the one that was written.
Timestamp local_timestamp_of(const core::DateTime& time) {
    if (!time.offset_seconds) return timestamp_of(time);
    TimestampTz const moment = timestamptz_of(time);
    return call([moment] {
        pg_tm fields;
        fsec_t fraction;
        int west;
        Timestamp local;
        if (timestamp2tm(moment, &west, &fields, &fraction, nullptr, pg_tzset(settings().default_time_zone)) != 0 ||
            tm2timestamp(&fields, fraction, nullptr, &local) != 0)
            ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("timestamp out of range")));
        return local;
    });
}

Datum json_datum(const core::Json& json, Oid type) {
    return type == JSONOID ? text_datum(core::json_text(json)) : make_jsonb(json);
}

// An array literal of the strings, for the cast in the statement.
Datum array_literal(const core::Json& array) {
    std::string text = "{";
    for (const core::Json& item : array.items()) {
        if (text.size() > 1) text += ',';
        if (item.is_null()) {
            text += "NULL";
            continue;
        }
        text += '"';
        for (char c : item.text()) {
            if (c == '"' || c == '\\') text += '\\';
            text += c;
        }
        text += '"';
    }
    text += '}';
    return text_datum(text);
}

// The text as a value of the type with that modifier; nothing if it is none.
std::optional<Datum> input_with(Oid type, std::int32_t modifier, std::string_view text) {
    Datum value{};
    auto const refused = Subtransaction::run([&] {
        value = call([&] {
            Oid function, element;
            getTypeInputInfo(type, &function, &element);
            return OidInputFunctionCall(function, palloc_copy(text), element, modifier);
        });
    });
    return refused ? std::nullopt : std::optional(value);
}

}  // namespace

std::string moment_text(const core::DateTime& time, core::ValueKind kind) {
    bool const zoned = kind == core::ValueKind::timestamptz;
    Timestamp const moment = kind == core::ValueKind::date ? timestamp_of(time)
                             : zoned                       ? timestamptz_of(time)
                                                           : local_timestamp_of(time);
    pg_tm fields{};
    fsec_t fraction = 0;
    call([&] { timestamp2tm(moment, nullptr, &fields, &fraction, nullptr, nullptr); });
    char text[64];
    std::snprintf(text, sizeof text, "%04d-%02d-%02d %02d:%02d:%02d.%06d%s", fields.tm_year, fields.tm_mon,
                  fields.tm_mday, fields.tm_hour, fields.tm_min, fields.tm_sec, fraction, zoned ? "+00" : "");
    return text;
}

bool keeps_text(std::string_view text, const core::Column& column) {
    auto const whole = input_with(column.type, -1, text);
    if (!whole) return true;
    auto const kept = input_with(column.type, column.modifier, text);
    return kept && call([&] {
               return DatumGetBool(
                   DirectFunctionCall2(column.type == INTERVALOID ? interval_eq : biteq, *whole, *kept));
           });
}

std::optional<Datum> read_time(std::string_view text) {
    std::optional<core::DateTime> const time = core::parse_datetime(text);
    if (!time || time->finer) return std::nullopt;
    return TimestampTzGetDatum(timestamptz_of(*time));
}

ParamType param_type_of(const core::Column& column, const Table& table) {
    ParamType param_type;
    Oid const type = table.types.at(column.number);
    bool const as_text = column.kind == core::ValueKind::other || column.kind == core::ValueKind::text_array;
    param_type.element = as_text ? TEXTOID : call([type] { return getBaseType(type); });
    param_type.array = call([&] { return get_array_type(param_type.element); });
    call([&] {
        get_typlenbyvalalign(param_type.element, &param_type.length, &param_type.by_value, &param_type.alignment);
    });
    // A cast to a domain would cut to its modifier what the assignment of a text to the column refuses.
    Oid const cast = as_text ? call([type] { return getBaseType(type); }) : type;
    if (param_type.element != cast) param_type.cast = "::" + qualified_type(cast);
    return param_type;
}

Datum to_datum(const core::Value& value, const core::Column& column, const ParamType& param_type) {
    switch (column.kind) {
        case core::ValueKind::integer:
            return integer_datum(value.integer, param_type.element);
        case core::ValueKind::boolean:
            return BoolGetDatum(value.integer != 0);
        case core::ValueKind::date:
            return DateADTGetDatum(core::days_since_2000(value.datetime));
        case core::ValueKind::timestamp:
            return TimestampGetDatum(local_timestamp_of(value.datetime));
        case core::ValueKind::timestamptz:
            return TimestampTzGetDatum(timestamptz_of(value.datetime));
        case core::ValueKind::uuid:
            return uuid_datum(value.uuid);
        case core::ValueKind::json:
            return json_datum(value.json, param_type.element);
        case core::ValueKind::text_array:
            return array_literal(value.json);
        case core::ValueKind::numeric:
        case core::ValueKind::floating:
        case core::ValueKind::enumeration:
            return input_datum(param_type.element, value.text);
        case core::ValueKind::text:
        case core::ValueKind::other:
            return text_datum(value.text);
    }
    pg_unreachable();
}

Param array_param(const ParamType& param_type, std::vector<Datum>& elements, const bool* nulls) {
    int const count = static_cast<int>(elements.size());
    return {param_type.array, call([&] {
                int dimensions[1] = {count};
                int lower_bounds[1] = {1};
                return PointerGetDatum(construct_md_array(elements.data(), const_cast<bool*>(nulls), 1, dimensions,
                                                          lower_bounds, param_type.element, param_type.length,
                                                          param_type.by_value, param_type.alignment));
            })};
}

}  // namespace eryxon::pg
