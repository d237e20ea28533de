// Rounds within a unit: records that touch the same rows or values are written one after the other, though set by set
// with those of other units.
#include "pg/upsert/steps.hpp"

#include <algorithm>

namespace eryxon::pg {

namespace {

// True if records of one unit get in each other's way.
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

// Plans the records of a unit as if they were units, parents before or together with their children.
void plan_rounds(const Unit& unit, std::vector<core::Claims> claims) {
    std::map<const Node*, std::uint32_t> positions;
    for (std::size_t i = 0; i < unit.nodes.size(); i++) {
        positions[unit.nodes[i]] = static_cast<std::uint32_t>(i);
    }
    for (std::size_t i = 0; i < unit.nodes.size(); i++) {
        claims[i].after.clear();
        if (unit.nodes[i]->parent != nullptr) claims[i].after.push_back(positions[unit.nodes[i]->parent]);
        for (const Target& target : unit.nodes[i]->targets)
            if (target.in_call != nullptr && target.in_call->unit == &unit)
                claims[i].after.push_back(positions[target.in_call]);
    }
    auto const rounds = core::plan_waves(claims);
    for (std::size_t round = 0; round < rounds.size(); round++)
        for (std::uint32_t position : rounds[round])
            unit.nodes[position]->round = static_cast<int>(round);
}

bool has_earlier_twin(const Unit& unit, const Node& node) {
    return node.repeated && std::any_of(unit.nodes.begin(), unit.nodes.end(), [&](const Node* other) {
               return other->position < node.position && &other->entity() == &node.entity() &&
                      other->record->external_id == node.record->external_id &&
                      other->record->source == node.record->source;
           });
}

}  // namespace

void assign_rounds(const Unit& unit, std::vector<core::Claims> claims) {
    for (Node* node : unit.nodes) {
        node->round = node->last_round = 0;
        node->came_back = false;
    }
    if (unit.nodes.size() == 1 || unit.is_refused() || !is_entangled(claims)) return;
    plan_rounds(unit, std::move(claims));
    for (Node* node : unit.nodes) {
        for (Node* above = node; above != nullptr; above = above->parent)
            above->last_round = std::max(above->last_round, node->round);
        if (node->round == 0) continue;
        node->faults.clear();
        node->came_back = node->plan == Plan::restore && !has_earlier_twin(unit, *node);
    }
}

}  // namespace eryxon::pg
