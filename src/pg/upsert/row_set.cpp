// Dividing records into statements, and the order of these.
#include "pg/upsert/row_set.hpp"

#include "pg/upsert/values.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace eryxon::pg {

namespace {

// Deletions first: they may free what others want. New rows before changed ones: another session that makes a row which
// this one has merely locked is told so at once, while it would wait for one that this session has changed.
int rank(Plan plan) {
    switch (plan) {
        case Plan::remove:
            return 0;
        case Plan::create:
            return 1;
        case Plan::restore:
            return 2;
        default:
            return 3;
    }
}

bool earlier(const Item* a, const Item* b) {
    return a->turn < b->turn;
}

// Which of several INSERT statements of an entity writes a new row: rows that others refer to go first, or go together
// with them.
class Stages {
public:
    void add(const Item& item, const std::vector<std::uint16_t>& fields) {
        if (item.plan == Plan::create) rows_[&item] = {0, &fields, false};
    }

    // Puts rows behind those that they refer to; those in a circle stay somewhere. An explicit stack: chains can be as
    // long as the call.
    void settle() {
        if (rows_.size() < 2) return;
        for (auto& first : rows_) {
            std::vector<Entry*> stack{&first};
            while (!stack.empty()) {
                Entry& entry = *stack.back();
                if (!std::exchange(entry.second.seen, true)) {
                    for_each_needed(entry, [&](Entry& other) {
                        if (!other.second.seen) stack.push_back(&other);
                    });
                    continue;
                }
                stack.pop_back();
                for_each_needed(entry, [&](const Entry& other) { put_behind(entry.second, other.second); });
            }
        }
    }

    int of(const Item& item) const {
        auto const found = rows_.find(&item);
        return found == rows_.end() ? 0 : found->second.stage;
    }

private:
    struct NewRow {
        int stage = 0;
        const std::vector<std::uint16_t>* fields = nullptr;
        bool seen = false;
    };
    using Entry = std::pair<const Item* const, NewRow>;

    // Calls `visit` with each new row that this one refers to.
    template <class Visit>
    void for_each_needed(const Entry& entry, Visit visit) {
        for (const Target& target : entry.first->targets) {
            auto const other = target.in_call != nullptr ? rows_.find(target.in_call) : rows_.end();
            if (other != rows_.end() && other->first != entry.first) visit(*other);
        }
    }

    static void put_behind(NewRow& row, const NewRow& other) {
        bool const together = *other.fields == *row.fields;
        row.stage = std::max(row.stage, other.stage + (together ? 0 : 1));
    }

    std::map<const Item*, NewRow> rows_;
};

using SetKey = std::tuple<int, int, bool, std::vector<std::uint16_t>>;

}  // namespace

RowSet row_set(const UpsertCall& upsert, Item* item) {
    RowSet set{&item->entity(), item->plan, item->adopted, {}, {item}};
    if (item->plan != Plan::remove) set.fields = written_fields(upsert, *item);
    return set;
}

std::vector<RowSet> row_sets(UpsertCall& upsert, const std::vector<Item*>& items) {
    std::vector<RowSet> singles;
    for (Item* item : items)
        if (item->writes()) singles.push_back(row_set(upsert, item));
    Stages stages;
    for (const RowSet& single : singles)
        stages.add(*single.items.front(), single.fields);
    stages.settle();
    std::map<SetKey, RowSet> sets;
    std::vector<RowSet> list;
    for (const RowSet& single : singles) {
        Item* const item = single.items.front();
        SetKey key{rank(item->plan), stages.of(*item), item->adopted, single.fields};
        auto [at, added] = sets.try_emplace(std::move(key), single);
        if (!added) at->second.items.push_back(item);
    }
    for (auto& [key, set] : sets) {
        if (set.plan == Plan::remove) std::sort(set.items.begin(), set.items.end(), earlier);
        list.push_back(std::move(set));
    }
    return list;
}

}  // namespace eryxon::pg
