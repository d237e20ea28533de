// Items, trees and batches of a call.
#include "pg/upsert/upsert_call.hpp"

#include "core/json/canonical.hpp"
#include "pg/server/boundary.hpp"
#include "pg/server/random.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <tuple>

namespace eryxon::pg {

namespace {

// Records are read this many at a time between checks for a cancel.
constexpr std::size_t interrupt_interval = 256;

auto key_of(const Item& item) {
    return std::tie(item.record->source, item.record->external_id);
}

// How many items the record takes with all its children.
std::size_t count_items(const core::Record& record) {
    std::size_t count = 1;
    if (record.operation == core::Operation::remove) return count;
    for (const auto& array : record.children)
        for (const core::Record& child : array.records)
            count += count_items(child);
    return count;
}

// Makes a item for the record and all its children.
void add_items(Batch& batch, RecordTree& tree, core::Record& record, Item* parent) {
    Item& item = batch.items.emplace_back();
    item.position = static_cast<std::uint32_t>(batch.items.size());
    item.record = &record;
    item.parent = parent;
    item.tree = &tree;
    batch.item_list.push_back(&item);
    if (record.operation == core::Operation::remove) return;
    for (auto& array : record.children)
        for (core::Record& child : array.records)
            add_items(batch, tree, child, &item);
}

// Makes a tree for each record, whose items all stand in a row.
void add_trees(Batch& batch) {
    std::size_t count = 0;
    for (const core::Record& record : batch.records)
        count += count_items(record);
    batch.items.reserve(count);
    batch.item_list.reserve(count);
    batch.trees.reserve(batch.records.size());
    for (core::Record& record : batch.records) {
        RecordTree& tree = batch.trees.emplace_back();
        tree.index = static_cast<std::uint32_t>(batch.trees.size() - 1);
        std::size_t const first = batch.items.size();
        add_items(batch, tree, record, nullptr);
        tree.items = std::span(batch.item_list).subspan(first);
        tree.refused = std::any_of(tree.items.begin(), tree.items.end(),
                                   [](const Item* item) { return !item->record->faults.empty(); });
    }
}

// Sorts records of one entity by external key, those of one key by input; most payloads come sorted.
void sort_items(std::vector<Item*>& items) {
    auto const earlier = [](const Item* a, const Item* b) { return key_of(*a) < key_of(*b); };
    if (!std::is_sorted(items.begin(), items.end(), earlier)) std::stable_sort(items.begin(), items.end(), earlier);
    for (std::size_t i = 0; i < items.size(); i++) {
        items[i]->rank = static_cast<std::uint32_t>(i);
        if (i > 0 && key_of(*items[i - 1]) == key_of(*items[i])) items[i - 1]->repeated = items[i]->repeated = true;
    }
}

void sort_by_key(Batch& batch) {
    for (Item& item : batch.items)
        if (item.record->has_key) batch.by_entity[item.entity().order].push_back(&item);
    for (auto& [order, items] : batch.by_entity)
        sort_items(items);
}

}  // namespace

const core::Uuid& Target::id() const {
    return in_call != nullptr ? in_call->id : found;
}

bool Item::stands_in(const Item& other) const {
    for (const Item* above = parent; above != nullptr; above = above->parent)
        if (above == &other) return true;
    return false;
}

const Target* Item::target(const core::Field& field) const {
    for (const Target& target : targets)
        if (target.field == &field) return &target;
    return nullptr;
}

void Item::fail(core::Code code, std::string path, core::Reason reason, core::FaultParams params, std::string hint) {
    path = record->path + path;
    if (path.ends_with('.')) path.pop_back();
    faults.push_back(core::make_fault(code, std::move(path), reason, params, std::move(hint)));
}

void Item::warn(std::string_view code, core::Reason reason, core::FaultParams params) {
    std::string path = record->path;
    if (path.ends_with('.')) path.pop_back();
    warnings.push_back(core::make_warning(code, std::move(path), reason, params));
}

void Item::note_row(const core::Uuid& row, std::string_view hash, bool deleted) {
    found = true;
    id = row;
    same_hash = record->hash == hash;
    soft_deleted = deleted;
}

void Item::reset() {
    plan = Plan::undecided;
    found = soft_deleted = same_hash = adopted = deleted_by_cascade = unresolved = false;
    targets.clear();
    kept.clear();
    old_hashes.clear();
    old_parents.clear();
    numbered.clear();
    faults.clear();
    warnings.clear();
}

bool RecordTree::faulty() const {
    return refused || std::any_of(items.begin(), items.end(), [](const Item* item) { return !item->faults.empty(); });
}

bool RecordTree::has_repeated() const {
    return std::any_of(items.begin(), items.end(), [](const Item* item) { return item->repeated; });
}

bool RecordTree::pending() const {
    return state == State::open &&
           std::any_of(items.begin(), items.end(), [](const Item* item) { return item->plan != Plan::skip; });
}

std::span<Item* const> Batch::twins(const core::Entity& entity, std::string_view source,
                                    std::string_view external_id) const {
    auto const items = by_entity.find(entity.order);
    if (items == by_entity.end()) return {};
    auto const wanted = std::tie(source, external_id);
    auto const first = std::partition_point(items->second.begin(), items->second.end(),
                                            [&](const Item* item) { return key_of(*item) < wanted; });
    auto const last =
        std::partition_point(first, items->second.end(), [&](const Item* item) { return key_of(*item) == wanted; });
    return {first, last};
}

std::int64_t Batch::line_of(const RecordTree& tree) const {
    return places.empty() ? 0 : places[tree.index].line;
}

BatchReader::BatchReader(UpsertCall& upsert, const core::Entity& entity, const core::ReadContext& context)
    : batch_(upsert.batches.emplace_back()), context_(context) {
    batch_.entity = &entity;
}

void BatchReader::add(const core::Json& item) {
    if (batch_.records.size() % interrupt_interval == 0) check_interrupts();
    core::read_record(*batch_.entity, item, context_, batch_.records.emplace_back());
}

void BatchReader::add(const core::Json& item, const FilePlace& place, std::optional<core::Warning> warning) {
    add(item);
    if (warning) batch_.records.back().warnings.push_back(*std::move(warning));
    batch_.places.push_back(place);
}

void BatchReader::add(core::Fault fault, const FilePlace& place) {
    core::Record& record = batch_.records.emplace_back();
    record.entity = batch_.entity;
    record.faults.push_back(std::move(fault));
    batch_.places.push_back(place);
}

void BatchReader::finish() {
    add_trees(batch_);
    sort_by_key(batch_);
}

core::Uuid new_id(UpsertCall& upsert) {
    std::array<std::uint8_t, 10> random;
    fill_random(random);
    auto const now = std::chrono::system_clock::now().time_since_epoch();
    return upsert.ids.make(
        static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(now).count()), random);
}

core::Uuid child_run(const core::Uuid& run, const std::string& entity) {
    std::uint32_t number = 0;
    std::string const hash = core::sha256_hex(entity);
    std::from_chars(hash.data(), hash.data() + 8, number, 16);
    return core::numbered_uuid(run, number);
}

core::Uuid run_id(UpsertCall& upsert, const std::string& entity) {
    if (upsert.run) return entity == upsert.batches.front().entity->name ? *upsert.run : child_run(*upsert.run, entity);
    auto const [run, is_new] = upsert.runs.try_emplace(entity);
    if (is_new) run->second = new_id(upsert);
    return run->second;
}

}  // namespace eryxon::pg
