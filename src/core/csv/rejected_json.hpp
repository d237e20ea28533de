// Files of rejected records that were JSON: one object a line, ready to be corrected and imported again.
#pragma once

#include "core/csv/csv_rejected.hpp"
#include "core/json/json.hpp"

#include <span>
#include <string>

namespace eryxon::core {

// The file: {"eryxon_line", "eryxon_code", "eryxon_message", "record"}. What is no JSON is a record's text.
std::string rejected_json(std::span<const RejectedLine> lines);

// The record in an object of such a file; of any other value itself.
const Json& rejected_record(const Json& value);

}  // namespace eryxon::core
