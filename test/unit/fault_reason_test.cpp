// What faults say, and the params from which it is said in other languages.
#include "core/json/fault_reason.hpp"

#include <gtest/gtest.h>
#include <set>

namespace eryxon::core {
namespace {

// The fault of a value as a JSON text.
Fault fault_of(Reason reason, std::string_view json, const FaultParam& other) {
    JsonArena arena;
    return value_fault(Code::max_value, reason, parse_json(json, arena), other);
}

TEST(FaultReason, EachHasAWordOfItsOwn) {
    std::set<std::string_view> words;
    for (int i = 0; i <= static_cast<int>(Reason::import_not_running); ++i)
        words.insert(reason_entry(static_cast<Reason>(i)).word);
    EXPECT_EQ(words.size(), static_cast<std::size_t>(Reason::import_not_running) + 1);
    EXPECT_EQ(reason_entry(Reason::required).word, "required");
    EXPECT_EQ(reason_entry(Reason::kept).word, "kept");
    EXPECT_EQ(reason_entry(Reason::import_not_running).word, "import_not_running");
}

TEST(FaultReason, MessageAndParamsHaveTheSameValues) {
    const Fault fault = fault_of(Reason::too_large, "12", FaultParam::decimal("limit", "10.5"));
    EXPECT_EQ(fault.message, "value 12 is greater than the maximum 10.5");
    EXPECT_EQ(fault.params, R"({"reason":"too_large","value":12,"limit":10.5})");
    EXPECT_EQ(fault.value, "12");
}

TEST(FaultReason, TextsAreQuotedAndShortened) {
    const Fault fault = fault_of(Reason::pattern, R"("a\"b")", {"pattern", "^x$"});
    EXPECT_EQ(fault.message, R"(value "a"b" does not match pattern "^x$")");
    EXPECT_EQ(fault.params, R"({"reason":"pattern","value":"a\"b","pattern":"^x$"})");
    const Fault longer = fault_of(Reason::pattern, '"' + std::string(100, 'x') + '"', {"pattern", ""});
    EXPECT_NE(longer.params.find(R"("value":")" + std::string(80, 'x') + "...\""), std::string::npos);
}

TEST(FaultReason, NumbersThatADoubleDoesNotHoldAreTexts) {
    const Fault fault = fault_of(Reason::too_large, "12345678901234567890", FaultParam::decimal("limit", "2147483647"));
    EXPECT_EQ(fault.params, R"({"reason":"too_large","value":"12345678901234567890","limit":2147483647})");
}

TEST(FaultReason, AValueThatIsNotInTheMessageIsNotInTheParams) {
    JsonArena arena;
    const Fault fault = value_fault(Code::not_null, Reason::null_value, Json::null());
    EXPECT_EQ(fault.params, R"({"reason":"null_value"})");
    EXPECT_EQ(fault.value, "null");
}

TEST(FaultReason, AnElementIsNamed) {
    Fault fault = fault_of(Reason::invalid_value, "true", {"type", "text"});
    add_element(fault, 3);
    EXPECT_EQ(fault.message, "invalid text true in element 3");
    EXPECT_EQ(fault.params, R"({"reason":"invalid_value","value":true,"type":"text","element":3})");
}

TEST(FaultReason, ALineIsNamed) {
    Fault fault = make_fault(Code::exists, "", Reason::exists);
    add_line(fault, 7);
    EXPECT_EQ(fault.message, "line 7: a row with this external key already exists");
    EXPECT_EQ(fault.params, R"({"reason":"exists","line":7})");
    Fault other{Code::database_error, "", "no", ""};
    add_line(other, 7);
    EXPECT_EQ(other.params, "");
}

TEST(FaultReason, WarningsHaveParamsOnlyForValues) {
    EXPECT_EQ(make_warning("ADOPTED", "", Reason::adopted).params, "");
    const Warning kept = make_warning("KEPT", "status", Reason::kept, {{"kept", "done"}, {"sent", "new"}});
    EXPECT_EQ(kept.message, R"("done" is kept, "new" is ignored)");
    EXPECT_EQ(kept.params, R"({"reason":"kept","kept":"done","sent":"new"})");
}

}  // namespace
}  // namespace eryxon::core
