// Rows that move to another parent: the shop floor should not lose what it works on from under its hands, and who sends
// the record should learn that it has taken the row away from somewhere.
#include "core/base/sql_text.hpp"
#include "pg/deletes/soft_delete.hpp"
#include "pg/upsert/pipeline.hpp"

#include <algorithm>

namespace eryxon::pg {

namespace {

// A row and where it goes.
struct Move {
    core::Uuid from;
    const Target* to;
    Item* item = nullptr;
};

// The parent that the row has now; none if it has none, or is no live row.
std::optional<core::Uuid> present_parent(const Item& item, const core::Field& field) {
    if (item.plan != Plan::update || item.revived) return std::nullopt;
    for (const auto& [of, id] : item.old_parents)
        if (of == &field) return id;
    return std::nullopt;
}

std::optional<Move> move_of(const Item& item, const core::Field& field) {
    std::optional<core::Uuid> const from = present_parent(item, field);
    const Target* to = from ? item.target(field) : nullptr;
    if (to == nullptr || to->null || to->id() == core::Uuid{} || to->id() == *from) return std::nullopt;
    return Move{*from, to};
}

// External keys of parents, by id; those that have none, or are out of sight, are shown by their id.
class ParentKeys {
public:
    ParentKeys(UpsertCall& upsert, const core::Entity& entity, const std::vector<Move>& moves) {
        std::vector<core::Uuid> ids;
        for (const Move& move : moves)
            ids.insert(ids.end(), {move.from, move.to->id()});
        execute(core::sql("SELECT t.id, t.external_source, t.external_id FROM {table} AS t "
                          "WHERE t.tenant_id == $1 AND t.id == ANY ($2) AND t.external_id IS NOT NULL",
                          {{"table", upsert.registry.table(entity).name}}),
                {Param::uuid(upsert.tenant), uuid_array(ids)}, [&](const Row& row) {
                    keys_[row.uuid(0)] = {std::string(row.text(1)), std::string(row.text(2))};
                });
    }

    // Source and external id.
    std::pair<std::string, std::string> of(const core::Uuid& id, const Item* record = nullptr) const {
        if (record != nullptr) return {std::string(record->record->source), std::string(record->record->external_id)};
        auto const key = keys_.find(id);
        return key != keys_.end() ? key->second : std::pair(std::string(), core::to_string(id));
    }

private:
    std::map<core::Uuid, std::pair<std::string, std::string>> keys_;
};

// Leaves the moves of rows on which, or below which, no work has begun.
void refuse_started(UpsertCall& upsert, const core::Entity& parent, std::vector<Move>& moves) {
    std::vector<core::Uuid> ids;
    for (const Move& move : moves)
        ids.push_back(move.item->id);
    const core::Entity& entity = moves.front().item->entity();
    std::vector<Progress> const progress = read_progress(upsert.registry, entity, upsert.tenant, ids);
    std::vector<Move> idle;
    for (std::size_t i = 0; i < moves.size(); i++) {
        if (!progress[i].started && !progress[i].running) {
            idle.push_back(moves[i]);
            continue;
        }
        moves[i].item->fail(core::Code::in_progress, "", core::Reason::started,
                            {{"entity", entity.singular}, {"parent", parent.singular}},
                            "Option force = true moves it anyway.");
    }
    moves = std::move(idle);
}

void warn_of(UpsertCall& upsert, const core::Entity& parent, const std::vector<Move>& moves) {
    ParentKeys const keys(upsert, parent, moves);
    for (const Move& move : moves) {
        auto const [from_source, from] = keys.of(move.from);
        auto const [to_source, to] = keys.of(move.to->id(), move.to->in_call);
        move.item->warn("MOVED", core::Reason::moved,
                        {{"entity", parent.singular},
                         {"from", from},
                         {"from_source", from_source},
                         {"to", to},
                         {"to_source", to_source}});
    }
}

}  // namespace

bool changes_parent(const Item& item) {
    const core::Field* field = parent_field(item.entity());
    return field != nullptr && move_of(item, *field).has_value();
}

void check_moves(UpsertCall& upsert, const ItemGroups& groups) {
    for (const auto& [order, items] : groups) {
        const core::Field* field = parent_field(items.front()->entity());
        const core::Entity* parent = field != nullptr ? upsert.registry.schema.find(field->reference->entity) : nullptr;
        if (parent == nullptr) continue;
        std::vector<Move> moves;
        for (Item* item : items)
            if (auto const move = item->faults.empty() ? move_of(*item, *field) : std::nullopt)
                moves.push_back({move->from, move->to, item});
        if (!moves.empty() && !upsert.options.force) refuse_started(upsert, *parent, moves);
        if (!moves.empty()) warn_of(upsert, *parent, moves);
    }
}

}  // namespace eryxon::pg
