// Raises the errors of deletes and restores.
#include "pg/server/refusal.hpp"

#include "core/json/json.hpp"
#include "core/result/result.hpp"

#include <algorithm>

extern "C" {
#include "utils/lsyscache.h"
}

namespace eryxon::pg {

namespace {

int encoded(std::string_view state) {
    return MAKE_SQLSTATE(state[0], state[1], state[2], state[3], state[4]);
}

// The product's code for an error of the server.
core::Code code_of(const Error& error) {
    switch (error.data().sqlerrcode) {
        case ERRCODE_FOREIGN_KEY_VIOLATION:
        case ERRCODE_RESTRICT_VIOLATION:
            return core::Code::fk_constraint;
        case ERRCODE_UNIQUE_VIOLATION:
            return core::Code::unique_constraint;
        case ERRCODE_NOT_NULL_VIOLATION:
            return core::Code::not_null;
        case ERRCODE_CHECK_VIOLATION:
            return core::Code::check_constraint;
        case ERRCODE_INSUFFICIENT_PRIVILEGE:
            return core::Code::access_denied;
        default:
            return core::Code::database_error;
    }
}

std::string details(core::Code code, const std::string& message, const std::string& state) {
    return core::details_text({{code, "", message, "", state, {}}});
}

// The texts of an error, as the server takes them.
struct Texts {
    const char* message;
    const char* detail;
    const char* hint;
    const char* schema;
    const char* table;
    const char* column;
    const char* constraint;
};

const char* text_or_null(const std::string& text) {
    return text.empty() ? nullptr : text.c_str();
}

void set_names(const Texts& texts) {
    if (texts.schema != nullptr) err_generic_string(PG_DIAG_SCHEMA_NAME, texts.schema);
    if (texts.table != nullptr) err_generic_string(PG_DIAG_TABLE_NAME, texts.table);
    if (texts.column != nullptr) err_generic_string(PG_DIAG_COLUMN_NAME, texts.column);
    if (texts.constraint != nullptr) err_generic_string(PG_DIAG_CONSTRAINT_NAME, texts.constraint);
}

[[noreturn]] void report(int sqlerrcode, const Texts& texts) {
    call([&] {
        ereport(ERROR,
                (errcode(sqlerrcode), errmsg_internal("%s", texts.message), errdetail_internal("%s", texts.detail),
                 texts.hint != nullptr ? errhint("%s", texts.hint) : 0, set_names(texts)));
    });
    pg_unreachable();
}

}  // namespace

bool has_details(const Error& error) {
    const char* detail = error.data().detail;
    if (detail == nullptr || detail[0] != '[') return false;
    try {
        core::JsonArena arena;
        core::Json const details = core::parse_json(detail, arena);
        return std::all_of(details.items().begin(), details.items().end(),
                           [](const core::Json& entry) { return entry.find("constraint") != nullptr; });
    } catch (const core::CallError&) {
        return false;
    }
}

std::string details_of(const Error& error) {
    if (has_details(error)) return error.data().detail;
    core::Code const code = code_of(error);
    return details(code, error.what(), error.sqlstate() == core::code_sqlstate(code) ? "" : error.sqlstate());
}

void refuse(const Refusal& refusal) {
    std::string const state(refusal.sqlstate.empty() ? core::code_sqlstate(refusal.code) : refusal.sqlstate);
    std::string const detail = details(refusal.code, refusal.message, refusal.sqlstate);
    Texts texts{refusal.message.c_str(),         detail.c_str(), text_or_null(refusal.hint), nullptr, nullptr, nullptr,
                text_or_null(refusal.constraint)};
    if (OidIsValid(refusal.table))
        call([&] {
            texts.schema = get_namespace_name(get_rel_namespace(refusal.table));
            texts.table = get_rel_name(refusal.table);
        });
    report(encoded(state), texts);
}

void refuse(const Error& error, const std::string& hint) {
    if (error.ends_call() || has_details(error)) throw error;
    const ErrorData& data = error.data();
    std::string const message = error.what();
    std::string const detail = details_of(error);
    report(data.sqlerrcode, {message.c_str(), detail.c_str(), hint.empty() ? data.hint : hint.c_str(), data.schema_name,
                             data.table_name, data.column_name, data.constraint_name});
}

}  // namespace eryxon::pg
