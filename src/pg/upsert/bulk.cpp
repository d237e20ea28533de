// Nodes, units and batches of a call.
#include "pg/upsert/bulk.hpp"

#include "pg/server/boundary.hpp"
#include "pg/server/random.hpp"

#include <algorithm>
#include <chrono>
#include <tuple>

namespace eryxon::pg {

namespace {

// Records are read this many at a time between checks for a cancel.
constexpr std::size_t interrupt_interval = 256;

auto key_of(const Node& node) {
    return std::tie(node.record->source, node.record->external_id);
}

// How many nodes the record takes with all its children.
std::size_t count_nodes(const core::Record& record) {
    std::size_t count = 1;
    if (record.operation == core::Operation::remove) return count;
    for (const auto& array : record.children)
        for (const core::Record& child : array.records)
            count += count_nodes(child);
    return count;
}

// Makes a node for the record and all its children.
void add_nodes(Batch& batch, Unit& unit, core::Record& record, Node* parent) {
    Node& node = batch.nodes.emplace_back();
    node.position = static_cast<std::uint32_t>(batch.nodes.size());
    node.record = &record;
    node.parent = parent;
    node.unit = &unit;
    batch.node_list.push_back(&node);
    if (record.operation == core::Operation::remove) return;
    for (auto& array : record.children)
        for (core::Record& child : array.records)
            add_nodes(batch, unit, child, &node);
}

// Makes a unit for each record, whose nodes all stand in a row.
void add_units(Batch& batch) {
    std::size_t count = 0;
    for (const core::Record& record : batch.records)
        count += count_nodes(record);
    batch.nodes.reserve(count);
    batch.node_list.reserve(count);
    batch.units.reserve(batch.records.size());
    for (core::Record& record : batch.records) {
        Unit& unit = batch.units.emplace_back();
        unit.index = static_cast<std::uint32_t>(batch.units.size() - 1);
        std::size_t const first = batch.nodes.size();
        add_nodes(batch, unit, record, nullptr);
        unit.nodes = std::span(batch.node_list).subspan(first);
    }
}

// Sorts records of one entity by external key, those of one key by input; most payloads come sorted.
void sort_nodes(std::vector<Node*>& nodes) {
    auto const earlier = [](const Node* a, const Node* b) { return key_of(*a) < key_of(*b); };
    if (!std::is_sorted(nodes.begin(), nodes.end(), earlier)) std::stable_sort(nodes.begin(), nodes.end(), earlier);
    for (std::size_t i = 0; i < nodes.size(); i++) {
        nodes[i]->rank = static_cast<std::uint32_t>(i);
        if (i > 0 && key_of(*nodes[i - 1]) == key_of(*nodes[i])) nodes[i - 1]->repeated = nodes[i]->repeated = true;
    }
}

void sort_by_key(Batch& batch) {
    for (Node& node : batch.nodes)
        if (node.record->has_key) batch.by_entity[node.entity().order].push_back(&node);
    for (auto& [order, nodes] : batch.by_entity)
        sort_nodes(nodes);
}

}  // namespace

const core::Uuid& Target::id() const {
    return in_call != nullptr ? in_call->id : found;
}

const Target* Node::target(const core::Field& field) const {
    for (const Target& target : targets)
        if (target.field == &field) return &target;
    return nullptr;
}

void Node::fail(core::Code code, std::string path, std::string message, std::string hint) {
    path = record->path + path;
    if (path.ends_with('.')) path.pop_back();
    core::Fault fault{code, std::move(path), std::move(message), {}};
    fault.hint = std::move(hint);
    faults.push_back(std::move(fault));
}

void Node::note_row(const core::Uuid& row, std::string_view hash, bool deleted) {
    found = true;
    id = row;
    same_hash = record->hash == hash;
    soft_deleted = deleted;
}

void Node::reset() {
    plan = Plan::undecided;
    found = soft_deleted = same_hash = adopted = went_before = false;
    targets.clear();
    kept.clear();
    old_hashes.clear();
    old_parents.clear();
    numbered.clear();
    faults.clear();
    warnings.clear();
}

bool Unit::is_refused() const {
    return std::any_of(nodes.begin(), nodes.end(), [](const Node* node) { return !node->record->faults.empty(); });
}

bool Unit::faulty() const {
    return is_refused() ||
           std::any_of(nodes.begin(), nodes.end(), [](const Node* node) { return !node->faults.empty(); });
}

bool Unit::pending() const {
    return state == State::open &&
           std::any_of(nodes.begin(), nodes.end(), [](const Node* node) { return node->plan != Plan::skip; });
}

std::span<Node* const> Batch::twins(const core::Entity& entity, std::string_view source,
                                    std::string_view external_id) const {
    auto const nodes = by_entity.find(entity.order);
    if (nodes == by_entity.end()) return {};
    auto const wanted = std::tie(source, external_id);
    auto const first = std::partition_point(nodes->second.begin(), nodes->second.end(),
                                            [&](const Node* node) { return key_of(*node) < wanted; });
    auto const last =
        std::partition_point(first, nodes->second.end(), [&](const Node* node) { return key_of(*node) == wanted; });
    return {first, last};
}

std::int64_t Batch::line_of(const Unit& unit) const {
    return places.empty() ? 0 : places[unit.index].line;
}

BatchReader::BatchReader(Bulk& bulk, const core::Entity& entity, const core::ReadContext& context)
    : batch_(bulk.batches.emplace_back()), context_(context) {
    batch_.entity = &entity;
}

void BatchReader::add(const core::Json& item) {
    if (batch_.records.size() % interrupt_interval == 0) check_interrupts();
    core::read_record(*batch_.entity, item, context_, batch_.records.emplace_back());
}

void BatchReader::add(const core::Json& item, const CsvPlace& place) {
    add(item);
    batch_.places.push_back(place);
}

void BatchReader::add(core::Fault fault, const CsvPlace& place) {
    core::Record& record = batch_.records.emplace_back();
    record.entity = batch_.entity;
    record.faults.push_back(std::move(fault));
    batch_.places.push_back(place);
}

void BatchReader::finish() {
    add_units(batch_);
    sort_by_key(batch_);
}

core::Uuid new_id(Bulk& bulk) {
    std::array<std::uint8_t, 10> random;
    fill_random(random);
    auto const now = std::chrono::system_clock::now().time_since_epoch();
    return bulk.ids.make(static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(now).count()),
                         random);
}

}  // namespace eryxon::pg
