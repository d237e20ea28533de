// Rounds within a tree: records that touch the same rows or values are written one after the other, though set by set
// with those of other trees.
#include "pg/upsert/pipeline.hpp"

#include <algorithm>

namespace eryxon::pg {

namespace {

// True if records of one tree get in each other's way.
bool is_entangled(const std::vector<core::Claims>& claims) {
    std::vector<std::uint64_t> writes, reads;
    for (const core::Claims& claim : claims) {
        std::vector<std::uint64_t> own = claim.writes;
        std::sort(own.begin(), own.end());
        own.erase(std::unique(own.begin(), own.end()), own.end());
        writes.insert(writes.end(), own.begin(), own.end());
        reads.insert(reads.end(), claim.reads.begin(), claim.reads.end());
        if (claim.barrier) return true;
    }
    std::sort(writes.begin(), writes.end());
    if (std::adjacent_find(writes.begin(), writes.end()) != writes.end()) return true;
    return std::any_of(reads.begin(), reads.end(),
                       [&](std::uint64_t token) { return std::binary_search(writes.begin(), writes.end(), token); });
}

// Plans the records of a tree as if they were trees, parents before or together with their children.
void plan_rounds(const RecordTree& tree, std::vector<core::Claims> claims) {
    std::map<const Item*, std::uint32_t> positions;
    for (std::size_t i = 0; i < tree.items.size(); i++) {
        positions[tree.items[i]] = static_cast<std::uint32_t>(i);
    }
    for (std::size_t i = 0; i < tree.items.size(); i++) {
        claims[i].after.clear();
        if (tree.items[i]->parent != nullptr) claims[i].after.push_back(positions[tree.items[i]->parent]);
        for (const Target& target : tree.items[i]->targets)
            if (target.in_call != nullptr && target.in_call->tree == &tree)
                claims[i].after.push_back(positions[target.in_call]);
    }
    auto const rounds = core::plan_waves(claims);
    for (std::size_t round = 0; round < rounds.size(); round++)
        for (std::uint32_t position : rounds[round])
            tree.items[position]->round = static_cast<int>(round);
}

bool has_earlier_twin(const RecordTree& tree, const Item& item) {
    return item.repeated && std::any_of(tree.items.begin(), tree.items.end(), [&](const Item* other) {
               return other->position < item.position && &other->entity() == &item.entity() &&
                      other->record->external_id == item.record->external_id &&
                      other->record->source == item.record->source;
           });
}

}  // namespace

void assign_rounds(const RecordTree& tree, std::vector<core::Claims> claims) {
    for (Item* item : tree.items) {
        item->round = item->last_round = 0;
        item->came_back = false;
    }
    if (tree.items.size() == 1 || tree.is_refused() || !is_entangled(claims)) return;
    plan_rounds(tree, std::move(claims));
    for (Item* item : tree.items) {
        for (Item* above = item; above != nullptr; above = above->parent)
            above->last_round = std::max(above->last_round, item->round);
        if (item->round == 0) continue;
        item->faults.clear();
        item->came_back = item->plan == Plan::restore && !has_earlier_twin(tree, *item);
    }
}

}  // namespace eryxon::pg
