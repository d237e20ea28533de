// What can be told of a CSV file by looking at its beginning, and what to propose for its import.
#pragma once

#include "core/csv/csv_options.hpp"
#include "core/json/json_build.hpp"
#include "core/schema/schema.hpp"

#include <string_view>

namespace eryxon::core {

// {"delimiter","header","header_line","decimal","grouping","date_format","columns":[{"column","name","field",
// "match","samples":[]}],"warnings":[]}; `match` says whether the field is "certain" or a "guess". The delimiter and
// the header are taken from the options if these have them; lines that were rejected always have a header. The mapping
// says which columns are numbers and dates. A decimal sign that the numbers do not tell is null, and so is then what
// groups digits. `known` are headings of earlier files.
Json inspect_csv(const Entity& entity, std::string_view text, const CsvOptions& options,
                 const std::vector<CsvMapped>& known, JsonArena& arena);

}  // namespace eryxon::core
