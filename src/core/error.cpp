// The table of error codes with their SQLSTATEs, and the exception that ends a call.
#include "core/error.hpp"

#include <utility>

namespace eryxon::core {

namespace {

struct CodeEntry {
    std::string_view name;
    std::string_view sqlstate;
};

// The name and SQLSTATE of a code; the compiler warns if a code is missing.
constexpr CodeEntry entry(Code code) {
    switch (code) {
        case Code::not_null:
            return {"NOT_NULL", "23502"};
        case Code::fk_constraint:
            return {"FK_CONSTRAINT", "23503"};
        case Code::fk_required:
            return {"FK_REQUIRED", "23503"};
        case Code::ambiguous_reference:
            return {"AMBIGUOUS_REFERENCE", "23503"};
        case Code::unique_constraint:
            return {"UNIQUE_CONSTRAINT", "23505"};
        case Code::exists:
            return {"EXISTS", "23505"};
        case Code::enum_constraint:
            return {"ENUM_CONSTRAINT", "23514"};
        case Code::min_value:
            return {"MIN_VALUE", "23514"};
        case Code::max_value:
            return {"MAX_VALUE", "23514"};
        case Code::min_length:
            return {"MIN_LENGTH", "23514"};
        case Code::max_length:
            return {"MAX_LENGTH", "23514"};
        case Code::pattern_mismatch:
            return {"PATTERN_MISMATCH", "23514"};
        case Code::check_constraint:
            return {"CHECK_CONSTRAINT", "23514"};
        case Code::circular_reference:
            return {"CIRCULAR_REFERENCE", "23514"};
        case Code::type_mismatch:
            return {"TYPE_MISMATCH", "22P02"};
        case Code::uuid_format:
            return {"UUID_FORMAT", "22P02"};
        case Code::date_format:
            return {"DATE_FORMAT", "22007"};
        case Code::unknown_field:
            return {"UNKNOWN_FIELD", "42703"};
        case Code::read_only:
            return {"READ_ONLY", "42703"};
        case Code::deleted:
            return {"DELETED", "P0002"};
        case Code::not_found:
            return {"NOT_FOUND", "P0002"};
        case Code::in_progress:
            return {"IN_PROGRESS", "55006"};
        case Code::invalid_payload:
            return {"INVALID_PAYLOAD", "22023"};
        case Code::invalid_option:
            return {"INVALID_OPTION", "22023"};
        case Code::unknown_entity:
            return {"UNKNOWN_ENTITY", "22023"};
        case Code::batch_too_large:
            return {"BATCH_TOO_LARGE", "22023"};
        case Code::access_denied:
            return {"ACCESS_DENIED", "42501"};
        case Code::database_error:
            return {"DATABASE_ERROR", "09000"};
    }
    return {"DATABASE_ERROR", "09000"};
}

}  // namespace

// The code as answers show it.
std::string_view code_name(Code code) {
    return entry(code).name;
}

// The SQLSTATE of the code.
std::string_view code_sqlstate(Code code) {
    return entry(code).sqlstate;
}

// A call that ends with one fault.
CallError::CallError(Fault fault) : std::runtime_error(fault.message) {
    faults_.push_back(std::move(fault));
}

// A call that ends with several faults; the first one speaks for all.
CallError::CallError(std::vector<Fault> faults)
    : std::runtime_error(faults.at(0).message), faults_(std::move(faults)) {}

// A call that ends with a fault of the call itself, not of a field.
CallError::CallError(Code code, std::string message, std::string hint)
    : CallError(Fault{.code = code, .path = {}, .message = std::move(message), .value = {}, .hint = std::move(hint)}) {}

}  // namespace eryxon::core
