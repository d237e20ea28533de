// Which statements of a call get names that connections keep.
#include "gateway/database/call.hpp"

#include <gtest/gtest.h>

namespace eryxon::gateway {
namespace {

// A function with a hundred optional arguments.
Function wide() {
    Function function{.name = "f", .arguments = {}, .document_type = {}};
    for (int i = 0; i < 100; ++i)
        function.arguments.push_back({"a" + std::to_string(i), "text", false});
    return function;
}

class CallWriterTest : public testing::Test {
protected:
    CallWriterTest() : writer_(config_, statements_) {}

    // The name of the call's statement; empty: it has none.
    std::string name(const Function& function, std::vector<const Argument*> arguments, const std::string& role) {
        Call const call{.function = &function, .arguments = std::move(arguments), .document = "{}", .role = role};
        std::vector<Step> const steps = writer_.write(call, {}, limit_);
        return steps[steps.size() - CallWriter::call_from_end].statement->name;
    }

    Config config_;
    Statements statements_;
    CallWriter writer_;
    std::string const limit_ = "1000";
    std::string const anonymous_ = config_.db_anon_role;
};

TEST_F(CallWriterTest, AnonymousCallsHaveNamesWhereTheirShapeIsFixed) {
    Function const function = wide();
    Function const document{.name = "d", .arguments = {{"", "json", true}}, .document_type = "json"};
    std::vector<const Argument*> all;
    for (const Argument& argument : function.arguments)
        all.push_back(&argument);
    EXPECT_NE(name(document, {}, anonymous_), "");
    EXPECT_NE(name(function, {}, anonymous_), "");
    EXPECT_NE(name(function, all, anonymous_), "");
    EXPECT_EQ(name(function, {all[0]}, anonymous_), "");
    EXPECT_NE(name(function, {all[0]}, "eryxon_api"), "");
}

TEST_F(CallWriterTest, AnonymousCallsCannotFillTheRegister) {
    Function const function = wide();
    for (std::size_t i = 0; i < 100; ++i)
        for (std::size_t j = 0; j < 100; ++j)
            name(function, {&function.arguments[i], &function.arguments[j]}, anonymous_);
    EXPECT_NE(name(function, {&function.arguments[0]}, "eryxon_api"), "");
}

TEST_F(CallWriterTest, NamesAreMadeOfTheTextAndTheRole) {
    Function const jobs{.name = "api-jobs-list", .arguments = {}, .document_type = {}};
    Function const cells{.name = "api-cells-list", .arguments = {}, .document_type = {}};
    Statements others;
    others.get("", "SELECT 1");  // takes the first place, as the statements of another gateway would
    CallWriter other(config_, others);
    Call const call{.function = &jobs, .role = "eryxon_api"};
    std::vector<Step> const steps = other.write(call, {}, limit_);
    std::string const expected = steps[steps.size() - CallWriter::call_from_end].statement->name;
    EXPECT_EQ(name(jobs, {}, "eryxon_api"), expected);
    EXPECT_LT(expected.size(), 64U);
    EXPECT_NE(name(cells, {}, "eryxon_api"), expected);
    EXPECT_NE(name(jobs, {}, "eryxon_anon"), expected);
}

}  // namespace
}  // namespace eryxon::gateway
