// The order in which trees act: input order, but a tree that others are needed for waits until these have been written.
#include "pg/upsert/pipeline.hpp"

#include <algorithm>
#include <unordered_set>

namespace eryxon::pg {

namespace {

using Trees = std::vector<RecordTree*>;

// The tree that writes what the target stands for, if it is another one.
RecordTree* needed_tree(const Item& item, const Target& target) {
    if (target.in_call == nullptr || target.in_call->tree == item.tree) return nullptr;
    return target.in_call->tree;
}

// Calls `visit` with each tree that is to be written first for a value that this one wants.
template <class Visit>
void for_each_waited(const UpsertCall& upsert, const RecordTree& tree, Visit visit) {
    if (upsert.waits.empty()) return;
    for (const Item* item : tree.items) {
        auto const [from, to] = upsert.waits.equal_range(item);
        for (auto wait = from; wait != to; ++wait) {
            RecordTree* const other = wait->second->tree;
            if (other != &tree && other->state == RecordTree::State::open) visit(*other);
        }
    }
}

// Calls `visit` with each tree that a record of this one needs.
template <class Visit>
void for_each_needed(const UpsertCall& upsert, const RecordTree& tree, Visit visit) {
    if (tree.refused) return;
    for (const Item* item : tree.items)
        for (const Target& target : item->targets)
            if (RecordTree* needed = needed_tree(*item, target)) visit(*needed);
    for_each_waited(upsert, tree, visit);
}

// Adds the trees that records of the tree refer to by key, as far as they seem to make a row, and those that these
// refer to: chains of references are looked up at once.
void add_chain(const Batch& batch, RecordTree& tree, std::unordered_set<RecordTree*>& known, Trees& added) {
    Trees open{&tree};
    while (!open.empty()) {
        const RecordTree& next = *open.back();
        open.pop_back();
        for (const Item* item : next.items)
            for (const core::ReferenceValue& sent : item->record->references) {
                if (sent.by != core::ReferenceValue::By::external_id) continue;
                if (sent.field->reference->entity != item->entity().name) continue;
                for (Item* twin : batch.twins(item->entity(), sent.source, sent.text)) {
                    bool const makes = twin->plan == Plan::create || twin->plan == Plan::restore;
                    if (!makes || twin->tree->state != RecordTree::State::open || !known.insert(twin->tree).second)
                        continue;
                    added.push_back(twin->tree);
                    open.push_back(twin->tree);
                }
            }
    }
}

// Adds to the window, looked up and prepared, the trees that some of its own need and those that these need.
void add_needed(UpsertCall& upsert, const Batch& batch, Trees& window, Trees fresh) {
    std::unordered_set<RecordTree*> known(window.begin(), window.end());
    while (!fresh.empty()) {
        Trees needed;
        for (const RecordTree* tree : fresh)
            for_each_needed(upsert, *tree, [&](RecordTree& other) {
                if (!known.insert(&other).second) return;
                needed.push_back(&other);
                add_chain(batch, other, known, needed);
            });
        look_up_trees(upsert, batch, needed);
        window.insert(window.end(), needed.begin(), needed.end());
        fresh = std::move(needed);
    }
}

// Puts trees behind those that they need. An explicit stack: chains can be as long as the call.
class Sorter {
public:
    // `window`: with the trees that others need; trees may join it.
    Sorter(UpsertCall& upsert, const Batch& batch, Trees& window) : upsert_(upsert), batch_(batch), window_(window) {}

    // The first trees of the window, and those that they need.
    Trees sort(std::size_t count) {
        for (std::size_t i = 0; i < count; i++)
            visit(*window_[i]);
        return std::move(sorted_);
    }

private:
    void visit(RecordTree& first) {
        Trees stack{&first};
        while (!stack.empty()) {
            RecordTree& tree = *stack.back();
            if (seen_.insert(&tree).second) {
                leave_circles(tree);
                Trees needed;
                for_each_needed(upsert_, tree, [&](RecordTree& other) {
                    if (!seen_.contains(&other)) needed.push_back(&other);
                });
                stack.insert(stack.end(), needed.rbegin(), needed.rend());
                continue;
            }
            stack.pop_back();
            if (placed_.insert(&tree).second) sorted_.push_back(&tree);
        }
    }

    bool waits(RecordTree* tree) const { return seen_.contains(tree) && !placed_.contains(tree); }

    // What a tree needs of one that waits for it may be had from another record of the same key.
    void leave_circles(RecordTree& tree) {
        for (Item* item : tree.items)
            for (Target& target : item->targets) {
                RecordTree* needed = needed_tree(*item, target);
                Item* other = needed != nullptr && waits(needed) ? next_twin(*target.in_call) : nullptr;
                if (other == nullptr) continue;
                target.in_call = other;
                join(*other->tree);
            }
    }

    void join(RecordTree& tree) {
        if (std::find(window_.begin(), window_.end(), &tree) != window_.end()) return;
        window_.push_back(&tree);
        look_up_trees(upsert_, batch_, {&window_.back(), 1});
        add_needed(upsert_, batch_, window_, {&tree});
    }

    Item* next_twin(const Item& item) const {
        for (Item* twin : batch_.twins(item.entity(), item.record->source, item.record->external_id)) {
            bool const open = twin->tree->state == RecordTree::State::open && !twin->tree->refused;
            if (open && twin->record->operation == core::Operation::upsert && !waits(twin->tree)) return twin;
        }
        return nullptr;
    }

    UpsertCall& upsert_;
    const Batch& batch_;
    Trees& window_;
    std::unordered_set<RecordTree*> seen_, placed_;
    Trees sorted_;
};

}  // namespace

void order_window(UpsertCall& upsert, const Batch& batch, std::vector<RecordTree*>& window) {
    auto const needs = [&](const RecordTree* tree) {
        bool needs = false;
        for_each_needed(upsert, *tree, [&](RecordTree&) { needs = true; });
        return needs;
    };
    if (std::none_of(window.begin(), window.end(), needs)) return;
    std::size_t const size = window.size();
    add_needed(upsert, batch, window, window);
    window = Sorter(upsert, batch, window).sort(size);
}

}  // namespace eryxon::pg
