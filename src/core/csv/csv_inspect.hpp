// What can be told of a CSV file by looking at its beginning, and what to propose for its import.
#pragma once

#include "core/csv/csv_options.hpp"
#include "core/json/json_build.hpp"
#include "core/schema/schema.hpp"

#include <string_view>

namespace eryxon::core {

// Throws CallError (22023) for what is no text in any encoding: workbooks of spreadsheets, UTF-16.
void refuse_other_formats(std::string_view bytes);

// "UTF8", "WIN1252" or "LATIN1", as PostgreSQL names them.
std::string_view find_encoding(std::string_view bytes);

// The delimiter that splits the first lines into the same number of cells, the most of them.
char find_delimiter(std::string_view text);

// {"delimiter","header","decimal","date_format","columns":[{"column","name","field","samples":[]}],"warnings":[]}. The
// delimiter and the header are taken from the options if these have them; lines that were rejected always have a
// header.
Json inspect_csv(const Entity& entity, std::string_view text, const CsvOptions& options, JsonArena& arena);

}  // namespace eryxon::core
