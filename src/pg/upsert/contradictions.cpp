// One key under two parents in one call is a contradiction: taken in order, the later record would take the row away
// from the parent of the first one.
#include "pg/upsert/pipeline.hpp"

#include <algorithm>
#include <array>
#include <tuple>

namespace eryxon::pg {

namespace {

using By = core::ReferenceValue::By;
using Items = std::vector<Item*>;

auto key_of(const Item& item) {
    return std::tie(item.record->source, item.record->external_id);
}

// What the record says it stands under, or nullptr.
const core::ReferenceValue* place_of(const Item& item) {
    const core::Field* field = parent_field(item.entity());
    for (const core::ReferenceValue& sent : item.record->references)
        if (sent.field == field && sent.by != By::null) return &sent;
    return nullptr;
}

bool same_place(const core::ReferenceValue& a, const core::ReferenceValue& b) {
    return std::tie(a.id, a.source, a.text) == std::tie(b.id, b.source, b.text);
}

void refuse(const UpsertCall& upsert, Item& item, const Item& first, const core::ReferenceValue& place) {
    const core::Entity* parent = upsert.registry.schema.find(place.field->reference->entity);
    auto const batch = std::find_if(upsert.batches.begin(), upsert.batches.end(), [&](const Batch& candidate) {
        return candidate.entity == &first.tree->root().entity();
    });
    item.record->faults.push_back(core::make_fault(
        core::Code::duplicate_key, item.record->path + "external_id", core::Reason::two_parents,
        {{"index", batch->index_of(*first.tree)},
         {"entities", first.tree->root().entity().name},
         {"entity", parent != nullptr ? std::string_view(parent->singular) : place.field->reference->entity},
         {"external_id", place.by == By::id ? core::to_string(place.id) : std::string(place.text)}}));
    item.tree->refused = true;
}

// Records of one key: each is compared with the first one that names its parent in the same form; whether an id and a
// key mean the same only the database could tell.
void compare(const UpsertCall& upsert, std::span<Item* const> twins) {
    std::array<Item*, 4> first{};
    for (Item* item : twins) {
        const core::ReferenceValue* place = place_of(*item);
        if (place == nullptr) continue;
        Item*& other = first[static_cast<std::size_t>(place->by)];
        if (other == nullptr)
            other = item;
        else if (!same_place(*place, *place_of(*other)))
            refuse(upsert, *item, *other, *place_of(*other));
    }
}

void compare_all(const UpsertCall& upsert, const Items& sorted) {
    for (auto from = sorted.begin(); from != sorted.end();) {
        auto const to =
            std::find_if(from, sorted.end(), [&](const Item* item) { return key_of(*item) != key_of(**from); });
        if (to - from > 1) compare(upsert, {from, to});
        from = to;
    }
}

// The records of one entity in all batches, sorted by key and then by the order in which they were sent.
Items merged(const std::vector<const Items*>& lists) {
    Items all;
    for (const Items* list : lists)
        all.insert(all.end(), list->begin(), list->end());
    std::stable_sort(all.begin(), all.end(), [](const Item* a, const Item* b) { return key_of(*a) < key_of(*b); });
    return all;
}

}  // namespace

void refuse_contradictions(UpsertCall& upsert) {
    std::map<const core::Entity*, std::vector<const Items*>> lists;
    for (const Batch& batch : upsert.batches)
        for (const auto& [order, items] : batch.by_entity)
            if (parent_field(items.front()->entity()) != nullptr) lists[&items.front()->entity()].push_back(&items);
    for (const auto& [entity, of_entity] : lists)
        compare_all(upsert, of_entity.size() == 1 ? *of_entity.front() : merged(of_entity));
}

}  // namespace eryxon::pg
