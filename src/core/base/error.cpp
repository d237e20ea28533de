// The table of error codes with their SQLSTATEs, and the exception that ends a call.
#include "core/base/error.hpp"

#include <iterator>
#include <utility>

namespace eryxon::core {

namespace {

struct CodeEntry {
    std::string_view name;
    std::string_view sqlstate;
};

// Every code, in the order of the enumeration.
constexpr CodeEntry entries[] = {
    {"NOT_NULL", "23502"},
    {"FK_CONSTRAINT", "23503"},
    {"FK_REQUIRED", "23503"},
    {"AMBIGUOUS_REFERENCE", "23503"},
    {"UNIQUE_CONSTRAINT", "23505"},
    {"DUPLICATE_KEY", "23505"},
    {"EXISTS", "23505"},
    {"ENUM_CONSTRAINT", "23514"},
    {"MIN_VALUE", "23514"},
    {"MAX_VALUE", "23514"},
    {"MIN_LENGTH", "23514"},
    {"MAX_LENGTH", "23514"},
    {"PATTERN_MISMATCH", "23514"},
    {"CHECK_CONSTRAINT", "23514"},
    {"CIRCULAR_REFERENCE", "23514"},
    {"TYPE_MISMATCH", "22P02"},
    {"UUID_FORMAT", "22P02"},
    {"DATE_FORMAT", "22007"},
    {"UNKNOWN_FIELD", "42703"},
    {"READ_ONLY", "42703"},
    {"DELETED", "P0002"},
    {"NOT_FOUND", "P0002"},
    {"IN_PROGRESS", "55006"},
    {"INVALID_PAYLOAD", "22023"},
    {"INVALID_OPTION", "22023"},
    {"UNKNOWN_ENTITY", "22023"},
    {"ENTITY_UNUSABLE", "55000"},
    {"BATCH_TOO_LARGE", "22023"},
    {"ACCESS_DENIED", "42501"},
    {"DATABASE_ERROR", "09000"},
};
static_assert(std::size(entries) == static_cast<std::size_t>(Code::database_error) + 1);

// The entry of the code.
const CodeEntry& entry(Code code) {
    return entries[static_cast<std::size_t>(code)];
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

// The message of a fault with the path before it.
static std::string text_of(const Fault& fault) {
    return fault.path.empty() ? fault.message : fault.path + ": " + fault.message;
}

// A call that ends with one fault.
CallError::CallError(Fault fault) : std::runtime_error(text_of(fault)) {
    faults_.push_back(std::move(fault));
}

// A call that ends with several faults; the first one speaks for all.
CallError::CallError(std::vector<Fault> faults)
    : std::runtime_error(text_of(faults.at(0))), faults_(std::move(faults)) {}

// A call that ends with a fault of the call itself, not of a field.
CallError::CallError(Code code, std::string message, std::string hint)
    : CallError(Fault{.code = code, .path = {}, .message = std::move(message), .value = {}, .hint = std::move(hint)}) {}

}  // namespace eryxon::core
