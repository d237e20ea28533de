// The error codes of the product and what a fault carries on its way to the caller.
#pragma once

#include "core/base/core.hpp"

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace eryxon::core {

// One code per kind of fault; docs/errors.md explains each to users.
enum class Code {
    not_null,
    fk_constraint,
    fk_required,
    ambiguous_reference,
    unique_constraint,
    duplicate_key,
    exists,
    enum_constraint,
    min_value,
    max_value,
    min_length,
    max_length,
    pattern_mismatch,
    check_constraint,
    circular_reference,
    type_mismatch,
    uuid_format,
    date_format,
    unknown_field,
    read_only,
    deleted,
    not_found,
    in_progress,
    invalid_payload,
    invalid_option,
    unknown_entity,
    entity_unusable,
    batch_too_large,
    access_denied,
    database_error
};

// The code as it stands in answers, such as "FK_REQUIRED".
std::string_view code_name(Code code);
// The five-character SQLSTATE that belongs to the code ("XX000" is never one of them;
// database_error has "09000" unless the fault brought its own).
std::string_view code_sqlstate(Code code);

// One fault of a record. `path` names the field ("due_date", "parts[0].quantity"; empty for the
// whole record); `value` is the offending value as JSON text, empty if there is none to show; `params` what the message
// is made of, a JSON object as text, empty where the message is somebody else's.
struct Fault {
    Code code;
    std::string path;
    std::string message;
    std::string value;
    std::string sqlstate{};  // only where it differs from the code's own
    std::string hint{};
    std::string params{};
};

// A remark on a record that was written all the same: KEPT, UNMAPPED_FIELD, SOURCE_CASE, ADOPTED ...
struct Warning {
    std::string_view code;  // a literal
    std::string path;
    std::string message;
    std::string params{};  // as of a fault
};

// Ends the whole call: raised to the client with the SQLSTATE of its first fault,
// DETAIL = the faults as a JSON array, HINT = the first fault's hint.
class CallError : public std::runtime_error {
public:
    explicit CallError(Fault fault);
    explicit CallError(std::vector<Fault> faults);  // not empty
    CallError(Code code, std::string message, std::string hint = {});

    const std::vector<Fault>& faults() const { return faults_; }

private:
    std::vector<Fault> faults_;
};

}  // namespace eryxon::core
