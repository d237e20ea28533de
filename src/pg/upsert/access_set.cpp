// What each record of a window touches.
#include "pg/upsert/access_set.hpp"

#include <algorithm>

namespace eryxon::pg {

namespace {

using core::Access;

// Seeds that keep tokens of different kinds apart; unique indexes use their oid.
enum : std::uint64_t {
    key_seed = 1,
    number_seed = 2,
    natural_key_seed = 3,
    row_seed = 4,
    array_seed = 5,
    name_seed = 6,
    return_seed = 7
};

std::uint64_t bytes_hash(std::string_view bytes) {
    return std::hash<std::string_view>{}(bytes);
}

std::uint64_t id_hash(const core::Uuid& id) {
    return bytes_hash({reinterpret_cast<const char*>(id.data()), id.size()});
}

std::uint64_t key_token(const core::Entity& entity, std::string_view source, std::string_view external_id) {
    std::uint64_t const seed = combine_hashes(key_seed, entity.table);
    return combine_hashes(combine_hashes(seed, bytes_hash(source)), bytes_hash(external_id));
}

// The array of children that refer to a row by this field.
std::uint64_t array_token(const core::Entity& child, const core::Field& field, const core::Uuid& row) {
    std::uint64_t const seed = combine_hashes(combine_hashes(array_seed, child.table), bytes_hash(field.name));
    return combine_hashes(seed, id_hash(row));
}

bool sends(const Item& item, const core::Field& field) {
    return std::any_of(item.record->values.begin(), item.record->values.end(),
                       [&](const core::FieldValue& value) { return value.field == &field; });
}

// True if the record's row will get a number by `next`.
bool draws_number(const Item& item) {
    if (item.plan != Plan::create) return false;
    return std::any_of(item.entity().fields.begin(), item.entity().fields.end(), [&](const core::Field& field) {
        return field.default_next && field.mapped() && !sends(item, field);
    });
}

// True if the record puts an existing row under another parent.
bool moves(const Item& item) {
    if (!item.found || !item.writes()) return false;
    if (item.adopted) return true;
    return std::any_of(item.targets.begin(), item.targets.end(), [&](const Target& target) {
        if (target.kept || !target.field->reference->parent) return false;
        auto const old = std::find_if(item.old_parents.begin(), item.old_parents.end(),
                                      [&](const auto& parent) { return parent.first == target.field; });
        if (old == item.old_parents.end()) return !target.null;
        return target.null || target.id() != old->second;
    });
}

const core::Field* field_of_column(const core::Entity& entity, int number) {
    for (const core::Field& field : entity.fields)
        if (field.mapped() && entity.columns[static_cast<std::size_t>(field.column)].number == number) return &field;
    return nullptr;
}

// True if there is nothing that this record could get in the way of.
bool is_one_record(std::span<RecordTree* const> window) {
    return window.size() == 1 && window.front()->items.size() == 1;
}

}  // namespace

AccessReader::AccessReader(UpsertCall& upsert, const Batch& batch, std::span<RecordTree* const> window)
    : upsert_(upsert),
      batch_(batch),
      replaces_(upsert.options.children == core::ChildrenStrategy::replace),
      comes_or_goes_(replaces_),
      alone_(is_one_record(window)) {
    bool moved = false;
    for (const RecordTree* tree : window)
        for (const Item* item : tree->items) {
            if (draws_number(*item)) numbered_.insert(&item->entity());
            for (const core::ReferenceValue& sent : item->record->references)
                if (sent.by == core::ReferenceValue::By::name)
                    named_.insert(upsert.registry.schema.find(sent.field->reference->entity));
            moved |= moves(*item);
            comes_or_goes_ |= item->plan == Plan::remove || item->plan == Plan::restore;
        }
    spreads_ = moved || comes_or_goes_;
    if (alone_) return;
    std::vector<Item*> const items = items_of(window);
    if (spreads_) cascades_ = read_cascades(upsert, batch, items);
    if (moved) kin_ = read_kin(upsert, items);
}

core::AccessSet AccessReader::read(const RecordTree& tree) {
    if (alone_) return {};
    touches_.clear();
    place_ = 0;
    for (const Item* item : tree.items) {
        if (item->record->has_key) add(*item);
        place_++;
    }
    return std::move(touches_);
}

void AccessReader::touch(std::uint64_t token, Access access, bool nested) {
    touches_.push_back({token, access, place_, nested});
}

void AccessReader::touch_row(const core::Entity& entity, const core::Uuid& id, Access access, bool nested) {
    touch(combine_hashes(combine_hashes(row_seed, entity.table), id_hash(id)), access, nested);
}

void AccessReader::add(const Item& item) {
    add_key(item);
    if (spreads_) {
        add_rows(item);
        add_cascade(item);
        add_returns(item);
        if (replaces_) add_arrays(item);
    }
    if (!named_.empty()) add_names(item);
    if (!numbered_.empty()) add_numbers(item);
    if (!item.writes()) return;
    add_unique(item);
    if (upsert_.options.adopt && item.plan == Plan::create) add_natural_key(item);
}

// Records of one key act one after the other if one of them writes.
void AccessReader::add_key(const Item& item) {
    if (!item.repeated) return;
    touch(key_token(item.entity(), item.record->source, item.record->external_id),
          item.writes() ? Access::write : Access::read);
}

// Rows that come, go or move are the record's alone; others it shares with those that refer to them. A record that
// stands in another one comes after it, but for a deletion: it finds nothing to delete before the other's row is back.
void AccessReader::add_rows(const Item& item) {
    bool const moved = moves(item);
    bool const alone = moved || item.plan == Plan::remove || item.plan == Plan::restore;
    if (item.found)
        touch_row(item.entity(), item.id, alone ? Access::write : Access::read,
                  item.record->operation != core::Operation::remove);
    if (!item.writes()) return;
    add_targets(item);
    if (moved)
        for (const auto& [field, id] : item.old_parents)
            if (const core::Entity* parent = upsert_.registry.schema.find(field->reference->entity))
                touch_row(*parent, id, Access::read);
    if (auto const above = kin_.find(&item); above != kin_.end())
        for (const core::Uuid& id : above->second)
            touch_row(item.entity(), id, Access::read);
}

void AccessReader::add_targets(const Item& item) {
    for (const Target& target : item.targets) {
        const core::Entity* entity =
            target.null ? nullptr : upsert_.registry.schema.find(target.field->reference->entity);
        if (entity != nullptr && target.id() != core::Uuid{}) touch_row(*entity, target.id(), Access::read);
    }
}

void AccessReader::add_cascade(const Item& item) {
    auto const rows = cascades_.find(&item);
    if (rows == cascades_.end()) return;
    for (const CascadeRow& row : rows->second) {
        touch_row(*row.entity, row.id, Access::write);
        if (!row.unique_hashes.empty()) add_unique_values(upsert_.registry.table(*row.entity), row.unique_hashes);
        if (parent_field(*row.entity) == nullptr) touch_numbers(*row.entity, {}, Access::read);
    }
}

// A restored row brings back rows that a record may have missed.
void AccessReader::add_returns(const Item& item) {
    bool const adopts = upsert_.options.adopt;
    if (item.plan == Plan::restore || (adopts && item.plan == Plan::remove)) touch(return_seed, Access::share);
    if (item.unresolved || (adopts && item.plan == Plan::create)) touch(return_seed, Access::read);
}

// References by name to rows that records of the batch may rename.
void AccessReader::add_names(const Item& item) {
    if (item.writes() && named_.contains(&item.entity()))
        touch(combine_hashes(name_seed, item.entity().table), Access::share);
    for (const core::ReferenceValue& sent : item.record->references) {
        if (sent.by != core::ReferenceValue::By::name) continue;
        const core::Entity* entity = upsert_.registry.schema.find(sent.field->reference->entity);
        if (entity != nullptr && batch_.by_entity.contains(entity->order))
            touch(combine_hashes(name_seed, entity->table), Access::read);
    }
}

// The hashes of the unique columns' values as the record leaves them.
std::vector<std::uint64_t> AccessReader::hashes_after(const Item& item, const Table& table) {
    std::vector<std::uint64_t> hashes(item.old_hashes.begin(), item.old_hashes.end());
    hashes.resize(table.unique_columns.size());
    if (item.plan == Plan::remove) return hashes;
    for (std::size_t i = 0; i < hashes.size(); i++) {
        const core::Field* field = field_of_column(item.entity(), table.unique_columns[i]);
        if (field == nullptr) continue;
        CellValue const cell = cell_value(upsert_, item, *field);
        if (cell.present) hashes[i] = cell.null ? 0 : value_hash(item, *field, cell.value);
    }
    return hashes;
}

std::uint64_t AccessReader::value_hash(const Item& item, const core::Field& field, const core::Value& value) {
    const Table& table = upsert_.registry.table(item.entity());
    const core::Column& column = item.entity().columns[static_cast<std::size_t>(field.column)];
    const ParamType& param_type = table.param_types[static_cast<std::size_t>(field.column)];
    bool const as_text = column.kind == core::ValueKind::other || column.kind == core::ValueKind::text_array;
    return column_hash(as_text ? param_type.element : table.types.at(column.number), table.collations.at(column.number),
                       to_datum(value, column, param_type), false);
}

void AccessReader::add_unique_values(const Table& table, std::span<const std::uint64_t> hashes) {
    for (const UniqueIndex& index : table.unique_indexes) {
        std::uint64_t token = index.oid;
        bool held = true;
        for (int number : index.columns) {
            auto const at = std::lower_bound(table.unique_columns.begin(), table.unique_columns.end(), number);
            if (at == table.unique_columns.end() || *at != number) continue;
            std::uint64_t const hash = hashes[static_cast<std::size_t>(at - table.unique_columns.begin())];
            held &= hash != 0;
            token = combine_hashes(token, hash);
        }
        if (held) touch(token, Access::write);
    }
}

void AccessReader::add_unique(const Item& item) {
    const Table& table = upsert_.registry.table(item.entity());
    if (table.unique_indexes.empty()) return;
    std::vector<std::uint64_t> const before(item.old_hashes.begin(), item.old_hashes.end());
    std::vector<std::uint64_t> const after = hashes_after(item, table);
    if (!before.empty()) add_unique_values(table, before);
    if (before != after) add_unique_values(table, after);
}

// Adoption looks rows up by natural key, so the key counts as unique even where no index says so.
void AccessReader::add_natural_key(const Item& item) {
    std::uint64_t token = combine_hashes(natural_key_seed, item.entity().table);
    for (const std::string& name : item.entity().natural_key) {
        const core::Field* field = item.entity().find(name);
        if (field == nullptr || !field->mapped()) return;
        CellValue const cell = cell_value(upsert_, item, *field);
        if (!cell.present || cell.null) return;
        token = combine_hashes(token, value_hash(item, *field, cell.value));
    }
    if (!item.entity().natural_key.empty()) touch(token, Access::write);
}

void AccessReader::touch_numbers(const core::Entity& entity, const core::Uuid& group, Access access) {
    touch(combine_hashes(combine_hashes(number_seed, entity.table), id_hash(group)), access);
}

// Numbers by `next` are drawn in input order; rows that come, go or change their number stay apart from those that draw
// one in their group.
void AccessReader::add_numbers(const Item& item) {
    if (!numbered_.contains(&item.entity()) || !item.writes()) return;
    const core::Field* field = parent_field(item.entity());
    if (item.plan == Plan::create) return touch_numbers(item.entity(), group_of(item, field), Access::share);
    bool const sent =
        std::any_of(item.entity().fields.begin(), item.entity().fields.end(),
                    [&](const core::Field& number) { return number.default_next && sends(item, number); });
    if (!sent && item.plan == Plan::update && !moves(item)) return;
    touch_numbers(item.entity(), group_of(item, field), Access::read);
    for (const auto& [parent, id] : item.old_parents)
        if (parent == field) touch_numbers(item.entity(), id, Access::read);
}

// Option children = replace: an array tells all children of its row, so that no other tree may put some there.
void AccessReader::add_arrays(const Item& item) {
    for (const core::Entity::Children& spec : item.entity().children) {
        const core::Entity* child = upsert_.registry.schema.find(spec.entity);
        const core::Field* field = child != nullptr ? child->find(spec.field) : nullptr;
        if (field != nullptr && sends_array(item, spec))
            touch(array_token(*child, *field, item.id), Access::write, true);
    }
    if (!item.writes()) return;
    for (const Target& target : item.targets)
        if (!target.null) touch(array_token(item.entity(), *target.field, target.id()), Access::read, true);
    for (const auto& [field, id] : item.old_parents)
        touch(array_token(item.entity(), *field, id), Access::read, true);
}

bool is_entangled(const RecordTree& tree, core::AccessSet set) {
    if (tree.items.size() < 2) return false;
    auto const collide = [&](const core::Touch& a, const core::Touch& b) {
        if (a.item == b.item || !core::collide(a.access, b.access)) return false;
        if (!a.nested || !b.nested) return true;
        const Item& one = *tree.items[a.item];
        const Item& other = *tree.items[b.item];
        return !one.stands_in(other) && !other.stands_in(one);
    };
    std::stable_sort(set.begin(), set.end(), [](const auto& a, const auto& b) { return a.token < b.token; });
    for (auto first = set.begin(); first != set.end();) {
        auto const last =
            std::find_if(first, set.end(), [&](const auto& touch) { return touch.token != first->token; });
        bool const alike = std::all_of(first, last, [&](const auto& touch) { return touch.access == first->access; });
        if (alike && first->access != core::Access::write) {
            first = last;
            continue;
        }
        for (auto one = first; one != last; ++one) {
            if (one->access == core::Access::read) continue;
            if (std::any_of(first, last, [&](const core::Touch& other) { return collide(*one, other); })) return true;
        }
        first = last;
    }
    return false;
}

}  // namespace eryxon::pg
