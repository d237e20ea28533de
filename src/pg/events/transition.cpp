// The transition tables of a statement trigger.
#include "pg/events/transition.hpp"

extern "C" {
#include "executor/executor.h"
#include "utils/uuid.h"
}

namespace eryxon::pg {

TransitionTable::TransitionTable(Tuplestorestate* store, TupleDesc descriptor) : store_(store) {
    call([&] {
        slot_ = MakeSingleTupleTableSlot(descriptor, &TTSOpsMinimalTuple);
        if (store == nullptr) return;
        reader_ = tuplestore_alloc_read_pointer(store, EXEC_FLAG_REWIND);
        tuplestore_select_read_pointer(store, reader_);
        tuplestore_rescan(store);
    });
}

bool TransitionTable::next() {
    if (store_ == nullptr) return false;
    return call([this] {
        CHECK_FOR_INTERRUPTS();
        tuplestore_select_read_pointer(store_, reader_);
        if (!tuplestore_gettupleslot(store_, true, false, slot_)) return false;
        slot_getallattrs(slot_);
        return true;
    });
}

core::Uuid TransitionTable::uuid(int column) const {
    core::Uuid uuid;
    memcpy(uuid.data(), DatumGetUUIDP(value(column))->data, uuid.size());
    return uuid;
}

MinimalTuple TransitionTable::copy() const {
    return call([this] { return ExecCopySlotMinimalTuple(slot_); });
}

void TransitionTable::show(MinimalTuple row) {
    call([&] {
        ExecStoreMinimalTuple(row, slot_, false);
        slot_getallattrs(slot_);
    });
}

void TransitionTable::close() {
    call([this] { ExecDropSingleTupleTableSlot(slot_); });
}

}  // namespace eryxon::pg
