// What faults and warnings say: a reason with its message, and the values in it, which translations need too.
#pragma once

#include "core/json/json.hpp"

#include <concepts>
#include <initializer_list>
#include <string>
#include <string_view>

namespace eryxon::core {

// One per message; docs/errors.md lists them with their codes.
enum class Reason {
    required,
    misnamed,
    null_value,
    empty,
    too_long,
    too_short,
    outer_space,
    invisible_character,
    not_allowed,
    too_small,
    too_large,
    too_many_decimals,
    too_many_digits,
    out_of_range,
    cut,
    pattern,
    invalid_value,
    wrong_type,
    invalid_date,
    time_of_day,
    fraction_of_second,
    unknown_field,
    read_only,
    unmapped_field,
    generated_column,
    reserved_name,
    invalid_operation,
    not_an_object,
    not_an_array,
    member_twice,
    other_parent,
    not_the_parent,
    unknown_external_id,
    unknown_id,
    unknown_name,
    unknown_active_name,
    ambiguous_name,
    ambiguous_natural_key,
    parent_deleted,
    not_attached,
    self_reference,
    own_ancestor,
    leaves_children,
    parent_elsewhere,
    exists,
    deleted,
    not_found,
    in_progress,
    started,
    policy,
    no_permission,
    suppressed,
    taken,
    taken_by,
    taken_by_deleted,
    taken_by_local,
    unknown_reference,
    violates_check,
    kept,
    kept_started,
    adopted,
    moved,
    source_case,
    key_form,
    repeated_key,
    two_parents,
    date_order,
    number_sign,
    other_dates,
    other_numbers,
    dos_code_page,
    swallowed_lines,
    malformed_line,
    extra_cells,
    repeated_header,
    separator_line,
    sum_line,
    unreadable_character,
    control_character,
    nul_byte,
    unterminated_cell,
    quote_in_header,
    nul_in_header,
    empty_file,
    not_in_encoding,
    unknown_encoding,
    workbook,
    utf_16,
    unknown_column,
    same_field,
    no_field,
    import_not_running
};

// A reason as `params` show it, and its message with the names of values in braces; empty where the server says it.
struct ReasonEntry {
    std::string_view word;
    std::string_view message;
};
const ReasonEntry& reason_entry(Reason reason);

// A value of a message: as it stands in the text, and as JSON.
struct FaultParam {
    FaultParam(std::string_view name, std::string_view text);
    FaultParam(std::string_view name, const Json& value);
    FaultParam(std::string_view name, std::integral auto number)
        : name(name), shown(std::to_string(number)), json(shown) {}
    // A number of any size, given as its digits.
    static FaultParam decimal(std::string_view name, std::string_view digits);

    std::string_view name;
    std::string shown, json;
};
using FaultParams = std::initializer_list<FaultParam>;

// The message of the reason with its values filled in.
std::string reason_message(Reason reason, FaultParams params);
// The values as the JSON object `params`, the reason among them.
std::string reason_params(Reason reason, FaultParams params);

// A fault with its message and params.
Fault make_fault(Code code, std::string path, Reason reason, FaultParams params = {}, std::string hint = {});
// A fault that shows the value that caused it, and has no path yet. The value is the message's {value}.
Fault value_fault(Code code, Reason reason, const Json& value);
Fault value_fault(Code code, Reason reason, const Json& value, const FaultParam& other);
// A warning with its message; params only if it has values, for its code says the rest.
Warning make_warning(std::string_view code, std::string path, Reason reason, FaultParams params = {});
// Says in which element of an array the value stands.
void add_element(Fault& fault, std::size_t element);
// Says on which line of a file the record stands.
void add_line(Fault& fault, std::int64_t line);

}  // namespace eryxon::core
