// Tests of core/event.
#include "core/result/event.hpp"

#include <gtest/gtest.h>

namespace eryxon::core {

namespace {

constexpr RowState absent, live{true, true, {}}, deleted{true, false, {}};

RowState with_status(std::string_view status) {
    return {true, true, status};
}

TEST(RowEvent, TellsWhatBecameOfTheRow) {
    EXPECT_EQ(row_event(absent, live, true), RowEvent::created);
    EXPECT_EQ(row_event(live, live, true), RowEvent::updated);
    EXPECT_EQ(row_event(live, deleted, false), RowEvent::deleted);
    EXPECT_EQ(row_event(live, absent, true), RowEvent::deleted);
    EXPECT_EQ(row_event(deleted, live, false), RowEvent::restored);
}

TEST(RowEvent, IsNoneWhereNobodySeesADifference) {
    EXPECT_EQ(row_event(live, live, false), RowEvent::none);
    EXPECT_EQ(row_event(deleted, deleted, true), RowEvent::none);
    EXPECT_EQ(row_event(deleted, absent, true), RowEvent::none);
    EXPECT_EQ(row_event(absent, absent, false), RowEvent::none);
}

TEST(RowEvent, HasANameButForNone) {
    EXPECT_EQ(event_name(RowEvent::created), "created");
    EXPECT_EQ(event_name(RowEvent::updated), "updated");
    EXPECT_EQ(event_name(RowEvent::deleted), "deleted");
    EXPECT_EQ(event_name(RowEvent::restored), "restored");
    EXPECT_EQ(event_name(RowEvent::none), "");
}

TEST(StatusEvent, NamesWhereTheStatusWent) {
    EXPECT_EQ(status_event(with_status("not_started"), with_status("in_progress")), "started");
    EXPECT_EQ(status_event(with_status("completed"), with_status("in_progress")), "started");
    EXPECT_EQ(status_event(with_status("in_progress"), with_status("on_hold")), "paused");
    EXPECT_EQ(status_event(with_status("on_hold"), with_status("in_progress")), "resumed");
    EXPECT_EQ(status_event(with_status("on_hold"), with_status("completed")), "completed");
    EXPECT_EQ(status_event(absent, with_status("in_progress")), "started");
}

TEST(StatusEvent, IsEmptyForEverythingElse) {
    EXPECT_EQ(status_event(with_status("in_progress"), with_status("in_progress")), "");
    EXPECT_EQ(status_event(with_status("in_progress"), with_status("not_started")), "");
    EXPECT_EQ(status_event(with_status("available"), with_status("in_use")), "");
    EXPECT_EQ(status_event(with_status("in_progress"), RowState{true, false, "completed"}), "");
    EXPECT_EQ(status_event(with_status("in_progress"), absent), "");
}

}  // namespace

}  // namespace eryxon::core
