// Server errors as faults of records: which code, which field, which hint.
#include "core/base/sql_text.hpp"
#include "pg/registry/catalog.hpp"
#include "pg/upsert/pipeline.hpp"
#include "pg/upsert/values.hpp"

#include <algorithm>

extern "C" {
#include "catalog/namespace.h"
#include "catalog/partition.h"
#include "catalog/pg_type.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
}

namespace eryxon::pg {

namespace {

std::string_view text_of(const char* text) {
    return text != nullptr ? std::string_view(text) : std::string_view();
}

// The relation that the error names, InvalidOid if none.
Oid relation_named(const ErrorData& data, const char* name) {
    if (name == nullptr || data.schema_name == nullptr) return InvalidOid;
    return call([&] { return get_relname_relid(name, get_namespace_oid(data.schema_name, true)); });
}

// The entity whose table raised the error, or nullptr: a table of somebody's trigger.
const core::Entity* entity_of(const UpsertCall& upsert, const ErrorData& data) {
    Oid const table = relation_named(data, data.table_name);
    return OidIsValid(table) ? upsert.registry.entity_of(table) : nullptr;
}

// The domain that the error names, InvalidOid if none.
Oid domain_named(const ErrorData& data) {
    if (data.datatype_name == nullptr || data.schema_name == nullptr) return InvalidOid;
    return call([&] {
        return GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum(data.datatype_name),
                               ObjectIdGetDatum(get_namespace_oid(data.schema_name, true)));
    });
}

// The field that the record sent to a column of the domain which the error names; null if none.
const core::Field* domain_field(const UpsertCall& upsert, const Item& item, const ErrorData& data) {
    Oid const domain = domain_named(data);
    if (!OidIsValid(domain)) return nullptr;
    const core::Entity& entity = item.entity();
    const Table& table = upsert.registry.table(entity);
    for (const core::FieldValue& sent : item.record->values)
        if (table.types.at(entity.columns[static_cast<std::size_t>(sent.field->column)].number) == domain)
            return sent.field;
    return nullptr;
}

// The code for the error; those of constraints only if an attached table raised it.
core::Code code_of(const Error& error, bool own_table) {
    switch (error.data().sqlerrcode) {
        case ERRCODE_INSUFFICIENT_PRIVILEGE:
            return core::Code::access_denied;
        case ERRCODE_INVALID_TEXT_REPRESENTATION:
        case ERRCODE_STRING_DATA_LENGTH_MISMATCH:
        case ERRCODE_STRING_DATA_RIGHT_TRUNCATION:
        case ERRCODE_INVALID_DATETIME_FORMAT:
        case ERRCODE_DATETIME_VALUE_OUT_OF_RANGE:
            return core::Code::type_mismatch;
        case ERRCODE_NOT_NULL_VIOLATION:
            return own_table ? core::Code::not_null : core::Code::database_error;
        case ERRCODE_FOREIGN_KEY_VIOLATION:
            return own_table ? core::Code::fk_constraint : core::Code::database_error;
        case ERRCODE_UNIQUE_VIOLATION:
        case ERRCODE_EXCLUSION_VIOLATION:
            return own_table ? core::Code::unique_constraint : core::Code::database_error;
        case ERRCODE_CHECK_VIOLATION:
            return own_table ? core::Code::check_constraint : core::Code::database_error;
        default:
            return core::Code::database_error;
    }
}

// The unique index that the error names, or nullptr.
const UniqueIndex* index_of(const UpsertCall& upsert, const core::Entity& entity, const ErrorData& data) {
    Oid const index = relation_named(data, data.constraint_name);
    if (!OidIsValid(index)) return nullptr;
    for (const UniqueIndex& unique : upsert.registry.table(entity).unique_indexes)
        if (unique.oid == index || is_partition_of(index, unique.oid)) return &unique;
    return nullptr;
}

// The columns of the constraint or unique index that the error names.
std::vector<std::string> columns_of(const core::Entity& entity, const UniqueIndex* unique, const ErrorData& data) {
    if (data.column_name != nullptr) return {data.column_name};
    std::vector<std::string> names;
    if (unique != nullptr)
        for (const core::Column& column : entity.columns)
            if (std::find(unique->columns.begin(), unique->columns.end(), column.number) != unique->columns.end())
                names.push_back(column.name);
    return names.empty() ? constraint_columns(entity.table, text_of(data.constraint_name)) : names;
}

// The field that speaks for the columns: the last one that is mapped and no parent reference, else any mapped one.
std::string field_path(const core::Entity& entity, const std::vector<std::string>& columns) {
    const core::Field* best = nullptr;
    for (const std::string& column : columns)
        for (const core::Field& field : entity.fields)
            if (field.column_name == column && (best == nullptr || best->reference)) best = &field;
    if (best == nullptr) return {};
    return best->reference ? best->name + "_external_id" : best->name;
}

// The record of the tree that raised: the one written alone, else the only one of that entity, else the top-level one.
Item& culprit(const UpsertCall& upsert, const RecordTree& tree, const core::Entity* entity) {
    if (upsert.writing != nullptr) return *upsert.writing;
    for (Item* item : tree.items)
        if (&item->entity() == entity) return *item;
    return tree.root();
}

const core::Field* field_of(const core::Entity& entity, std::string_view column) {
    for (const core::Field& field : entity.fields)
        if (field.mapped() && field.column_name == column) return &field;
    return nullptr;
}

// A look for the row that holds the unique value which a record wants. What the record does not send is taken from its
// own row.
class HolderQuery {
public:
    HolderQuery(UpsertCall& upsert, const Item& item)
        : upsert_(upsert), item_(item), table_(upsert.registry.table(item.entity())) {}

    std::optional<Holder> find(const UniqueIndex& index, bool live_only) {
        for (const core::Column& column : item_.entity().columns)
            if (std::find(index.columns.begin(), index.columns.end(), column.number) != index.columns.end() &&
                column.name != "tenant_id" && !add(column))
                return std::nullopt;
        return run(live_only);
    }

private:
    // Adds the column's value to what is looked for; false if nobody can have it.
    bool add(const core::Column& column) {
        const core::Field* field = field_of(item_.entity(), column.name);
        CellValue& cell = cells_.emplace_back(field != nullptr ? cell_value(upsert_, item_, *field) : CellValue());
        match_ += " AND t." + quoted(column.name) + " " + equality(table_.types.at(column.number)) + " ";
        if (!cell.present) {
            match_ += core::sql("(SELECT own.{column} FROM {table} AS own WHERE own.tenant_id == $1 AND own.id == $2)",
                                {{"column", quoted(column.name)}, {"table", table_.name}});
            return true;
        }
        if (cell.null) return false;
        const ParamType& param_type = table_.param_types[static_cast<std::size_t>(field->column)];
        params_.push_back({param_type.element, to_datum(cell.value, column, param_type)});
        match_ += "$" + std::to_string(params_.size()) + param_type.cast;
        return true;
    }

    std::optional<Holder> run(bool live_only) {
        std::optional<Holder> holder;
        std::string const state = live_only ? " AND t.deleted_at IS NULL" : "";
        execute(core::sql(R"(SELECT t.id, t.external_source, t.external_id, t.deleted_at IS NOT NULL FROM {table} AS t
                              WHERE t.tenant_id == $1 AND t.id <> $2{match}{state}
                              ORDER BY t.deleted_at IS NOT NULL LIMIT 1)",
                          {{"table", table_.name}, {"match", match_}, {"state", state}}),
                params_, [&](const Row& row) {
                    holder = {row.uuid(0), std::string(row.text(1)), std::string(row.text(2)), row.boolean(3)};
                });
        return holder;
    }

    UpsertCall& upsert_;
    const Item& item_;
    const Table& table_;
    std::vector<Param> params_{Param::uuid(upsert_.tenant), Param::uuid(item_.id)};
    std::deque<CellValue> cells_;  // which parameters point to
    std::string match_;
};

// Says in the fault who holds the value.
void name_holder(core::Fault& fault, const core::Entity& entity, const Holder& holder, std::string_view constraint) {
    std::string const id = core::to_string(holder.id);
    bool const local = holder.external_id.empty();
    auto const tell = [&](core::Reason reason, core::FaultParams params) {
        fault.message = core::reason_message(reason, params);
        fault.params = core::reason_params(reason, params);
    };
    core::FaultParam const kind("entity", entity.singular), row("id", id), index("constraint", constraint);
    if (local && !holder.deleted) return tell(core::Reason::taken_by_local, {kind, row, index});
    if (holder.deleted) fault.hint = "Restore that " + entity.singular + ", or delete it for good.";
    tell(holder.deleted ? core::Reason::taken_by_deleted : core::Reason::taken_by,
         {kind, {"external_id", local ? id : holder.external_id}, {"source", holder.source}, row, index});
}

// What the message of the server says, where that is clear.
std::optional<core::Reason> reason_of(core::Code code) {
    switch (code) {
        case core::Code::not_null:
            return core::Reason::null_value;
        case core::Code::unique_constraint:
            return core::Reason::taken;
        case core::Code::fk_constraint:
            return core::Reason::unknown_reference;
        case core::Code::check_constraint:
            return core::Reason::violates_check;
        case core::Code::access_denied:
            return core::Reason::no_permission;
        default:
            return std::nullopt;
    }
}

}  // namespace

bool is_key_collision(const UpsertCall& upsert, const Error& error) {
    if (!error.is(ERRCODE_UNIQUE_VIOLATION)) return false;
    const core::Entity* entity = entity_of(upsert, error.data());
    if (entity == nullptr) return false;
    Oid const index = relation_named(error.data(), error.data().constraint_name);
    Oid const key = upsert.registry.table(*entity).external_key_index;
    return OidIsValid(index) && (index == key || is_partition_of(index, key));
}

bool was_made_elsewhere(const UpsertCall& upsert, const RecordTree& tree) {
    return std::any_of(tree.items.begin(), tree.items.end(), [&](const Item* item) {
        if (item->plan != Plan::create) return false;
        Param const params[] = {Param::uuid(upsert.tenant), Param::text(item->record->source),
                                Param::text(item->record->external_id)};
        bool exists = false;
        execute_now(
            core::sql("SELECT true FROM {table} WHERE tenant_id == $1 AND external_source == $2 AND external_id == $3",
                      {{"table", upsert.registry.table(item->entity()).name}}),
            params, [&](const Row&) { exists = true; });
        return exists;
    });
}

std::optional<Clash> clash_of(const UpsertCall& upsert, const RecordTree& tree, const Error& error) {
    if (!error.is(ERRCODE_UNIQUE_VIOLATION)) return std::nullopt;
    const core::Entity* entity = entity_of(upsert, error.data());
    Item& item = culprit(upsert, tree, entity);
    const UniqueIndex* index = entity == &item.entity() ? index_of(upsert, *entity, error.data()) : nullptr;
    return index != nullptr ? std::optional(Clash{&item, index}) : std::nullopt;
}

std::optional<Holder> holder_of(UpsertCall& upsert, const Item& item, const UniqueIndex& index, bool returning) {
    return HolderQuery(upsert, item).find(index, index.live_only && !returning);
}

core::Fault fault_of(UpsertCall& upsert, const RecordTree& tree, const Error& error) {
    const ErrorData& data = error.data();
    const core::Entity* entity = entity_of(upsert, data);
    const Item& item = culprit(upsert, tree, entity);
    const core::Field* domain = domain_field(upsert, item, data);
    core::Fault fault{code_of(error, entity != nullptr || domain != nullptr),
                      item.record->path,
                      std::string(text_of(data.message)),
                      {}};
    fault.sqlstate = error.sqlstate();
    fault.hint = text_of(data.hint);
    if (domain != nullptr) {
        fault.path += domain->name;
        if (auto const reason = reason_of(fault.code))
            fault.params = core::reason_params(*reason, {{"constraint", text_of(data.constraint_name)}});
        return fault;
    }
    if (entity != &item.entity()) {
        if (fault.path.ends_with('.')) fault.path.pop_back();
        return fault;
    }
    const UniqueIndex* index = index_of(upsert, *entity, data);
    std::vector<std::string> const columns = columns_of(*entity, index, data);
    fault.path += field_path(*entity, columns);
    std::string_view const constraint = text_of(data.constraint_name);
    if (auto const reason = reason_of(fault.code))
        fault.params = core::reason_params(*reason, {{"constraint", constraint}});
    auto const clash = clash_of(upsert, tree, error);
    auto const holder = clash ? holder_of(upsert, item, *clash->index) : std::nullopt;
    if (holder) name_holder(fault, *entity, *holder, constraint);
    return fault;
}

}  // namespace eryxon::pg
