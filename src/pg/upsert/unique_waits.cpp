// Unique values are judged by what the call leaves: a record that is kept out by a row which another record is still to
// write waits for that one. Records that wait for each other in a circle swap their values.
#include "pg/server/subtransaction.hpp"
#include "pg/upsert/parked_rows.hpp"
#include "pg/upsert/pipeline.hpp"

#include <algorithm>
#include <unordered_set>

namespace eryxon::pg {

namespace {

using Trees = std::vector<RecordTree*>;

// Calls `visit` with each record that this one waits for.
template <class Visit>
void for_each_wait(const UpsertCall& upsert, const Item& item, Visit visit) {
    auto const [from, to] = upsert.waits.equal_range(&item);
    for (auto at = from; at != to; ++at)
        visit(*at->second);
}

// True if the record will write its row after this one, of the same array or of another tree.
bool acts_later(const Item& other, const Item& item) {
    if (other.tree == item.tree) return &other != &item && item.parent != nullptr && other.parent == item.parent;
    return other.tree->state == RecordTree::State::open && !other.tree->refused;
}

// The first record that will write the row, of its own array if there is one; not one that it has waited for already.
Item* next_writer(const UpsertCall& upsert, const Batch& batch, const Item& item, const Holder& holder) {
    Item* elsewhere = nullptr;
    for (Item* twin : batch.twins(item.entity(), holder.source, holder.external_id)) {
        bool waited = false;
        for_each_wait(upsert, item, [&](const Item& other) { waited |= &other == twin; });
        if (waited || !acts_later(*twin, item)) continue;
        if (twin->tree == item.tree) return twin;
        if (elsewhere == nullptr) elsewhere = twin;
    }
    return elsewhere;
}

// True if a record of this tree waits, at last, for the other one in the same tree. An explicit stack: chains can be as
// long as the array.
bool waits_in_tree(const UpsertCall& upsert, const Item& item, const Item& other) {
    std::vector<const Item*> open{&item};
    std::unordered_set<const Item*> reached{&item};
    while (!open.empty() && open.back() != &other) {
        check_interrupts();
        const Item* const next = open.back();
        open.pop_back();
        for_each_wait(upsert, *next, [&](const Item& holder) {
            if (holder.tree == item.tree && reached.insert(&holder).second) open.push_back(&holder);
        });
    }
    return !open.empty();
}

// The trees from one to another that it waits for, each waiting for the next; empty if it does not.
Trees waiting_path(const UpsertCall& upsert, RecordTree& from, const RecordTree& to) {
    std::map<RecordTree*, RecordTree*> reached{{&from, nullptr}};
    Trees open{&from};
    while (!open.empty() && open.back() != &to) {
        RecordTree* const tree = open.back();
        open.pop_back();
        for (const Item* item : tree->items)
            for_each_wait(upsert, *item, [&](const Item& holder) {
                bool const passable = holder.tree == &to || holder.tree->state == RecordTree::State::open;
                if (passable && reached.emplace(holder.tree, tree).second) open.push_back(holder.tree);
            });
    }
    Trees path;
    for (RecordTree* tree = open.empty() ? nullptr : open.back(); tree != nullptr; tree = reached.at(tree))
        path.push_back(tree);
    return path;
}

// Writes trees that wait for each other in a circle, the first of which gets a value that gave way. Nothing is kept
// unless all of them can be written.
bool write_circle(UpsertCall& upsert, Batch& batch, const Trees& trees, const ParkedValue& value) {
    RowImages const before = upsert.shows_changes() ? read_images(upsert, trees) : RowImages();
    bool written = false;
    try {
        written = !Subtransaction::run([&] {
                       ParkedRows const parked(upsert, {&value, 1});
                       for (RecordTree* tree : trees)
                           write_by_record(upsert, batch, *tree);
                       parked.require_rewritten();
                   }).has_value();
    } catch (const TreesFailed&) {
    } catch (const StillParked&) {
    }
    upsert.writing = nullptr;
    for (RecordTree* tree : trees) {
        tree->looked_up = false;
        if (written) {
            tree->state = RecordTree::State::done;
            continue;
        }
        tree->removed.clear();
        for (Item* item : tree->items)
            item->faults.clear();
    }
    // Those of the first tree are noted by whoever began to write it.
    if (written && upsert.shows_changes()) note_changes(upsert, std::span(trees).subspan(1), before);
    return written;
}

// In one tree: has the record wait for the other one, or be given the value, if that one waits for it.
bool wait_in_tree(UpsertCall& upsert, Item& item, Item& next, const ParkedValue& value) {
    if (!waits_in_tree(upsert, next, item)) {
        upsert.waits.emplace(&item, &next);
        return true;
    }
    bool const parked = std::find(upsert.parked.begin(), upsert.parked.end(), value) != upsert.parked.end();
    if (!parked) upsert.parked.push_back(value);
    return !parked;
}

// The same for trees. Trees that wait for each other are written at once.
bool wait_for_tree(UpsertCall& upsert, Batch& batch, Item& item, Item& next, const ParkedValue& value) {
    Trees const circle = waiting_path(upsert, *next.tree, *item.tree);
    if (!circle.empty()) return write_circle(upsert, batch, circle, value);
    upsert.waits.emplace(&item, &next);
    return true;
}

}  // namespace

bool may_wait(UpsertCall& upsert, const Batch& batch, const Item& item, const Error& error) {
    std::optional<Clash> const clash = clash_of(upsert, *item.tree, error);
    if (!clash || &clash->item->entity() != &item.entity()) return false;
    std::optional<Holder> const holder = holder_of(upsert, item, *clash->index);
    return holder && next_writer(upsert, batch, item, *holder) != nullptr;
}

Turn wait_for_value(UpsertCall& upsert, Batch& batch, const RecordTree& tree, const Error& error) {
    std::optional<Clash> const clash = clash_of(upsert, tree, error);
    std::optional<Holder> holder = clash ? holder_of(upsert, *clash->item, *clash->index, true) : std::nullopt;
    Item* next = holder ? next_writer(upsert, batch, *clash->item, *holder) : nullptr;
    if (next == nullptr || (holder->deleted && clash->index->live_only && next->tree != &tree)) return Turn::refused;
    if (upsert.lock == TenantLock::shared) throw RetryCall{TenantLock::exclusive};
    ParkedValue value{&clash->item->entity(), holder->id, clash->index};
    if (next->tree != &tree)
        return wait_for_tree(upsert, batch, *clash->item, *next, value) ? Turn::later : Turn::refused;
    bool const again = wait_in_tree(upsert, *clash->item, *next, value);
    // Those behind it at once, for each attempt writes the whole tree.
    for (Item* item = next; again && item->plan == Plan::update && upsert.parked.empty(); item = next) {
        holder = holder_of(upsert, *item, *clash->index);
        next = holder ? next_writer(upsert, batch, *item, *holder) : nullptr;
        if (next == nullptr || next->tree != &tree) break;
        wait_in_tree(upsert, *item, *next, {&item->entity(), holder->id, clash->index});
    }
    return again ? Turn::again : Turn::refused;
}

}  // namespace eryxon::pg
