// Writing one tree record by record, from top to bottom, each as if it were sent alone.
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
        if (upsert_.came_back.erase({&item.entity(), item.id}) == 0) return;
        item.came_back = true;
        item.faults.clear();
        decide(upsert_, item);
    }

    // What records that stand in a restored one restore by themselves need not come back with it.
    void look_up_below(const Item& item) {
        std::vector<Item*> below;
        for (Item* other : tree_.items)
            if (other->stands_in(item)) below.push_back(other);
        look_up(upsert_, group_items(below));
    }

    void write_array(Item& parent, const ChildArray& array) {
        std::vector<Item*> items;
        for (Item* item : children_[&parent])
            if (!array.records.empty() && item->record >= &array.records.front() &&
                item->record <= &array.records.back())
                items.push_back(item);
        if (tree_.removes_first) remove_left_out(parent, array);
        for (Item* item : items)
            visit(*item, items);
        if (!tree_.removes_first) remove_left_out(parent, array);
    }

    void remove_left_out(Item& parent, const ChildArray& array) {
        Item* const only[] = {&parent};
        upsert_.writing = &parent;
        if (upsert_.options.children == core::ChildrenStrategy::replace) remove_missing(upsert_, *array.children, only);
    }

    // Writes a record of an array after those that it needs.
    void visit(Item& item, const std::vector<Item*>& siblings) {
        if (!begun_.insert(&item).second) return;
        while (Item* needed = next_needed(item, siblings))
            visit(*needed, siblings);
        write(item);
    }

    // A record further down the array that makes a row which this one refers to.
    Item* next_needed(const Item& item, const std::vector<Item*>& siblings) {
        for (const core::ReferenceValue& sent : item.record->references) {
            if (sent.by != core::ReferenceValue::By::external_id || sent.field->reference->entity != item.entity().name)
                continue;
            auto const found = std::find_if(siblings.begin(), siblings.end(), [&](const Item* other) {
                return other->record->external_id == sent.text && other->record->source == sent.source &&
                       &other->entity() == &item.entity() && other->record->operation == core::Operation::upsert &&
                       !begun_.contains(other);
            });
            if (found == siblings.end()) continue;
            look_up_alone(**found);
            if ((*found)->plan == Plan::create || (*found)->plan == Plan::restore) return *found;
        }
        return nullptr;
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
    upsert.came_back.clear();
    for (Item* item : tree.items) {
        item->faults.clear();
        item->came_back = false;
    }
    TreeWriter(upsert, batch, tree).write(tree.root());
    check_hierarchy(upsert, trees);
    upsert.writing = nullptr;
}

}  // namespace eryxon::pg
