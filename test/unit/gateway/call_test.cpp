// Which statements of a call get names that connections keep.
#include "gateway/call.hpp"

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

    // The number of the call's statement; 0: it has no name.
    unsigned id(const Function& function, std::vector<const Argument*> arguments, const std::string& role) {
        Call const call{.function = &function, .arguments = std::move(arguments), .document = "{}", .role = role};
        std::vector<Step> const steps = writer_.write(call, {});
        return steps[steps.size() - CallWriter::call_from_end].statement->id;
    }

    Config config_;
    Statements statements_;
    CallWriter writer_;
    std::string const anonymous_ = config_.db_anon_role;
};

TEST_F(CallWriterTest, AnonymousCallsHaveNamesWhereTheirShapeIsFixed) {
    Function const function = wide();
    Function const document{.name = "d", .arguments = {{"", "json", true}}, .document_type = "json"};
    std::vector<const Argument*> all;
    for (const Argument& argument : function.arguments)
        all.push_back(&argument);
    EXPECT_NE(id(document, {}, anonymous_), 0U);
    EXPECT_NE(id(function, {}, anonymous_), 0U);
    EXPECT_NE(id(function, all, anonymous_), 0U);
    EXPECT_EQ(id(function, {all[0]}, anonymous_), 0U);
    EXPECT_NE(id(function, {all[0]}, "eryxon_api"), 0U);
}

TEST_F(CallWriterTest, AnonymousCallsCannotFillTheRegister) {
    Function const function = wide();
    for (std::size_t i = 0; i < 100; ++i)
        for (std::size_t j = 0; j < 100; ++j)
            id(function, {&function.arguments[i], &function.arguments[j]}, anonymous_);
    EXPECT_NE(id(function, {&function.arguments[0]}, "eryxon_api"), 0U);
}

}  // namespace
}  // namespace eryxon::gateway
