// The codes with their SQLSTATEs, and the exception that carries faults.
#include "core/base/error.hpp"

#include <gtest/gtest.h>
#include <string>

namespace eryxon::core {
namespace {

TEST(Error, EveryCodeHasItsNameAndSqlstate) {
    const struct {
        Code code;
        std::string_view name, sqlstate;
    } table[] = {
        {Code::not_null, "NOT_NULL", "23502"},
        {Code::fk_constraint, "FK_CONSTRAINT", "23503"},
        {Code::fk_required, "FK_REQUIRED", "23503"},
        {Code::ambiguous_reference, "AMBIGUOUS_REFERENCE", "23503"},
        {Code::unique_constraint, "UNIQUE_CONSTRAINT", "23505"},
        {Code::exists, "EXISTS", "23505"},
        {Code::enum_constraint, "ENUM_CONSTRAINT", "23514"},
        {Code::min_value, "MIN_VALUE", "23514"},
        {Code::max_value, "MAX_VALUE", "23514"},
        {Code::min_length, "MIN_LENGTH", "23514"},
        {Code::max_length, "MAX_LENGTH", "23514"},
        {Code::pattern_mismatch, "PATTERN_MISMATCH", "23514"},
        {Code::check_constraint, "CHECK_CONSTRAINT", "23514"},
        {Code::circular_reference, "CIRCULAR_REFERENCE", "23514"},
        {Code::type_mismatch, "TYPE_MISMATCH", "22P02"},
        {Code::uuid_format, "UUID_FORMAT", "22P02"},
        {Code::date_format, "DATE_FORMAT", "22007"},
        {Code::unknown_field, "UNKNOWN_FIELD", "42703"},
        {Code::read_only, "READ_ONLY", "42703"},
        {Code::deleted, "DELETED", "P0002"},
        {Code::not_found, "NOT_FOUND", "P0002"},
        {Code::in_progress, "IN_PROGRESS", "55006"},
        {Code::invalid_payload, "INVALID_PAYLOAD", "22023"},
        {Code::invalid_option, "INVALID_OPTION", "22023"},
        {Code::unknown_entity, "UNKNOWN_ENTITY", "22023"},
        {Code::batch_too_large, "BATCH_TOO_LARGE", "22023"},
        {Code::access_denied, "ACCESS_DENIED", "42501"},
        {Code::database_error, "DATABASE_ERROR", "09000"},
    };
    for (const auto& row : table) {
        EXPECT_EQ(code_name(row.code), row.name);
        EXPECT_EQ(code_sqlstate(row.code), row.sqlstate) << row.name;
    }
}

TEST(Error, ACallErrorCarriesItsFaults) {
    const CallError one(Code::invalid_option, "unknown option \"x\"", "Known options are: a, b.");
    EXPECT_STREQ(one.what(), "unknown option \"x\"");
    ASSERT_EQ(one.faults().size(), 1u);
    EXPECT_EQ(one.faults()[0].code, Code::invalid_option);
    EXPECT_EQ(one.faults()[0].hint, "Known options are: a, b.");
    EXPECT_EQ(one.faults()[0].path, "");

    const CallError two(
        std::vector<Fault>{{Code::not_null, "name", "first", ""}, {Code::min_value, "quantity", "second", "0"}});
    EXPECT_STREQ(two.what(), "name: first");
    EXPECT_EQ(two.faults()[1].path, "quantity");
}

}  // namespace
}  // namespace eryxon::core
