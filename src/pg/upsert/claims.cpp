// What each unit touches: keys, values in unique indexes, rows it refers to, numbers it takes.
#include "pg/server/owner.hpp"
#include "pg/upsert/steps.hpp"
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

// The rows of the units that soft-deleted rows of one entity ($4) are part of.
std::string unit_statement() {
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
    Claimer(Bulk& bulk, Batch& batch) : bulk_(bulk), batch_(batch) {
        for (const auto& [order, nodes] : batch_.by_entity) {
            present_.insert(&nodes.front()->entity());
            if (std::any_of(nodes.begin(), nodes.end(), [](const Node* node) { return numbers(*node); }))
                numbered_.insert(&nodes.front()->entity());
            read_restored(nodes);
        }
    }

    // The claims of each record of the unit, in order.
    std::vector<core::Claims> claim(const Unit& unit) {
        std::vector<core::Claims> claims;
        for (const Node* node : unit.nodes)
            claims.push_back(claim(*node));
        return claims;
    }

private:
    core::Claims claim(const Node& node) {
        core::Claims claims;
        bool const removes = node.record->operation == core::Operation::remove && (node.writes() || node.repeated);
        if (node.repeated || refers_to_itself(node.entity()) || replaces_)
            claims.writes.push_back(key_token(node.entity(), node.record->source, node.record->external_id));
        if (node.found && !restored_.empty()) claims.writes.push_back(row_token(node.entity().name, node.id));
        if (node.writes()) {
            claim_unique(node, claims);
            claim_references(node, claims);
            claim_restored(node, claims);
        }
        if (node.repeated) claim_of_twins(node, claims);
        claim_place(node, claims);
        claim_adoption(node, claims);
        if (node.writes() || removes) claim_numbers(node, removes, claims);
        claims.barrier = removes && cascades_into_call(node.entity());
        return claims;
    }

    // A record of a repeated key waits for all that stands below an earlier one, and its arrays may delete it.
    void claim_place(const Node& node, core::Claims& claims) {
        std::uint64_t const own = key_token(node.entity(), node.record->source, node.record->external_id);
        for (const Node* above = node.parent; above != nullptr; above = above->parent) {
            if (!above->repeated) continue;
            std::uint64_t const token = key_token(above->entity(), above->record->source, above->record->external_id);
            claims.reads.push_back(token);
            if (replaces_) taken_[token].push_back(own);
        }
    }

    // Rows that are to be adopted may have to come back first.
    void claim_adoption(const Node& node, core::Claims& claims) {
        if (!bulk_.options.adopt) return;
        if (node.plan == Plan::restore) claims.writes.push_back(adopt_seed);
        if (node.plan == Plan::create) claims.reads.push_back(adopt_seed);
    }

    // Values that earlier records of the same key take are what this one finds in the row.
    void claim_of_twins(const Node& node, core::Claims& claims) {
        auto& taken = taken_[key_token(node.entity(), node.record->source, node.record->external_id)];
        std::vector<std::uint64_t> const own = claims.writes;
        claims.writes.insert(claims.writes.end(), taken.begin(), taken.end());
        taken.insert(taken.end(), own.begin(), own.end());
    }

    // Restoring a row brings back others, which may be rows of other records.
    void claim_restored(const Node& node, core::Claims& claims) {
        auto const rows = restored_.find(&node);
        if (rows == restored_.end()) return;
        claims.writes.insert(claims.writes.end(), rows->second.begin(), rows->second.end());
    }

    // True if the record's row will get a number by `next`.
    static bool numbers(const Node& node) {
        if (node.plan != Plan::create) return false;
        return std::any_of(node.entity().fields.begin(), node.entity().fields.end(), [&](const core::Field& field) {
            return field.default_next && field.mapped() && !sends(node, field);
        });
    }

    static bool sends(const Node& node, const core::Field& field) {
        return std::any_of(node.record->values.begin(), node.record->values.end(),
                           [&](const core::FieldValue& value) { return value.field == &field; });
    }

    static bool moves(const Node& node) {
        return std::any_of(node.old_parents.begin(), node.old_parents.end(), [&](const auto& old) {
            const Target* target = node.target(*old.first);
            return target != nullptr && target->id() != old.second;
        });
    }

    // Notes the rows that will come back with the rows that these records restore.
    void read_restored(const std::vector<Node*>& nodes) {
        std::vector<const Node*> restoring;
        std::vector<core::Uuid> ids;
        for (const Node* node : nodes) {
            if (node->plan != Plan::restore) continue;
            restoring.push_back(node);
            ids.push_back(node->id);
        }
        if (restoring.empty()) return;
        as_extension_owner([&] {
            Param const entity = Param::text(nodes.front()->entity().name);
            execute(unit_statement(), {Param::uuid(bulk_.tenant), uuid_array(ids), length_param(ids), entity},
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
    ColumnChange change_of(const Node& node, const Table& table, int number) {
        ColumnChange change;
        auto const at = std::find(table.unique_columns.begin(), table.unique_columns.end(), number);
        if (!node.old_hashes.empty())
            change.before = node.old_hashes[static_cast<std::size_t>(at - table.unique_columns.begin())];
        change.after = change.before;
        const core::Field* field = field_of_column(node.entity(), number);
        if (field == nullptr || node.plan == Plan::remove) return change;
        CellValue const cell = cell_value(bulk_, node, *field);
        if (!cell.present) return change;
        change.after = cell.null ? 0 : value_hash(node, table, *field, cell.value);
        return change;
    }

    std::uint64_t value_hash(const Node& node, const Table& table, const core::Field& field, const core::Value& value) {
        const core::Column& column = node.entity().columns[static_cast<std::size_t>(field.column)];
        const Carrier& carrier = table.carriers[static_cast<std::size_t>(field.column)];
        bool const as_text = column.kind == core::ValueKind::other || column.kind == core::ValueKind::text_array;
        return column_hash(as_text ? carrier.element : table.types.at(column.number),
                           table.collations.at(column.number), to_datum(value, column, carrier), false);
    }

    void claim_unique(const Node& node, core::Claims& claims) {
        const Table& table = bulk_.registry.table(node.entity());
        for (const UniqueIndex& index : table.unique_indexes) {
            std::uint64_t before = index.oid, after = index.oid;
            bool held = true, wanted = true;
            for (int number : index.columns) {
                if (!std::binary_search(table.unique_columns.begin(), table.unique_columns.end(), number)) continue;
                ColumnChange const change = change_of(node, table, number);
                held &= change.before != 0;
                wanted &= change.after != 0;
                before = combine_hashes(before, change.before);
                after = combine_hashes(after, change.after);
            }
            if (held) claims.writes.push_back(before);
            if (wanted && !(held && before == after)) claims.writes.push_back(after);
        }
        if (bulk_.options.adopt) claim_natural_key(node, claims);
    }

    // Adoption looks rows up by natural key, so the key counts as unique even where no index says so.
    void claim_natural_key(const Node& node, core::Claims& claims) {
        const Table& table = bulk_.registry.table(node.entity());
        std::uint64_t token = combine_hashes(natural_key_seed, node.entity().table);
        for (const std::string& name : node.entity().natural_key) {
            const core::Field* field = node.entity().find(name);
            if (field == nullptr || !field->mapped()) return;
            CellValue const cell = cell_value(bulk_, node, *field);
            if (!cell.present || cell.null) return;
            token = combine_hashes(token, value_hash(node, table, *field, cell.value));
        }
        if (!node.entity().natural_key.empty()) claims.writes.push_back(token);
    }

    // Records that refer to rows of their own entity wait for those that make or change them.
    void claim_references(const Node& node, core::Claims& claims) {
        for (const Target& target : node.targets) {
            if (target.null) continue;
            bool const own_kind = target.field->reference->entity == node.entity().name;
            if (target.in_call != nullptr && target.in_call->unit != node.unit)
                claims.after.push_back(target.in_call->unit->index);
            const Node* other = target.in_call;
            if (other == nullptr && own_kind) other = node_of_row(node.entity(), target.id());
            if (own_kind && other != nullptr && other != &node)
                claims.reads.push_back(key_token(other->entity(), other->record->source, other->record->external_id));
        }
    }

    // The record of this batch that stands for an existing row.
    const Node* node_of_row(const core::Entity& entity, const core::Uuid& id) {
        auto& rows = rows_[entity.order];
        if (rows.empty())
            for (const Node* node : batch_.by_entity.at(entity.order))
                rows.emplace(node->id, node);
        auto const found = rows.find(id);
        return found == rows.end() ? nullptr : found->second;
    }

    // Numbers by `next` depend on the rows before them: rows that leave a group or change their number stay apart from
    // them.
    void claim_numbers(const Node& node, bool removes, core::Claims& claims) {
        if (!numbered_.contains(&node.entity())) return;
        std::uint64_t const token = combine_hashes(number_seed, node.entity().table);
        bool const sent =
            std::any_of(node.entity().fields.begin(), node.entity().fields.end(),
                        [&](const core::Field& field) { return field.default_next && sends(node, field); });
        bool const comes_or_goes = removes || node.plan == Plan::restore || moves(node);
        if (node.plan == Plan::create && !(sent && node.repeated)) {
            claims.reads.push_back(token);
            claims.ordered.push_back(token);
        } else if (sent || comes_or_goes || node.repeated) {
            claims.writes.push_back(token);
        }
    }

    Bulk& bulk_;
    Batch& batch_;
    bool replaces_ = bulk_.options.children == core::ChildrenStrategy::replace;
    std::map<std::uint64_t, std::vector<std::uint64_t>> taken_;   // by records of repeated keys so far
    std::map<const Node*, std::vector<std::uint64_t>> restored_;  // rows that come back with a record's own
    std::set<const core::Entity*> present_;                       // entities of the batch
    std::set<const core::Entity*> numbered_;                      // those with rows that get a number by `next`
    std::map<int, std::map<core::Uuid, const Node*>> rows_;
};

// Rows that an array may delete belong to its record.
void claim_replaced(Bulk& bulk, std::span<Unit* const> units, std::map<const Node*, core::Claims*>& claims) {
    for (const auto& [order, nodes] : group_nodes(nodes_of(units)))
        for (const ReplacedRow& row : replaced_rows(bulk, nodes))
            claims[row.node]->writes.push_back(key_token(*row.entity, row.source, row.external_id));
}

// The claims of the unit's records as the unit's own.
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

// Turns Unit::index in `after` into positions among these units; others are done already.
void renumber(const Batch& batch, std::span<Unit* const> units, std::vector<core::Claims>& claims) {
    constexpr std::uint32_t absent = UINT32_MAX;
    std::vector<std::uint32_t> positions(batch.units.size(), absent);
    for (std::size_t i = 0; i < units.size(); i++)
        positions[units[i]->index] = static_cast<std::uint32_t>(i);
    for (core::Claims& claim : claims) {
        for (std::uint32_t& unit : claim.after)
            unit = positions[unit];
        std::erase(claim.after, absent);
    }
}

}  // namespace

std::vector<core::Claims> claims_of(Bulk& bulk, Batch& batch, std::span<Unit* const> units) {
    Claimer claimer(bulk, batch);
    std::vector<std::vector<core::Claims>> of_units;
    std::map<const Node*, core::Claims*> of_nodes;
    for (const Unit* unit : units)
        of_units.push_back(claimer.claim(*unit));
    if (bulk.options.children == core::ChildrenStrategy::replace) {
        for (std::size_t i = 0; i < units.size(); i++)
            for (std::size_t j = 0; j < units[i]->nodes.size(); j++)
                of_nodes[units[i]->nodes[j]] = &of_units[i][j];
        claim_replaced(bulk, units, of_nodes);
    }
    std::vector<core::Claims> claims;
    for (std::size_t i = 0; i < units.size(); i++) {
        claims.push_back(merge(of_units[i]));
        assign_rounds(*units[i], std::move(of_units[i]));
    }
    renumber(batch, units, claims);
    return claims;
}

}  // namespace eryxon::pg
