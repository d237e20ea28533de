// Statements that are written out.
#include "core/base/sql_text.hpp"

#include <gtest/gtest.h>
#include <stdexcept>

namespace eryxon::core {
namespace {

TEST(SqlText, QualifiesOperatorsBetweenBlanks) {
    EXPECT_EQ(sql("SELECT 1 WHERE a == $1 AND b <> (c - 2)"),
              "SELECT 1 WHERE a OPERATOR(pg_catalog.=) $1 AND b OPERATOR(pg_catalog.<>) (c OPERATOR(pg_catalog.-) 2)");
    EXPECT_EQ(sql("a == ANY ($1)\n  AND x >=\ny"),
              "a OPERATOR(pg_catalog.=) ANY ($1)\n  AND x OPERATOR(pg_catalog.>=)\ny");
}

TEST(SqlText, LeavesAssignmentsStarsAndSignsAlone) {
    EXPECT_EQ(sql("UPDATE t SET a = b, c = -1"), "UPDATE t SET a = b, c = -1");
    EXPECT_EQ(sql("SELECT * FROM t"), "SELECT * FROM t");
}

TEST(SqlText, LeavesQuotedTextAlone) {
    EXPECT_EQ(sql("SELECT ' == {x} ', \" <> \", 'it''s == '"), "SELECT ' == {x} ', \" <> \", 'it''s == '");
}

TEST(SqlText, PutsNamesIn) {
    EXPECT_EQ(sql("SELECT {column} FROM {table} WHERE {column} == 1", {{"table", "s.t"}, {"column", "\" == \""}}),
              "SELECT \" == \" FROM s.t WHERE \" == \" OPERATOR(pg_catalog.=) 1");
    EXPECT_THROW(sql("SELECT {column}"), std::out_of_range);
}

TEST(SqlText, EndsWithTheStatement) {
    EXPECT_EQ(sql("a =="), "a OPERATOR(pg_catalog.=)");
    EXPECT_EQ(sql("'open"), "'open");
    EXPECT_EQ(sql(""), "");
}

}  // namespace
}  // namespace eryxon::core
