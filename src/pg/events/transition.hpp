// The transition tables of a statement trigger: the rows that the statement wrote, before and after.
#pragma once

#include "pg/server/boundary.hpp"

#include "core/base/uuid.hpp"

extern "C" {
#include "executor/tuptable.h"
#include "utils/tuplestore.h"
}

namespace eryxon::pg {

// Reads a transition table from its beginning, whoever else reads it.
class TransitionTable {
public:
    // `store` may be nullptr: then there are no rows.
    TransitionTable(Tuplestorestate* store, TupleDesc descriptor);
    ~TransitionTable() = default;
    TransitionTable(const TransitionTable&) = delete;
    TransitionTable& operator=(const TransitionTable&) = delete;

    // Moves to the next row; false behind the last one. A row's values live until the next call.
    bool next();
    Datum value(int column) const { return slot_->tts_values[column - 1]; }
    bool is_null(int column) const { return slot_->tts_isnull[column - 1]; }
    core::Uuid uuid(int column) const;
    // A copy of the row, palloc'd, and the way back.
    MinimalTuple copy() const;
    void show(MinimalTuple row);

    void close();

private:
    Tuplestorestate* store_;
    TupleTableSlot* slot_ = nullptr;
    int reader_ = 0;
};

}  // namespace eryxon::pg
