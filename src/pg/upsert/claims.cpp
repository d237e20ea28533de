// What each tree touches: keys, values in unique indexes, rows it refers to, numbers it takes.
#include "pg/server/owner.hpp"
#include "pg/upsert/pipeline.hpp"
#include "pg/upsert/values.hpp"

#include <algorithm>
#include <set>

namespace eryxon::pg {

namespace {

// Seeds that keep tokens of different kinds apart; unique indexes use their oid.
enum : std::uint64_t { key_seed = 1, number_seed = 2, natural_key_seed = 3, row_seed = 4, adopt_seed = 5 };

std::uint64_t bytes_hash(std::string_view bytes) {
    return std::hash<std::string_view>{}(bytes);
}

std::uint64_t key_token(const core::Entity& entity, std::string_view source, std::string_view external_id) {
    std::uint64_t const seed = combine_hashes(key_seed, entity.table);
    return combine_hashes(combine_hashes(seed, bytes_hash(source)), bytes_hash(external_id));
}

std::uint64_t row_token(std::string_view entity, const core::Uuid& id) {
    std::uint64_t const id_hash = bytes_hash({reinterpret_cast<const char*>(id.data()), id.size()});
    return combine_hashes(combine_hashes(row_seed, bytes_hash(entity)), id_hash);
}

// The rows of the trees that soft-deleted rows of one entity ($4) are part of.
std::string cascade_statement() {
    std::string const eq(equals);
    return "SELECT u.n, r.row_entity, r.row_id FROM " + unnested({"id"}) +
           " JOIN eryxon.soft_delete AS s ON s.tenant_id" + eq + "$1 AND s.row_entity" + eq + "$4 AND s.row_id" + eq +
           "u.id JOIN eryxon.soft_delete AS r ON r.tenant_id" + eq + "$1 AND r.entity" + eq + "s.entity AND r.root" +
           eq + "s.root";
}

// One column's hash before and after the record.
struct ColumnChange {
    std::uint64_t before = 0;
    std::uint64_t after = 0;
};

const core::Field* field_of_column(const core::Entity& entity, int number) {
    for (const core::Field& field : entity.fields)
        if (field.mapped() && entity.columns[static_cast<std::size_t>(field.column)].number == number) return &field;
    return nullptr;
}

class Claimer {
public:
    Claimer(UpsertCall& upsert, Batch& batch) : upsert_(upsert), batch_(batch) {
        for (const auto& [order, items] : batch_.by_entity) {
            present_.insert(&items.front()->entity());
            if (std::any_of(items.begin(), items.end(), [](const Item* item) { return numbers(*item); }))
                numbered_.insert(&items.front()->entity());
            read_restored(items);
        }
    }

    // The claims of each record of the tree, in order.
    std::vector<core::Claims> claim(const RecordTree& tree) {
        std::vector<core::Claims> claims;
        for (const Item* item : tree.items)
            claims.push_back(claim(*item));
        return claims;
    }

private:
    core::Claims claim(const Item& item) {
        core::Claims claims;
        bool const removes = item.record->operation == core::Operation::remove && (item.writes() || item.repeated);
        if (item.repeated || refers_to_itself(item.entity()) || replaces_)
            claims.writes.push_back(key_token(item.entity(), item.record->source, item.record->external_id));
        if (item.found && !restored_.empty()) claims.writes.push_back(row_token(item.entity().name, item.id));
        if (item.writes()) {
            claim_unique(item, claims);
            claim_references(item, claims);
            claim_restored(item, claims);
        }
        if (item.repeated) claim_of_twins(item, claims);
        claim_place(item, claims);
        claim_adoption(item, claims);
        if (item.writes() || removes) claim_numbers(item, removes, claims);
        claims.barrier = removes && cascades_into_call(item.entity());
        return claims;
    }

    // A record of a repeated key waits for all that stands below an earlier one, and its arrays may delete it.
    void claim_place(const Item& item, core::Claims& claims) {
        std::uint64_t const own = key_token(item.entity(), item.record->source, item.record->external_id);
        for (const Item* above = item.parent; above != nullptr; above = above->parent) {
            if (!above->repeated) continue;
            std::uint64_t const token = key_token(above->entity(), above->record->source, above->record->external_id);
            claims.reads.push_back(token);
            if (replaces_) taken_[token].push_back(own);
        }
    }

    // Rows that are to be adopted may have to come back first.
    void claim_adoption(const Item& item, core::Claims& claims) {
        if (!upsert_.options.adopt) return;
        if (item.plan == Plan::restore) claims.writes.push_back(adopt_seed);
        if (item.plan == Plan::create) claims.reads.push_back(adopt_seed);
    }

    // Values that earlier records of the same key take are what this one finds in the row.
    void claim_of_twins(const Item& item, core::Claims& claims) {
        auto& taken = taken_[key_token(item.entity(), item.record->source, item.record->external_id)];
        std::vector<std::uint64_t> const own = claims.writes;
        claims.writes.insert(claims.writes.end(), taken.begin(), taken.end());
        taken.insert(taken.end(), own.begin(), own.end());
    }

    // Restoring a row brings back others, which may be rows of other records.
    void claim_restored(const Item& item, core::Claims& claims) {
        auto const rows = restored_.find(&item);
        if (rows == restored_.end()) return;
        claims.writes.insert(claims.writes.end(), rows->second.begin(), rows->second.end());
    }

    // True if the record's row will get a number by `next`.
    static bool numbers(const Item& item) {
        if (item.plan != Plan::create) return false;
        return std::any_of(item.entity().fields.begin(), item.entity().fields.end(), [&](const core::Field& field) {
            return field.default_next && field.mapped() && !sends(item, field);
        });
    }

    static bool sends(const Item& item, const core::Field& field) {
        return std::any_of(item.record->values.begin(), item.record->values.end(),
                           [&](const core::FieldValue& value) { return value.field == &field; });
    }

    static bool moves(const Item& item) {
        return std::any_of(item.old_parents.begin(), item.old_parents.end(), [&](const auto& old) {
            const Target* target = item.target(*old.first);
            return target != nullptr && target->id() != old.second;
        });
    }

    // Notes the rows that will come back with the rows that these records restore.
    void read_restored(const std::vector<Item*>& items) {
        std::vector<const Item*> restoring;
        std::vector<core::Uuid> ids;
        for (const Item* item : items) {
            if (item->plan != Plan::restore) continue;
            restoring.push_back(item);
            ids.push_back(item->id);
        }
        if (restoring.empty()) return;
        as_extension_owner([&] {
            Param const entity = Param::text(items.front()->entity().name);
            execute(cascade_statement(), {Param::uuid(upsert_.tenant), uuid_array(ids), length_param(ids), entity},
                    [&](const Row& row) {
                        auto const at = static_cast<std::size_t>(row.integer(0) - 1);
                        if (row.uuid(2) != ids[at])
                            restored_[restoring[at]].push_back(row_token(row.text(1), row.uuid(2)));
                    });
        });
    }

    bool cascades_into_call(const core::Entity& deleted) const {
        return std::any_of(present_.begin(), present_.end(), [&](const core::Entity* entity) {
            return std::any_of(entity->fields.begin(), entity->fields.end(), [&](const core::Field& field) {
                return field.reference && field.mapped() && field.reference->entity == deleted.name;
            });
        });
    }

    static bool refers_to_itself(const core::Entity& entity) {
        return std::any_of(entity.fields.begin(), entity.fields.end(), [&](const core::Field& field) {
            return field.reference && field.mapped() && field.reference->entity == entity.name;
        });
    }

    // The hashes of a unique column's value in the row as it is and as it will be.
    ColumnChange change_of(const Item& item, const Table& table, int number) {
        ColumnChange change;
        auto const at = std::find(table.unique_columns.begin(), table.unique_columns.end(), number);
        if (!item.old_hashes.empty())
            change.before = item.old_hashes[static_cast<std::size_t>(at - table.unique_columns.begin())];
        change.after = change.before;
        const core::Field* field = field_of_column(item.entity(), number);
        if (field == nullptr || item.plan == Plan::remove) return change;
        CellValue const cell = cell_value(upsert_, item, *field);
        if (!cell.present) return change;
        change.after = cell.null ? 0 : value_hash(item, table, *field, cell.value);
        return change;
    }

    std::uint64_t value_hash(const Item& item, const Table& table, const core::Field& field, const core::Value& value) {
        const core::Column& column = item.entity().columns[static_cast<std::size_t>(field.column)];
        const Carrier& carrier = table.carriers[static_cast<std::size_t>(field.column)];
        bool const as_text = column.kind == core::ValueKind::other || column.kind == core::ValueKind::text_array;
        return column_hash(as_text ? carrier.element : table.types.at(column.number),
                           table.collations.at(column.number), to_datum(value, column, carrier), false);
    }

    void claim_unique(const Item& item, core::Claims& claims) {
        const Table& table = upsert_.registry.table(item.entity());
        for (const UniqueIndex& index : table.unique_indexes) {
            std::uint64_t before = index.oid, after = index.oid;
            bool held = true, wanted = true;
            for (int number : index.columns) {
                if (!std::binary_search(table.unique_columns.begin(), table.unique_columns.end(), number)) continue;
                ColumnChange const change = change_of(item, table, number);
                held &= change.before != 0;
                wanted &= change.after != 0;
                before = combine_hashes(before, change.before);
                after = combine_hashes(after, change.after);
            }
            if (held) claims.writes.push_back(before);
            if (wanted && !(held && before == after)) claims.writes.push_back(after);
        }
        if (upsert_.options.adopt) claim_natural_key(item, claims);
    }

    // Adoption looks rows up by natural key, so the key counts as unique even where no index says so.
    void claim_natural_key(const Item& item, core::Claims& claims) {
        const Table& table = upsert_.registry.table(item.entity());
        std::uint64_t token = combine_hashes(natural_key_seed, item.entity().table);
        for (const std::string& name : item.entity().natural_key) {
            const core::Field* field = item.entity().find(name);
            if (field == nullptr || !field->mapped()) return;
            CellValue const cell = cell_value(upsert_, item, *field);
            if (!cell.present || cell.null) return;
            token = combine_hashes(token, value_hash(item, table, *field, cell.value));
        }
        if (!item.entity().natural_key.empty()) claims.writes.push_back(token);
    }

    // Records that refer to rows of their own entity wait for those that make or change them.
    void claim_references(const Item& item, core::Claims& claims) {
        for (const Target& target : item.targets) {
            if (target.null) continue;
            bool const own_kind = target.field->reference->entity == item.entity().name;
            if (target.in_call != nullptr && target.in_call->tree != item.tree)
                claims.after.push_back(target.in_call->tree->index);
            const Item* other = target.in_call;
            if (other == nullptr && own_kind) other = item_of_row(item.entity(), target.id());
            if (own_kind && other != nullptr && other != &item)
                claims.reads.push_back(key_token(other->entity(), other->record->source, other->record->external_id));
        }
    }

    // The record of this batch that stands for an existing row.
    const Item* item_of_row(const core::Entity& entity, const core::Uuid& id) {
        auto& rows = rows_[entity.order];
        if (rows.empty())
            for (const Item* item : batch_.by_entity.at(entity.order))
                rows.emplace(item->id, item);
        auto const found = rows.find(id);
        return found == rows.end() ? nullptr : found->second;
    }

    // Numbers by `next` depend on the rows before them: rows that leave a group or change their number stay apart from
    // them.
    void claim_numbers(const Item& item, bool removes, core::Claims& claims) {
        if (!numbered_.contains(&item.entity())) return;
        std::uint64_t const token = combine_hashes(number_seed, item.entity().table);
        bool const sent =
            std::any_of(item.entity().fields.begin(), item.entity().fields.end(),
                        [&](const core::Field& field) { return field.default_next && sends(item, field); });
        bool const comes_or_goes = removes || item.plan == Plan::restore || moves(item);
        if (item.plan == Plan::create && !(sent && item.repeated)) {
            claims.reads.push_back(token);
            claims.ordered.push_back(token);
        } else if (sent || comes_or_goes || item.repeated) {
            claims.writes.push_back(token);
        }
    }

    UpsertCall& upsert_;
    Batch& batch_;
    bool replaces_ = upsert_.options.children == core::ChildrenStrategy::replace;
    std::map<std::uint64_t, std::vector<std::uint64_t>> taken_;   // by records of repeated keys so far
    std::map<const Item*, std::vector<std::uint64_t>> restored_;  // rows that come back with a record's own
    std::set<const core::Entity*> present_;                       // entities of the batch
    std::set<const core::Entity*> numbered_;                      // those with rows that get a number by `next`
    std::map<int, std::map<core::Uuid, const Item*>> rows_;
};

// Rows that an array may delete belong to its record.
void claim_replaced(UpsertCall& upsert, std::span<RecordTree* const> trees,
                    std::map<const Item*, core::Claims*>& claims) {
    for (const auto& [order, items] : group_items(items_of(trees)))
        for (const ReplacedRow& row : replaced_rows(upsert, items))
            claims[row.item]->writes.push_back(key_token(*row.entity, row.source, row.external_id));
}

// The claims of the tree's records as the tree's own.
core::Claims merge(const std::vector<core::Claims>& claims) {
    core::Claims all;
    auto const append = [](auto& to, const auto& from) { to.insert(to.end(), from.begin(), from.end()); };
    for (const core::Claims& claim : claims) {
        append(all.writes, claim.writes);
        append(all.reads, claim.reads);
        append(all.ordered, claim.ordered);
        append(all.after, claim.after);
        all.barrier |= claim.barrier;
    }
    return all;
}

// Turns RecordTree::index in `after` into positions among these trees; others are done already.
void renumber(const Batch& batch, std::span<RecordTree* const> trees, std::vector<core::Claims>& claims) {
    constexpr std::uint32_t absent = UINT32_MAX;
    std::vector<std::uint32_t> positions(batch.trees.size(), absent);
    for (std::size_t i = 0; i < trees.size(); i++)
        positions[trees[i]->index] = static_cast<std::uint32_t>(i);
    for (core::Claims& claim : claims) {
        for (std::uint32_t& tree : claim.after)
            tree = positions[tree];
        std::erase(claim.after, absent);
    }
}

}  // namespace

std::vector<core::Claims> claims_of(UpsertCall& upsert, Batch& batch, std::span<RecordTree* const> trees) {
    Claimer claimer(upsert, batch);
    std::vector<std::vector<core::Claims>> of_trees;
    std::map<const Item*, core::Claims*> of_items;
    for (const RecordTree* tree : trees)
        of_trees.push_back(claimer.claim(*tree));
    if (upsert.options.children == core::ChildrenStrategy::replace) {
        for (std::size_t i = 0; i < trees.size(); i++)
            for (std::size_t j = 0; j < trees[i]->items.size(); j++)
                of_items[trees[i]->items[j]] = &of_trees[i][j];
        claim_replaced(upsert, trees, of_items);
    }
    std::vector<core::Claims> claims;
    for (std::size_t i = 0; i < trees.size(); i++) {
        claims.push_back(merge(of_trees[i]));
        assign_rounds(*trees[i], std::move(of_trees[i]));
    }
    renumber(batch, trees, claims);
    return claims;
}

}  // namespace eryxon::pg
