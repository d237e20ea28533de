// Every message of a fault or warning, and how values are put into it.
#include "core/json/fault_reason.hpp"

#include "core/base/assert.hpp"
#include "core/json/fault_text.hpp"

#include <iterator>
#include <utility>

namespace eryxon::core {

namespace {

// Every reason, in the order of the enumeration.
constexpr ReasonEntry entries[] = {
    {"required", "required field is missing"},
    {"misnamed", "required field is missing: member \"{member}\" has {character} in its name"},
    {"null_value", "null is not allowed"},
    {"empty", "value is empty"},
    {"too_long", "value is too long: {length} characters, at most {limit} are allowed"},
    {"too_short", "value is too short: {length} characters, at least {limit} are needed"},
    {"outer_space", "value {value} begins or ends with white space"},
    {"invisible_character", "value {value} has a character that cannot be seen: {character}"},
    {"not_allowed", "invalid value {value}, expected one of: {allowed}"},
    {"too_small", "value {value} is less than the minimum {limit}"},
    {"too_large", "value {value} is greater than the maximum {limit}"},
    {"too_many_decimals", "value {value} has more than {limit} decimal digits"},
    {"too_many_digits", "value {value} has more than {limit} digits before the decimal point"},
    {"out_of_range", "value {value} is out of range for type double precision"},
    {"cut", "the column's type does not keep {value} as it is"},
    {"pattern", "value {value} does not match pattern \"{pattern}\""},
    {"invalid_value", "invalid {type} {value}"},
    {"wrong_type", "invalid {type}: got {sent}"},
    {"invalid_date", "invalid date {value}"},
    {"time_of_day", "invalid date {value}: the column stores no time of day"},
    {"fraction_of_second", "invalid date {value}: the column stores only {limit} digits of a fraction of a second"},
    {"unknown_field", "unknown field"},
    {"read_only", "read-only field"},
    {"unmapped_field", "the table has no column for this field"},
    {"generated_column", "the database fills the column of this field by itself"},
    {"reserved_name", "names that begin with \"_\" are reserved"},
    {"invalid_operation", "invalid operation {value}, expected \"upsert\" or \"delete\""},
    {"not_an_object", "expected a JSON object, not {sent}"},
    {"not_an_array", "expected an array of records, not {sent}"},
    {"member_twice", "member \"{member}\" appears more than once"},
    {"other_parent", "reference to {value} contradicts the enclosing {entity} \"{external_id}\""},
    {"not_the_parent", "reference contradicts the enclosing {entity}"},
    {"unknown_external_id", "no live {entity} has external_id \"{external_id}\" of source \"{source}\""},
    {"unknown_id", "no live {entity} has id \"{id}\""},
    {"unknown_name", "no live {entity} has name \"{name}\""},
    {"unknown_active_name", "no live, active {entity} has name \"{name}\""},
    {"ambiguous_name", "several live rows of {entities} have the name \"{name}\""},
    {"ambiguous_natural_key", "several live rows without external key have this natural key"},
    {"parent_deleted", "the {entity} it belongs to is deleted"},
    {"not_attached", "entity \"{entities}\" is not attached"},
    {"self_reference", "record refers to itself"},
    {"own_ancestor", "the {entity} would be its own ancestor"},
    {"leaves_children", "the {entity} would move to another {group} without those below it"},
    {"parent_elsewhere", "the parent {entity} belongs to another {group}"},
    {"exists", "a row with this external key already exists"},
    {"deleted", "the row with this external key is deleted"},
    {"not_found", "no row has this external key"},
    {"in_progress", "an operation is in progress"},
    {"started", "the {entity} has been started, so it does not move to another {parent}"},
    {"policy", "a row-level security policy does not let this row be updated"},
    {"no_permission", ""},
    {"suppressed", "a trigger suppressed the row or changed its id or tenant"},
    {"taken", ""},
    {"taken_by", "{entity} \"{external_id}\" has this value already"},
    {"taken_by_deleted", "the deleted {entity} \"{external_id}\" has this value"},
    {"taken_by_local", "the {entity} with id \"{id}\", which has no external key, has this value already"},
    {"unknown_reference", ""},
    {"violates_check", ""},
    {"kept", "\"{kept}\" is kept, \"{sent}\" is ignored"},
    {"kept_started", "{entity} \"{external_id}\" was not sent but has been started, so it stays"},
    {"adopted", "linked to the row that has the same natural key"},
    {"moved", "moved from {entity} \"{from}\" to {entity} \"{to}\""},
    {"source_case", "source \"{source}\" is known and differs only in case"},
    {"key_form", "{value} has a form that spreadsheets give to other keys"},
    {"repeated_key", "line {line} has this key, too"},
    {"two_parents", "record {index} of {entities} has this key under {entity} \"{external_id}\""},
    {"date_order", "the dates do not tell whether the day or the month comes first"},
    {"number_sign", "{value} can be read in two ways: its sign is the decimal one, or it groups digits"},
    {"other_dates", "{lines} refused values are dates of the form {value}: give the option date_format"},
    {"other_numbers", "{lines} refused values are numbers with the decimal sign {value}: give the option decimal"},
    {"dos_code_page",
     "{value} looks like a word in a code page of DOS: save the file as UTF-8, or convert it, and import that"},
    {"swallowed_lines", "a quoted cell has {lines} lines in it that look like records"},
    {"malformed_line", "misplaced or missing quote"},
    {"extra_cells", "the line has {cells} cells, the header {limit}"},
    {"repeated_header", "the line repeats the header"},
    {"separator_line", "the line separates others and is no record"},
    {"sum_line", "{value} is no external_id: the line seems to sum up others"},
    {"unreadable_character", "the cell has bytes that are no characters in the file's encoding"},
    {"control_character", "the cell has a control character that no text has"},
    {"nul_byte", "the cell contains a NUL byte"},
    {"unterminated_cell", "line {line}: unterminated quoted cell"},
    {"quote_in_header", "line {line}: misplaced quote in the header"},
    {"nul_in_header", "the header contains a NUL byte"},
    {"empty_file", "the file is empty"},
    {"not_in_encoding", "line {line}: invalid byte sequence for encoding \"{encoding}\""},
    {"unknown_encoding", "unknown encoding \"{encoding}\""},
    {"workbook", "the file is a spreadsheet workbook, not CSV"},
    {"utf_16", "the file is encoded in UTF-16"},
    {"unknown_column", "the file has no column \"{column}\""},
    {"same_field", "columns \"{column}\" and \"{other}\" both map to \"{field}\""},
    {"no_field", "no column of the file is a field of {entities}"},
    {"import_not_running", "import {run} is not running"},
};
static_assert(std::size(entries) == static_cast<std::size_t>(Reason::import_not_running) + 1);

// Digits that a double holds, which is what readers of JSON make of a number.
constexpr std::size_t exact_digits = 15;
// Bytes of a text that is no offending value: a name, or a list of what is allowed.
constexpr std::size_t longest_text = 500;

// A number as JSON: as a text if readers could not tell it from another one.
std::string digits_json(std::string_view digits) {
    return digits.size() <= exact_digits ? std::string(digits) : json_string(digits);
}

std::string value_json(const Json& value) {
    if (value.is_string()) return json_string(shorten(value.text(), shown_in_message));
    return value.is_number()    ? digits_json(quoted(value))
           : value.is_boolean() ? quoted(value)
                                : json_string(quoted(value));
}

// The value of that name as it stands in the message, in which no other is.
std::string_view shown_param(FaultParams params, std::string_view name) {
    for (const FaultParam& param : params)
        if (param.name == name) return param.shown;
    ERYXON_ASSERT(!"the message names a value that is not given");
    return {};
}

bool shows_value(Reason reason) {
    return reason_entry(reason).message.find("{value}") != std::string_view::npos;
}

// Adds a value to the params that the fault has, if any.
void add_param(Fault& fault, const FaultParam& param) {
    if (fault.params.empty()) return;
    fault.params.pop_back();
    fault.params += ',' + json_string(param.name) + ':' + param.json + '}';
}

Fault fault_of(Code code, Reason reason, const Json& value, FaultParams params) {
    Fault fault = make_fault(code, {}, reason, params);
    fault.value = shown_value(value);
    return fault;
}

}  // namespace

const ReasonEntry& reason_entry(Reason reason) {
    return entries[static_cast<std::size_t>(reason)];
}

FaultParam::FaultParam(std::string_view name, std::string_view text)
    : name(name), shown(shorten(text, longest_text)), json(json_string(shown)) {}

FaultParam::FaultParam(std::string_view name, const Json& value)
    : name(name), shown(quoted(value)), json(value_json(value)) {}

FaultParam FaultParam::decimal(std::string_view name, std::string_view digits) {
    FaultParam param(name, digits);
    param.json = digits_json(digits);
    return param;
}

std::string reason_message(Reason reason, FaultParams params) {
    std::string_view rest = reason_entry(reason).message;
    std::string message;
    for (std::size_t open = rest.find('{'); open != rest.npos; open = rest.find('{')) {
        const std::size_t close = rest.find('}', open);
        message += rest.substr(0, open);
        message += shown_param(params, rest.substr(open + 1, close - open - 1));
        rest.remove_prefix(close + 1);
    }
    return message.append(rest);
}

std::string reason_params(Reason reason, FaultParams params) {
    std::string out = "{";
    write_json_member("reason", reason_entry(reason).word, out);
    for (const FaultParam& param : params)
        out.append(",").append(json_string(param.name)).append(":").append(param.json);
    return out + '}';
}

Fault make_fault(Code code, std::string path, Reason reason, FaultParams params, std::string hint) {
    return {.code = code,
            .path = std::move(path),
            .message = reason_message(reason, params),
            .value = {},
            .hint = std::move(hint),
            .params = reason_params(reason, params)};
}

Fault value_fault(Code code, Reason reason, const Json& value) {
    return shows_value(reason) ? fault_of(code, reason, value, {{"value", value}}) : fault_of(code, reason, value, {});
}

Fault value_fault(Code code, Reason reason, const Json& value, const FaultParam& other) {
    return shows_value(reason) ? fault_of(code, reason, value, {{"value", value}, other})
                               : fault_of(code, reason, value, {other});
}

Warning make_warning(std::string_view code, std::string path, Reason reason, FaultParams params) {
    return {code, std::move(path), reason_message(reason, params),
            params.size() == 0 ? std::string() : reason_params(reason, params)};
}

void add_element(Fault& fault, std::size_t element) {
    fault.message += " in element " + std::to_string(element);
    add_param(fault, {"element", element});
}

void add_line(Fault& fault, std::int64_t line) {
    fault.message = "line " + std::to_string(line) + ": " + fault.message;
    add_param(fault, {"line", line});
}

}  // namespace eryxon::core
