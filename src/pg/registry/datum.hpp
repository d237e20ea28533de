// Core's values as the server's datums.
#pragma once

#include "core/record/record.hpp"
#include "pg/registry/registry.hpp"
#include "pg/server/spi.hpp"

#include <vector>

namespace eryxon::pg {

// How values of the column travel.
ParamType param_type_of(const core::Column& column, const Table& table);

// The value as an element for that param_type, palloc'd in the current context. Raises what the type's input raises.
Datum to_datum(const core::Value& value, const core::Column& column, const ParamType& param_type);

// The timestamptz that the text names in one of the forms that records may have, without offset in
// eryxon.default_time_zone; nothing for any other text.
std::optional<Datum> read_time(std::string_view text);

// The date or time as the type's input takes it, whatever the session's settings are.
std::string moment_text(const core::DateTime& time, core::ValueKind kind);

// True if the column's type takes the text without cutting anything, or does not take it even without its modifier.
bool keeps_text(std::string_view text, const core::Column& column);

// An array parameter of such elements.
Param array_param(const ParamType& param_type, std::vector<Datum>& elements, const bool* nulls);

}  // namespace eryxon::pg
