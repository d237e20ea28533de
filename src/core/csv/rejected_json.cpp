// Files of rejected records that were JSON.
#include "core/csv/rejected_json.hpp"

#include "core/base/error.hpp"

namespace eryxon::core {

namespace {

// The record as one line of JSON; what is none as a string.
void write_record(std::string_view text, std::string& out) {
    JsonArena arena;
    try {
        write_json(rejected_record(parse_json(text, arena)), out);
    } catch (const CallError&) {
        write_json_string(text, out);
    }
}

}  // namespace

std::string rejected_json(std::span<const RejectedLine> lines) {
    std::string out;
    for (const RejectedLine& line : lines) {
        out.append("{\"eryxon_line\":").append(std::to_string(line.line)).append(",");
        write_json_member(rejected_columns[1], line.code, out);
        out += ',';
        write_json_member(rejected_columns[2], line.message, out);
        out += ",\"record\":";
        write_record(line.text, out);
        out += "}\n";
    }
    return out;
}

const Json& rejected_record(const Json& value) {
    if (!value.is_object() || value.find(rejected_columns[0]) == nullptr) return value;
    const Json* const record = value.find("record");
    return record == nullptr ? value : *record;
}

}  // namespace eryxon::core
