// Walks along the index on the external key, from one record's key to the next one's: keys of one call tend to be
// neighbours. Where they are not, each key is looked up by a descent of its own.
#include "pg/upsert/key_index_scan.hpp"

#include "pg/registry/tenant_policy.hpp"
#include "pg/server/boundary.hpp"
#include "pg/server/compat.hpp"
#include "pg/server/temporary_context.hpp"

#include <algorithm>

extern "C" {
#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_am_d.h"
#include "catalog/pg_class_d.h"
#include "executor/executor.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"
#include "utils/uuid.h"
#include "utils/varlena.h"
}

namespace eryxon::pg {

namespace {

// Index entries that are passed on the way to a key before it gets a descent of its own, which costs about as much.
constexpr int most_steps = 32;
// After a walk has failed, so many keys get a descent of their own before the next try; twice as many each time.
constexpr int least_apart = 8, most_apart = 512;

// The columns of the table that a look-up needs, by number.
struct Columns {
    AttrNumber tenant_id, external_source, external_id, id, sync_hash, deleted_at, synced_at;

    bool complete() const {
        return tenant_id != 0 && external_source != 0 && external_id != 0 && id != 0 && sync_hash != 0 &&
               deleted_at != 0 && synced_at != 0;
    }
};

// The number of the column that has this name and type now, 0 if there is none.
AttrNumber number_of(Relation table, const char* name, Oid type) {
    TupleDesc const descriptor = RelationGetDescr(table);
    for (int i = 0; i < descriptor->natts; i++) {
        const FormData_pg_attribute& column = *TupleDescAttr(descriptor, i);
        if (!column.attisdropped && column.atttypid == type && strcmp(NameStr(column.attname), name) == 0)
            return column.attnum;
    }
    return InvalidAttrNumber;
}

// Asks the table itself: a trigger of this very call may have altered it since the registry was read.
Columns columns_of(Relation table) {
    return {number_of(table, "tenant_id", UUIDOID),       number_of(table, "external_source", TEXTOID),
            number_of(table, "external_id", TEXTOID),     number_of(table, "id", UUIDOID),
            number_of(table, "sync_hash", TEXTOID),       number_of(table, "deleted_at", TIMESTAMPTZOID),
            number_of(table, "synced_at", TIMESTAMPTZOID)};
}

// True if a SELECT of the current user on the table sees every row of the tenant, and nobody watches who reads what.
bool reads_whole_tenant(Relation table, const Columns& columns) {
    Oid const user = GetUserId(), oid = RelationGetRelid(table);
    return ExecutorCheckPerms_hook == nullptr && schema_privilege(RelationGetNamespace(table), user) == ACLCHECK_OK &&
           pg_class_aclcheck(oid, user, ACL_SELECT) == ACLCHECK_OK &&
           (check_enable_rls(oid, InvalidOid, true) != RLS_ENABLED || shows_whole_tenant(table, columns.tenant_id));
}

// True if the index sorts the column as its type does by default, and its equality is that of the bytes.
bool has_default_order(Relation index, int column, Oid type) {
    Oid const collation = index->rd_indcollation[column];
    if (OidIsValid(collation) && !get_collation_isdeterministic(collation)) return false;
    return index->rd_opfamily[column] == lookup_type_cache(type, TYPECACHE_BTREE_OPFAMILY)->btree_opf &&
           index->rd_opcintype[column] == type && index->rd_indoption[column] == 0;
}

// True if the transaction's snapshot may use the index: one made beside running updates is not for older ones.
bool is_old_enough(Relation index) {
    return !index->rd_index->indcheckxmin ||
           TransactionIdPrecedes(HeapTupleHeaderGetXmin(index->rd_indextuple->t_data), TransactionXmin);
}

// True if the index holds tenant, source and id in this order, as their types sort by default.
bool is_walkable(Relation index, const Columns& columns) {
    const Form_pg_index form = index->rd_index;
    return index->rd_rel->relam == BTREE_AM_OID && form->indisvalid && form->indnkeyatts == 3 &&
           form->indkey.values[0] == columns.tenant_id && form->indkey.values[1] == columns.external_source &&
           form->indkey.values[2] == columns.external_id && has_default_order(index, 0, UUIDOID) &&
           has_default_order(index, 1, TEXTOID) && has_default_order(index, 2, TEXTOID) && is_old_enough(index);
}

// The characters of a text datum.
std::string_view view(Datum datum) {
    auto* text = reinterpret_cast<varlena*>(DatumGetPointer(datum));
    if (VARATT_IS_COMPRESSED(text) || VARATT_IS_EXTERNAL(text)) text = pg_detoast_datum_packed(text);
    return {VARDATA_ANY(text), VARSIZE_ANY_EXHDR(text)};
}

// One scan of the index over entries of one tenant and source, its last condition on external_id.
struct Scan {
    IndexScanDesc scan;
    ScanKeyData keys[3];

    void open(Relation table, Relation index, const core::Uuid& tenant, StrategyNumber strategy, RegProcedure compare) {
        scan = begin_index_scan(table, index, GetActiveSnapshot(), 3);
        const Oid* collations = index->rd_indcollation;
        ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_UUID_EQ, PointerGetDatum(tenant.data()));
        ScanKeyEntryInitialize(&keys[1], 0, 2, BTEqualStrategyNumber, InvalidOid, collations[1], F_TEXTEQ, 0);
        ScanKeyEntryInitialize(&keys[2], 0, 3, strategy, InvalidOid, collations[2], compare, 0);
    }

    // Begins again with the conditions for this key.
    void begin(const core::Record& key) {
        for (int i : {1, 2})
            if (keys[i].sk_argument != 0) pfree(DatumGetPointer(keys[i].sk_argument));
        keys[1].sk_argument = text(key.source);
        keys[2].sk_argument = text(key.external_id);
        index_rescan(scan, keys, 3, nullptr, 0);
    }

    static Datum text(std::string_view value) {
        return PointerGetDatum(cstring_to_text_with_len(value.data(), static_cast<int>(value.size())));
    }
};

// The look-up of one call's keys. Plain memory: it lives inside pg::call.
class Walk {
public:
    Walk(Relation table, Relation index, const core::Uuid& tenant, const Columns& columns)
        : columns_(columns), slot_(table_slot_create(table, nullptr)), collation_(index->rd_indcollation[2]) {
        walk_.open(table, index, tenant, BTGreaterEqualStrategyNumber, F_TEXT_GE);
        walk_.scan->xs_want_itup = true;
        probe_.open(table, index, tenant, BTEqualStrategyNumber, F_TEXTEQ);
    }

    void find(std::span<Item* const> items) {
        for (Item* item : items) {
            CHECK_FOR_INTERRUPTS();
            if (is_twin(*item))
                take_from_twin(*item);
            else if (apart_ > 0)
                probe(*item);
            else
                walk_to(*item);
            last_ = item;
        }
    }

    void end() {
        index_endscan(walk_.scan);
        index_endscan(probe_.scan);
        ExecDropSingleTupleTableSlot(slot_);
    }

private:
    static const core::Record& key(const Item& item) { return *item.record; }

    bool is_twin(const Item& item) const {
        return item.repeated && last_ != nullptr && key(*last_).external_id == key(item).external_id &&
               key(*last_).source == key(item).source;
    }

    void take_from_twin(Item& item) const {
        if (last_->found) note(item);
    }

    // What the row in the slot says of the record.
    void note(Item& item) const {
        bool null, deleted_null;
        core::Uuid id;
        Datum const row = slot_getattr(slot_, columns_.id, &null);
        if (null) ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE), errmsg("a row has no id")));
        memcpy(id.data(), DatumGetUUIDP(row)->data, id.size());
        Datum const hash = slot_getattr(slot_, columns_.sync_hash, &null);
        slot_getattr(slot_, columns_.deleted_at, &deleted_null);
        item.note_row(id, null ? std::string_view() : view(hash), !deleted_null);
        Datum const synced_at = slot_getattr(slot_, columns_.synced_at, &null);
        if (!null) item.synced_at = DatumGetTimestampTz(synced_at);
    }

    // A descent for this key alone.
    void probe(Item& item) {
        apart_--;
        probe_.begin(key(item));
        if (index_getnext_slot(probe_.scan, ForwardScanDirection, slot_)) note(item);
        placed_ = stands_at_last_ = false;
    }

    // Walks on to the key, or to the place where it would be. Most often it is that of the next entry.
    void walk_to(Item& item) {
        if (stands_at_last_) step();
        stands_at_last_ = false;
        if (!continues_to(item)) seek(item);
        for (int steps = 0; !at_end_ && comes_before(key(item)); steps++) {
            if (steps == most_steps) return give_up(item);
            step();
        }
        if (placed_for_ != &item) patience_ = least_apart;
        while (!at_end_ && entry_ == key(item).external_id) {
            stands_at_last_ = index_fetch_heap(walk_.scan, slot_);
            if (stands_at_last_) return note(item);
            step();
        }
    }

    // Keys that are far apart are looked up one by one for a while.
    void give_up(Item& item) {
        apart_ = patience_;
        patience_ = std::min(2 * patience_, most_apart);
        probe(item);
    }

    // True if all entries behind the walk sort before this key: it comes after the last one in the index's order.
    bool continues_to(const Item& item) const {
        if (!placed_ || last_ == nullptr || key(*last_).source != key(item).source) return false;
        if (!at_end_ && entry_ == key(item).external_id) return true;
        return compare(key(*last_).external_id, key(item).external_id) <= 0;
    }

    void seek(const Item& item) {
        walk_.begin(key(item));
        placed_ = true;
        placed_for_ = &item;
        step();
    }

    void step() {
        at_end_ = index_getnext_tid(walk_.scan, ForwardScanDirection) == nullptr;
        if (at_end_) return;
        bool null;
        entry_ = view(index_getattr(walk_.scan->xs_itup, 3, walk_.scan->xs_itupdesc, &null));
    }

    bool comes_before(const core::Record& key) const {
        return entry_ != key.external_id && compare(entry_, key.external_id) < 0;
    }

    int compare(std::string_view a, std::string_view b) const {
        return varstr_cmp(a.data(), static_cast<int>(a.size()), b.data(), static_cast<int>(b.size()), collation_);
    }

    Columns columns_;
    TupleTableSlot* slot_;
    Oid collation_;
    Scan walk_, probe_;
    bool placed_ = false;  // the walk stands at an entry, or at the end
    bool at_end_ = false;
    bool stands_at_last_ = false;       // the entry is that of the last record
    std::string_view entry_;            // external_id of the entry where it stands
    const Item* placed_for_ = nullptr;  // the record for which it descended last
    const Item* last_ = nullptr;
    int apart_ = 0;  // keys that still get a descent of their own
    int patience_ = least_apart;
};

void walk_index(const UpsertCall& upsert, Relation table, Relation index, const Columns& columns,
                std::span<Item* const> items) {
    CommandCounterIncrement();
    PushActiveSnapshot(GetTransactionSnapshot());
    Walk walk(table, index, upsert.tenant, columns);
    walk.find(items);
    walk.end();
    PopActiveSnapshot();
}

// Walks if the table is a single one and its index fits; all inside pg::call.
bool walk_table(const UpsertCall& upsert, const Table& description, std::span<Item* const> items) {
    Relation table = try_table_open(description.oid, AccessShareLock);
    if (table == nullptr) return false;
    Columns const columns = columns_of(table);
    bool walks = table->rd_rel->relkind == RELKIND_RELATION && !table->rd_rel->relhassubclass && columns.complete() &&
                 list_member_oid(RelationGetIndexList(table), description.external_key_index) &&
                 reads_whole_tenant(table, columns);
    if (walks) {
        Relation index = index_open(description.external_key_index, AccessShareLock);
        walks = is_walkable(index, columns);
        if (walks) walk_index(upsert, table, index, columns, items);
        index_close(index, AccessShareLock);
    }
    table_close(table, AccessShareLock);
    return walks;
}

}  // namespace

bool scan_keys(const UpsertCall& upsert, std::span<Item* const> items) {
    const core::Entity& entity = items.front()->entity();
    const Table& table = upsert.registry.table(entity);
    bool walked = false;
    with_temporary_context([&] { walked = call([&] { return walk_table(upsert, table, items); }); });
    return walked;
}

}  // namespace eryxon::pg
