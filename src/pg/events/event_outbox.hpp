// Writing events, in the transaction of what they tell.
#pragma once

#include "pg/server/boundary.hpp"

#include "core/base/uuid.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

extern "C" {
#include "access/hio.h"
#include "executor/tuptable.h"
#include "utils/relcache.h"
}

namespace eryxon::pg {

class EventKeys;

// One event. add() copies the texts; what is of the row's own is allocated in Outbox::memory(), the names live longer
// than the outbox.
struct Event {
    core::Uuid tenant;
    std::string_view singular;  // the type is <singular>.<what>
    std::string_view what;
    std::string_view entity;
    core::Uuid row;
    Datum external_id = 0, external_source = 0, number = 0;  // text; 0 for none
    std::string_view source;                                 // empty for the shop floor
    Datum changes = 0;                                       // jsonb: {field: [old, new]}
    const core::Uuid* references = nullptr;                  // values of EventKeys::columns(); zero for none
    std::optional<core::Uuid> run = std::nullopt, user = std::nullopt;
    Datum keys = 0;                                 // jsonb; 0 for none
    std::optional<core::Uuid> root = std::nullopt;  // the row that the row belongs to in the end
};

// The events of one statement, appended to eryxon.event_outbox many at a time. The table is the extension's own and has
// neither index nor trigger, so its pages are written without a statement of their own.
class Outbox {
public:
    // With `keys` the events get theirs before they are written.
    explicit Outbox(EventKeys* keys = nullptr);
    Outbox(const Outbox&) = delete;
    Outbox& operator=(const Outbox&) = delete;

    // Where values of events are to be allocated; emptied by flush().
    MemoryContext memory() const { return memory_; }
    void add(const Event& event);
    // Writes what is left, closes the table and wakes the relays. Without it, after an error, the transaction's end
    // closes.
    void finish();

private:
    static constexpr std::size_t most_events = 100;
    static constexpr std::size_t most_bytes = 1 << 20;

    void open();
    void keep(Event event);
    void flush();
    void insert();
    void fill(TupleTableSlot* slot, const Event& event);

    EventKeys* keys_;
    std::vector<Event> events_;  // that are not written yet
    MemoryContext memory_;
    MemoryContext lasting_;  // of the slots
    Relation table_ = nullptr;
    BulkInsertStateData* pages_ = nullptr;
    TupleTableSlot** slots_ = nullptr;
    std::int64_t statement_ = 0, now_ = 0;
    core::Uuid first_id_{};  // the ids of a statement's events count up from it
    std::size_t bytes_ = 0;
    std::int32_t line_ = 0;
    int made_ = 0;
};

}  // namespace eryxon::pg
