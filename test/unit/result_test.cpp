// The answers' JSON, to the letter.
#include "core/result/result.hpp"

#include <gtest/gtest.h>

namespace eryxon::core {
namespace {

std::string written(const Outcome& outcome) {
    JsonArena arena;
    return json_text(outcome_json(outcome, arena));
}

TEST(Result, OfACreatedRecord) {
    Outcome outcome;
    outcome.external_id = "SO-1";
    outcome.source = "SAP";
    outcome.id = parse_uuid("0189f7ea-0000-7000-8000-00000000000a");
    outcome.action = Action::created;
    EXPECT_EQ(written(outcome), R"({"index":0,"external_id":"SO-1","external_source":"SAP",)"
                                R"("id":"0189f7ea-0000-7000-8000-00000000000a","action":"created"})");
}

TEST(Result, OfAFaultyRecord) {
    Outcome outcome;
    outcome.index = 2;
    outcome.external_id = "SO-3";
    outcome.source = "SAP";
    outcome.faults = {{Code::date_format, "due_date", "invalid date \"31-12-2026\"", "\"31-12-2026\""},
                      {Code::database_error, "", "no way", "", "P0001"}};
    EXPECT_EQ(written(outcome),
              R"({"index":2,"external_id":"SO-3","external_source":"SAP","action":"error","code":"DATE_FORMAT",)"
              R"("error":"due_date: invalid date \"31-12-2026\"","sqlstate":"22007",)"
              R"("details":[{"path":"due_date","constraint":"DATE_FORMAT","message":"invalid date \"31-12-2026\"",)"
              R"("value":"31-12-2026"},{"path":"","constraint":"DATABASE_ERROR","message":"no way"}]})");
    outcome.faults.erase(outcome.faults.begin());
    EXPECT_NE(written(outcome).find(R"("error":"no way","sqlstate":"P0001")"), std::string::npos);
}

TEST(Result, ShowsWhatMessagesAreMadeOf) {
    Fault fault{Code::max_value, "quantity", "too much", "12"};
    fault.params = R"({"reason":"too_large","limit":10})";
    EXPECT_EQ(details_text({fault}), R"([{"path":"quantity","constraint":"MAX_VALUE","message":"too much","value":12,)"
                                     R"("params":{"limit":10,"reason":"too_large"}}])");
    JsonArena arena;
    EXPECT_EQ(json_text(warnings_json({{"KEPT", "status", "kept", R"({"kept":"x"})"}}, arena)),
              R"([{"code":"KEPT","path":"status","message":"kept","params":{"kept":"x"}}])");
}

TEST(Result, ShowsAValueThatIsNoJson) {
    EXPECT_EQ(details_text({{Code::check_constraint, "a", "b", "[1, {\"x\": 1.50}]"}, {Code::exists, "", "c", "1 2"}}),
              R"([{"path":"a","constraint":"CHECK_CONSTRAINT","message":"b","value":[1,{"x":1.50}]},)"
              R"({"path":"","constraint":"EXISTS","message":"c","value":"1 2"}])");
}

TEST(Result, WithWarningsChildrenAndChanges) {
    Outcome outcome;
    outcome.index = 7;
    outcome.action = Action::updated;
    outcome.warnings = {{"KEPT", "status", "kept \"x\""}};
    outcome.has_children = true;
    outcome.children = {{"parts", Counts{2, 1, 1, 0, 0, 0, 0}}};
    outcome.has_changes = true;
    outcome.changes = {{"customer", Json::string("A"), Json::string("B")}, {"notes", {}, {}}};
    EXPECT_EQ(
        written(outcome),
        R"({"index":7,"action":"updated","warnings":[{"code":"KEPT","path":"status","message":"kept \"x\""}],)"
        R"("children":{"parts":{"total":2,"created":1,"updated":1,"restored":0,"skipped":0,"deleted":0,"errors":0}},)"
        R"("changes":[{"field":"customer","old":"A","new":"B"},{"field":"notes","old":null,"new":null}]})");
}

TEST(Result, OfADiffWithoutChanges) {
    Outcome outcome;
    outcome.action = Action::skipped;
    outcome.has_changes = true;
    outcome.has_children = true;
    EXPECT_EQ(written(outcome), R"({"index":0,"action":"skipped","children":{},"changes":[]})");
}

TEST(Counts, AddUp) {
    Counts counts;
    for (const Action action : {Action::created, Action::created, Action::updated, Action::restored, Action::skipped,
                                Action::deleted, Action::error})
        counts.add(action);
    Counts twice = counts;
    twice += counts;
    JsonArena arena;
    JsonObject object(arena, 0);
    add_counts(twice, object);
    EXPECT_EQ(json_text(object.json()),
              R"({"total":14,"created":4,"updated":2,"restored":2,"skipped":2,"deleted":2,"errors":2})");
}

TEST(Counts, NameEveryAction) {
    EXPECT_EQ(action_name(Action::created), "created");
    EXPECT_EQ(action_name(Action::updated), "updated");
    EXPECT_EQ(action_name(Action::restored), "restored");
    EXPECT_EQ(action_name(Action::skipped), "skipped");
    EXPECT_EQ(action_name(Action::deleted), "deleted");
    EXPECT_EQ(action_name(Action::error), "error");
}

}  // namespace
}  // namespace eryxon::core
