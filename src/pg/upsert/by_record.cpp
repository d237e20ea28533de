// Writing one tree record by record, from top to bottom, each as if it were sent alone.
#include "pg/server/boundary.hpp"
#include "pg/upsert/pipeline.hpp"

#include <algorithm>
#include <set>

namespace eryxon::pg {

namespace {

using ChildArray = core::Record::ChildArray;

class TreeWriter {
public:
    TreeWriter(UpsertCall& upsert, Batch& batch, const RecordTree& tree) : upsert_(upsert), batch_(batch), tree_(tree) {
        for (Item* item : tree.items)
            if (item->parent != nullptr) children_[item->parent].push_back(item);
    }

    // Writes the record and then its arrays, one after the other.
    void write(Item& item) {
        check_interrupts();
        look_up_alone(item);
        if (item.record->operation == core::Operation::upsert) note_return(item);
        if (item.plan == Plan::restore) look_up_below(item);
        prepare(upsert_, batch_, group(item), true);
        if (!item.faults.empty()) throw TreesFailed{};
        upsert_.writing = &item;
        write_item(upsert_, item);
        if (item.record->operation == core::Operation::remove) return;
        for (const ChildArray& array : item.record->children)
            write_array(item, array);
    }

private:
    static ItemGroups group(Item& item) {
        Item* const only[] = {&item};
        return group_items(only);
    }

    void look_up_alone(Item& item) { look_up(upsert_, group(item)); }

    // A row that was soft-deleted and that an earlier record of the tree brought back counts as restored, once.
    void note_return(Item& item) {
        if (upsert_.revived.erase({&item.entity(), item.id}) == 0) return;
        item.revived = true;
        item.faults.clear();
        decide(upsert_, item);
    }

    // What records that stand in a restored one restore by themselves need not come back with it.
    void look_up_below(const Item& item) {
        std::vector<Item*> below;
        add_children(item, below);
        for (std::size_t i = 0; i < below.size(); i++)
            add_children(*below[i], below);
        look_up(upsert_, group_items(below));
    }

    void add_children(const Item& item, std::vector<Item*>& items) const {
        if (auto const found = children_.find(&item); found != children_.end())
            items.insert(items.end(), found->second.begin(), found->second.end());
    }

    static bool stands_in(const Item& item, const ChildArray& array) {
        return !array.records.empty() && item.record >= &array.records.front() && item.record <= &array.records.back();
    }

    void write_array(Item& parent, const ChildArray& array) {
        std::vector<Item*> items;
        add_children(parent, items);
        std::erase_if(items, [&](const Item* item) { return !stands_in(*item, array); });
        if (tree_.removes_first) remove_left_out(parent, array);
        for (Item* item : items)
            write_in_order(*item, array);
        if (!tree_.removes_first) remove_left_out(parent, array);
    }

    void remove_left_out(Item& parent, const ChildArray& array) {
        Item* const only[] = {&parent};
        upsert_.writing = &parent;
        if (upsert_.options.children == core::ChildrenStrategy::replace) remove_missing(upsert_, *array.children, only);
    }

    // Writes a record of an array after those that it needs. An explicit stack: chains can be as long as the array.
    void write_in_order(Item& item, const ChildArray& array) {
        if (!begun_.insert(&item).second) return;
        std::vector<Item*> waiting{&item};
        while (!waiting.empty()) {
            Item& last = *waiting.back();
            if (Item* needed = next_needed(last, array)) {
                begun_.insert(needed);
                waiting.push_back(needed);
                continue;
            }
            waiting.pop_back();
            write(last);
        }
    }

    // A record further down the array that has a value which this one wants, or makes a row which it refers to.
    Item* next_needed(const Item& item, const ChildArray& array) {
        auto const [from, to] = upsert_.waits.equal_range(&item);
        for (auto wait = from; wait != to; ++wait)
            if (stands_in(*wait->second, array) && !begun_.contains(wait->second)) return wait->second;
        for (const core::ReferenceValue& sent : item.record->references) {
            if (sent.by != core::ReferenceValue::By::external_id || sent.field->reference->entity != item.entity().name)
                continue;
            Item* const found = find_open(item, array, sent);
            if (found == nullptr) continue;
            look_up_alone(*found);
            if (found->plan == Plan::create || found->plan == Plan::restore) return found;
        }
        return nullptr;
    }

    // The first record of the array that has this key and has not begun.
    Item* find_open(const Item& item, const ChildArray& array, const core::ReferenceValue& sent) const {
        auto const twins = batch_.twins(item.entity(), sent.source, sent.text);
        auto const found = std::find_if(twins.begin(), twins.end(), [&](const Item* other) {
            return other->parent == item.parent && stands_in(*other, array) &&
                   other->record->operation == core::Operation::upsert && !begun_.contains(other);
        });
        return found == twins.end() ? nullptr : *found;
    }

    UpsertCall& upsert_;
    Batch& batch_;
    const RecordTree& tree_;
    std::map<const Item*, std::vector<Item*>> children_;
    std::set<const Item*> begun_;
};

}  // namespace

void write_by_record(UpsertCall& upsert, Batch& batch, RecordTree& tree) {
    RecordTree* const trees[] = {&tree};
    upsert.revived.clear();
    for (Item* item : tree.items) {
        item->faults.clear();
        item->revived = false;
    }
    TreeWriter(upsert, batch, tree).write(tree.root());
    check_hierarchy(upsert, trees);
    upsert.writing = nullptr;
}

}  // namespace eryxon::pg
