// Writing events, in the transaction of what they tell.
#pragma once

#include "pg/server/boundary.hpp"

#include "core/base/uuid.hpp"

#include <cstdint>
#include <string_view>

extern "C" {
#include "access/hio.h"
#include "executor/tuptable.h"
#include "utils/relcache.h"
}

namespace eryxon::pg {

// One event. add() copies what it names, but for the changes: they are allocated in Outbox::memory().
struct Event {
    core::Uuid tenant;
    std::string_view singular;  // the type is <singular>.<what>
    std::string_view what;
    std::string_view entity;
    core::Uuid row;
    Datum external_id = 0, external_source = 0;  // text; 0 for none
    std::string_view source;                     // empty for the shop floor
    Datum changes = 0;                           // jsonb: {field: [old, new]}
};

// The events of one statement, appended to eryxon.event_outbox many at a time. The table is the extension's own and has
// neither index nor trigger, so its pages are written without a statement of their own.
class Outbox {
public:
    Outbox();
    Outbox(const Outbox&) = delete;
    Outbox& operator=(const Outbox&) = delete;

    // Where values of events are to be allocated; emptied by flush().
    MemoryContext memory() const { return memory_; }
    void add(const Event& event);
    // Writes what is left, closes the table and wakes the relays. Without it, after an error, the transaction's end
    // closes.
    void finish();

private:
    static constexpr int most_slots = 100;
    static constexpr std::size_t most_bytes = 1 << 20;

    void open();
    void flush();
    void fill(TupleTableSlot* slot, const Event& event);

    MemoryContext memory_;
    MemoryContext lasting_;  // of the slots
    Relation table_ = nullptr;
    BulkInsertStateData* pages_ = nullptr;
    TupleTableSlot** slots_ = nullptr;
    std::int64_t statement_ = 0, now_ = 0;
    core::Uuid first_id_{};  // the ids of a statement's events count up from it
    std::size_t bytes_ = 0;
    std::int32_t line_ = 0;
    int made_ = 0, filled_ = 0;
};

}  // namespace eryxon::pg
