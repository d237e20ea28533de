// Writing events.
#include "pg/events/event_outbox.hpp"

#include "pg/events/event_keys.hpp"
#include "pg/server/random.hpp"
#include "pg/server/statement_order.hpp"

extern "C" {
#include "access/heapam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "commands/async.h"
#include "executor/executor.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
}

namespace eryxon::pg {

namespace {

// The columns of eryxon.event_outbox in their order.
enum Column {
    statement,
    line,
    id,
    tenant_id,
    type,
    entity,
    row_id,
    external_id,
    external_source,
    source,
    changes,
    occurred_at,
    run_id,
    user_id,
    keys,
    root_id
};
constexpr int column_count = root_id + 1;

Oid own_relation(const char* name) {
    return get_relname_relid(name, get_namespace_oid("eryxon", false));
}

Datum text_of(std::string_view text) {
    return PointerGetDatum(cstring_to_text_with_len(text.data(), static_cast<int>(text.size())));
}

Datum uuid_of(const core::Uuid& uuid) {
    return PointerGetDatum(memcpy(palloc(uuid.size()), uuid.data(), uuid.size()));
}

Datum type_of(const Event& event) {
    std::size_t const size = event.singular.size() + 1 + event.what.size();
    auto* text = static_cast<struct varlena*>(palloc(VARHDRSZ + size));
    SET_VARSIZE(text, VARHDRSZ + size);
    char* out = VARDATA(text);
    memcpy(out, event.singular.data(), event.singular.size());
    out[event.singular.size()] = '.';
    memcpy(out + event.singular.size() + 1, event.what.data(), event.what.size());
    return PointerGetDatum(text);
}

// A text of the row that the event tells of, or none. The row's slot moves on before the event is written.
Datum copy_text(Datum text) {
    return text == 0 ? 0 : PointerGetDatum(PG_DETOAST_DATUM_COPY(text));
}

// A value that is 0 for none.
void set(Datum given, Datum& value, bool& null) {
    null = given == 0;
    value = given;
}

// True if some webhook is enabled by now. Looks itself: a statement as the extension's owner costs ten times that.
bool is_webhook_enabled() {
    Relation webhooks = table_open(own_relation("webhook"), AccessShareLock);
    ScanKeyData enabled;
    ScanKeyInit(&enabled, get_attnum(RelationGetRelid(webhooks), "enabled"), BTEqualStrategyNumber, F_BOOLEQ,
                BoolGetDatum(true));
    Snapshot const now = RegisterSnapshot(GetLatestSnapshot());
    TableScanDesc scan = table_beginscan(webhooks, now, 1, &enabled);
    bool const found = heap_getnext(scan, ForwardScanDirection) != nullptr;
    table_endscan(scan);
    UnregisterSnapshot(now);
    table_close(webhooks, AccessShareLock);
    return found;
}

// Tells the relays, at commit, that there is something to deliver. Where nobody wants events it is left out: a
// notification serialises commits and forbids PREPARE TRANSACTION.
void wake_relays() {
    call([] {
        if (is_webhook_enabled()) Async_Notify("eryxon_events", "");
    });
}

}  // namespace

Outbox::Outbox(EventKeys* keys)
    : keys_(keys),
      memory_(call(
          [] { return AllocSetContextCreate(CurrentMemoryContext, "eryxon_sync events", ALLOCSET_DEFAULT_SIZES); })),
      lasting_(CurrentMemoryContext) {
    events_.reserve(most_events);
}

void Outbox::open() {
    table_ = table_open(own_relation("event_outbox"), RowExclusiveLock);
    if (RelationGetDescr(table_)->natts != column_count) elog(ERROR, "eryxon.event_outbox has unexpected columns");
    pages_ = GetBulkInsertState();
    slots_ = static_cast<TupleTableSlot**>(palloc(most_events * sizeof(TupleTableSlot*)));
    statement_ = statement_number(own_relation("event_statement"));
    now_ = GetCurrentTimestamp();
}

void Outbox::fill(TupleTableSlot* slot, const Event& event) {
    Datum* const values = slot->tts_values;
    bool* const nulls = slot->tts_isnull;
    memset(nulls, 0, column_count * sizeof(bool));
    values[statement] = Int64GetDatum(statement_);
    values[line] = Int32GetDatum(line_);
    values[id] = uuid_of(core::numbered_uuid(first_id_, static_cast<std::uint32_t>(line_++)));
    values[tenant_id] = uuid_of(event.tenant);
    values[type] = type_of(event);
    values[entity] = text_of(event.entity);
    values[row_id] = uuid_of(event.row);
    set(event.external_id, values[external_id], nulls[external_id]);
    set(event.external_source, values[external_source], nulls[external_source]);
    nulls[source] = event.source.empty();
    if (!event.source.empty()) values[source] = text_of(event.source);
    values[changes] = event.changes;
    values[occurred_at] = TimestampTzGetDatum(now_);
    set(event.run ? uuid_of(*event.run) : 0, values[run_id], nulls[run_id]);
    set(event.user ? uuid_of(*event.user) : 0, values[user_id], nulls[user_id]);
    set(event.keys, values[keys], nulls[keys]);
    bool const below = event.root && *event.root != event.row;
    set(below ? uuid_of(*event.root) : 0, values[root_id], nulls[root_id]);
}

void Outbox::keep(Event event) {
    call([&] {
        MemoryContext const before = MemoryContextSwitchTo(memory_);
        for (Datum* text : {&event.external_id, &event.external_source, &event.number})
            *text = copy_text(*text);
        char* const source = static_cast<char*>(palloc(event.source.size() + 1));
        memcpy(source, event.source.data(), event.source.size());
        event.source = {source, event.source.size()};
        MemoryContextSwitchTo(before);
        bytes_ += VARSIZE_ANY(DatumGetPointer(event.changes));
    });
    events_.push_back(event);
}

void Outbox::add(const Event& event) {
    keep(event);
    if (events_.size() == most_events || bytes_ > most_bytes) flush();
}

void Outbox::flush() {
    if (events_.empty()) return;
    if (table_ == nullptr) first_id_ = random_uuid();
    MemoryContext const before = MemoryContextSwitchTo(memory_);
    if (keys_ != nullptr) keys_->resolve(events_);
    call([this] { insert(); });
    MemoryContextSwitchTo(before);
    events_.clear();
    bytes_ = 0;
}

// Writes the events, and forgets what they were made of.
void Outbox::insert() {
    MemoryContextSwitchTo(lasting_);
    if (table_ == nullptr) open();
    int const filled = static_cast<int>(events_.size());
    while (made_ < filled)
        slots_[made_++] = MakeSingleTupleTableSlot(RelationGetDescr(table_), &TTSOpsVirtual);
    MemoryContextSwitchTo(memory_);
    for (int i = 0; i < filled; i++) {
        fill(ExecClearTuple(slots_[i]), events_[static_cast<std::size_t>(i)]);
        ExecStoreVirtualTuple(slots_[i]);
    }
    table_multi_insert(table_, slots_, filled, GetCurrentCommandId(true), 0, pages_);
    for (int i = 0; i < filled; i++)
        ExecClearTuple(slots_[i]);
    MemoryContextReset(memory_);
}

void Outbox::finish() {
    flush();
    if (table_ != nullptr) wake_relays();
    call([this] {
        if (table_ != nullptr) {
            for (int i = 0; i < made_; i++)
                ExecDropSingleTupleTableSlot(slots_[i]);
            FreeBulkInsertState(pages_);
            table_close(table_, NoLock);
        }
        MemoryContextDelete(memory_);
    });
}

}  // namespace eryxon::pg
