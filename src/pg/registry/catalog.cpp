// Reading the catalog for the registry.
#include "pg/registry/catalog.hpp"

#include "pg/server/boundary.hpp"
#include "pg/server/compat.hpp"

#include <algorithm>
#include <array>

extern "C" {
#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/partition.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_enum.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "optimizer/optimizer.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"
}

namespace eryxon::pg {

namespace {

core::ValueKind kind_of(Oid type) {
    switch (type) {
        case TEXTOID:
        case VARCHAROID:
        case BPCHAROID:
            return core::ValueKind::text;
        case INT2OID:
        case INT4OID:
        case INT8OID:
            return core::ValueKind::integer;
        case NUMERICOID:
            return core::ValueKind::numeric;
        case FLOAT4OID:
        case FLOAT8OID:
            return core::ValueKind::floating;
        case BOOLOID:
            return core::ValueKind::boolean;
        case DATEOID:
            return core::ValueKind::date;
        case TIMESTAMPOID:
            return core::ValueKind::timestamp;
        case TIMESTAMPTZOID:
            return core::ValueKind::timestamptz;
        case UUIDOID:
            return core::ValueKind::uuid;
        case JSONOID:
        case JSONBOID:
            return core::ValueKind::json;
        case TEXTARRAYOID:
        case VARCHARARRAYOID:
            return core::ValueKind::text_array;
        default:
            return get_typtype(type) == TYPTYPE_ENUM ? core::ValueKind::enumeration : core::ValueKind::other;
    }
}

void read_integer_range(Oid type, core::Column& column) {
    column.min = type == INT2OID ? PG_INT16_MIN : type == INT4OID ? PG_INT32_MIN : PG_INT64_MIN;
    column.max = type == INT2OID ? PG_INT16_MAX : type == INT4OID ? PG_INT32_MAX : PG_INT64_MAX;
}

// Reads what a type modifier says: lengths, precision, fraction digits.
void read_modifier(Oid type, std::int32_t typmod, core::Column& column) {
    if (typmod < 0) return;
    if (type == VARCHAROID || type == BPCHAROID || type == VARCHARARRAYOID)
        column.max_length = typmod - static_cast<int>(VARHDRSZ);
    if (type == BITOID || type == VARBITOID) column.max_length = typmod;
    if (type == TIMESTAMPOID || type == TIMESTAMPTZOID || type == TIMEOID || type == TIMETZOID)
        column.fraction_digits = typmod;
    if (type == INTERVALOID || type == BITOID) column.modifier = typmod;
    if (type != NUMERICOID) return;
    std::int32_t const packed = typmod - static_cast<int>(VARHDRSZ);
    column.precision = (packed >> 16) & 0xffff;
    column.scale = ((packed & 0x7ff) ^ 1024) - 1024;
}

std::vector<std::string> read_labels(Oid type) {
    std::vector<std::string> labels;
    call([&] {
        ScanKeyData key;
        ScanKeyInit(&key, Anum_pg_enum_enumtypid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(type));
        Relation catalog = table_open(EnumRelationId, AccessShareLock);
        SysScanDesc scan = systable_beginscan(catalog, EnumTypIdLabelIndexId, true, nullptr, 1, &key);
        while (HeapTuple tuple = systable_getnext(scan))
            labels.emplace_back(NameStr(reinterpret_cast<Form_pg_enum>(GETSTRUCT(tuple))->enumlabel));
        systable_endscan(scan);
        table_close(catalog, AccessShareLock);
    });
    return labels;
}

// Reads what the type says, under its domain.
void read_type(Oid domain, std::int32_t typmod, core::Column& column) {
    Oid const type = call([&] { return getBaseTypeAndTypmod(domain, &typmod); });
    column.kind = call([type] { return kind_of(type); });
    column.type = type;
    if (column.kind == core::ValueKind::integer) read_integer_range(type, column);
    if (column.kind == core::ValueKind::enumeration) column.labels = read_labels(type);
    read_modifier(type, typmod, column);
    Oid const element =
        column.kind == core::ValueKind::other ? call([type] { return get_element_type(type); }) : InvalidOid;
    if (!OidIsValid(element)) return;
    auto const inner = std::make_shared<core::Column>();
    read_type(element, typmod, *inner);
    column.element = inner;
}

core::Column read_column(const FormData_pg_attribute& attribute, bool key) {
    core::Column column;
    column.name = NameStr(attribute.attname);
    column.number = attribute.attnum;
    column.not_null = attribute.attnotnull;
    column.has_default = attribute.atthasdef || attribute.attidentity != '\0';
    column.generated = attribute.attgenerated != '\0' || attribute.attidentity == ATTRIBUTE_IDENTITY_ALWAYS;
    column.key = key;
    read_type(attribute.atttypid, attribute.atttypmod, column);
    return column;
}

Relation open_relation(Oid oid) {
    return call([oid] { return relation_open(oid, AccessShareLock); });
}

void close_relation(Relation relation) {
    call([relation] { relation_close(relation, AccessShareLock); });
}

bool is_external_key(const std::vector<int>& columns, Relation relation) {
    std::array<std::string, 3> names;
    if (columns.size() != names.size()) return false;
    for (std::size_t i = 0; i < names.size(); i++)
        names[i] = NameStr(TupleDescAttr(RelationGetDescr(relation), columns[i] - 1)->attname);
    std::sort(names.begin(), names.end());
    return names[0] == "external_id" && names[1] == "external_source" && names[2] == "tenant_id";
}

// True if all rows that have an external key are in the index.
bool is_complete(Relation relation, Relation index) {
    return call([&] {
        List* predicate = RelationGetIndexPredicate(index);
        if (predicate == NIL) return true;
        const auto* test = as_node<NullTest>(linitial(predicate), T_NullTest);
        if (list_length(predicate) != 1 || test == nullptr || test->nulltesttype != IS_NOT_NULL) return false;
        const auto* variable = as_node<Var>(test->arg, T_Var);
        return variable != nullptr && variable->varattno == get_attnum(RelationGetRelid(relation), "external_id");
    });
}

// True if the index keeps external keys apart exactly where their characters differ, and says so at once.
bool tells_keys_apart(Relation relation, Relation index) {
    bool exact = index->rd_index->indimmediate && is_complete(relation, index);
    for (int i = 0; i < index->rd_index->indnkeyatts; i++) {
        Oid const collation = index->rd_indcollation[i];
        exact &= !OidIsValid(collation) || call([collation] { return get_collation_isdeterministic(collation); });
    }
    return exact;
}

// True if the index has a condition on deleted_at.
bool leaves_out_deleted(Relation relation, Relation index) {
    return call([&] {
        Bitmapset* columns = nullptr;
        pull_varattnos(reinterpret_cast<Node*>(RelationGetIndexPredicate(index)), 1, &columns);
        AttrNumber const deleted_at = get_attnum(RelationGetRelid(relation), "deleted_at");
        return bms_is_member(deleted_at - FirstLowInvalidHeapAttributeNumber, columns);
    });
}

// Sorts one index of the relation into the table's description, if it is unique and over plain columns.
void read_index(Relation relation, Oid oid, Table& table) {
    Relation index = call([oid] { return index_open(oid, AccessShareLock); });
    Form_pg_index form = index->rd_index;
    std::vector<int> columns;
    for (int i = 0; i < form->indnkeyatts; i++)
        columns.push_back(form->indkey.values[i]);
    bool const plain = std::find(columns.begin(), columns.end(), 0) == columns.end();
    if (form->indisunique && form->indisvalid && plain) {
        if (is_external_key(columns, relation)) {
            if (tells_keys_apart(relation, index)) table.external_key_index = oid;
        } else if (!form->indisprimary)
            table.unique_indexes.push_back({oid, std::move(columns), leaves_out_deleted(relation, index)});
    }
    call([index] { index_close(index, AccessShareLock); });
}

void read_indexes(Relation relation, Table& table) {
    List* indexes = call([relation] { return RelationGetIndexList(relation); });
    ListCell* cell;
    foreach (cell, indexes)
        read_index(relation, lfirst_oid(cell), table);
}

// Gathers the columns of the unique indexes; tenant_id is the same for a whole call and left out.
void collect_unique_columns(Relation relation, Table& table) {
    std::vector<int>& columns = table.unique_columns;
    for (const UniqueIndex& index : table.unique_indexes)
        for (int column : index.columns)
            if (strcmp(NameStr(TupleDescAttr(RelationGetDescr(relation), column - 1)->attname), "tenant_id") != 0)
                columns.push_back(column);
    std::sort(columns.begin(), columns.end());
    columns.erase(std::unique(columns.begin(), columns.end()), columns.end());
}

// True if the relation has an enabled trigger that is neither ours nor a foreign key's.
bool has_foreign_trigger(Oid oid, Oid own_schema) {
    return call([&] {
        Relation relation = try_relation_open(oid, AccessShareLock);
        if (relation == nullptr) return false;
        TriggerDesc* triggers = relation->trigdesc;
        bool found = false;
        for (int i = 0; triggers != nullptr && i < triggers->numtriggers; i++) {
            const Trigger& trigger = triggers->triggers[i];
            bool const system = trigger.tgisinternal && OidIsValid(trigger.tgconstraint);
            if (!system && trigger.tgenabled != TRIGGER_DISABLED && get_func_namespace(trigger.tgfoid) != own_schema)
                found = true;
        }
        relation_close(relation, AccessShareLock);
        return found;
    });
}

}  // namespace

bool relation_exists(Oid relation) {
    return call([relation] { return SearchSysCacheExists1(RELOID, ObjectIdGetDatum(relation)); });
}

bool is_partition_of(Oid relation, Oid parent) {
    return call(
        [&] { return get_rel_relispartition(relation) && list_member_oid(get_partition_ancestors(relation), parent); });
}

std::vector<Oid> relation_tree(Oid relation) {
    std::vector<Oid> oids;
    call([&] {
        ListCell* cell;
        foreach (cell, find_all_inheritors(relation, NoLock, nullptr))
            oids.push_back(lfirst_oid(cell));
    });
    return oids;
}

std::vector<std::string> constraint_columns(Oid table, std::string_view name) {
    std::vector<std::string> columns;
    if (name.empty()) return columns;
    call([&] {
        Oid constraint;
        Bitmapset* numbers = get_relation_constraint_attnos(table, palloc_copy(name), true, &constraint);
        for (int at = -1; (at = bms_next_member(numbers, at)) >= 0;) {
            auto const number = static_cast<AttrNumber>(at + FirstLowInvalidHeapAttributeNumber);
            columns.emplace_back(get_attname(table, number, false));
        }
    });
    return columns;
}

std::vector<Oid> registry_relations() {
    std::vector<Oid> oids;
    call([&] {
        Oid const schema = get_namespace_oid("eryxon", true);
        for (const char* name : {"entity", "user_rule", "shipped_rule"})
            if (Oid const oid = get_relname_relid(name, schema); OidIsValid(oid)) oids.push_back(oid);
    });
    return oids;
}

Table read_table(Oid oid) {
    Table table;
    table.oid = oid;
    table.name = qualified_relation(oid);
    Relation relation = open_relation(oid);
    TupleDesc descriptor = RelationGetDescr(relation);
    for (int i = 0; i < descriptor->natts; i++) {
        if (TupleDescAttr(descriptor, i)->attisdropped) continue;
        table.types[i + 1] = TupleDescAttr(descriptor, i)->atttypid;
        table.collations[i + 1] = TupleDescAttr(descriptor, i)->attcollation;
    }
    read_indexes(relation, table);
    collect_unique_columns(relation, table);
    close_relation(relation);
    Oid const own_schema = call([] { return get_namespace_oid("eryxon", false); });
    for (Oid member : relation_tree(oid))
        table.foreign_triggers |= has_foreign_trigger(member, own_schema);
    return table;
}

std::vector<core::Column> read_columns(Oid oid) {
    std::vector<core::Column> columns;
    Relation relation = open_relation(oid);
    Bitmapset* keys = call([relation] { return RelationGetIndexAttrBitmap(relation, INDEX_ATTR_BITMAP_KEY); });
    TupleDesc descriptor = RelationGetDescr(relation);
    for (int i = 0; i < descriptor->natts; i++) {
        const FormData_pg_attribute& attribute = *TupleDescAttr(descriptor, i);
        if (attribute.attisdropped) continue;
        bool const key = bms_is_member(attribute.attnum - FirstLowInvalidHeapAttributeNumber, keys);
        columns.push_back(read_column(attribute, key));
    }
    close_relation(relation);
    return columns;
}

std::string quoted(std::string_view name) {
    std::string copy(name);
    return call([&] { return quote_identifier(pstrdup(copy.c_str())); });
}

std::string qualified_relation(Oid relation) {
    return call([relation] {
        return quote_qualified_identifier(get_namespace_name(get_rel_namespace(relation)), get_rel_name(relation));
    });
}

// Without modifier: "bit", not bit, which would be bit(1).
std::string qualified_type(Oid type) {
    return call(
        [type] { return format_type_extended(type, -1, FORMAT_TYPE_FORCE_QUALIFY | FORMAT_TYPE_TYPEMOD_GIVEN); });
}

std::string equality(Oid type) {
    return call([type] {
        Oid const op = lookup_type_cache(type, TYPECACHE_EQ_OPR)->eq_opr;
        if (!OidIsValid(op))
            ereport(ERROR, (errcode(ERRCODE_UNDEFINED_FUNCTION),
                            errmsg("type %s has no equality operator", format_type_be(type))));
        HeapTuple tuple = SearchSysCache1(OPEROID, ObjectIdGetDatum(op));
        Form_pg_operator form = reinterpret_cast<Form_pg_operator>(GETSTRUCT(tuple));
        char* text = psprintf("OPERATOR(%s.%s)", quote_identifier(get_namespace_name(form->oprnamespace)),
                              NameStr(form->oprname));
        ReleaseSysCache(tuple);
        return text;
    });
}

}  // namespace eryxon::pg
