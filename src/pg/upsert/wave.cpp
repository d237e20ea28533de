// Cutting a batch into waves: stretches of trees, in the order in which they act, none of which gets in another's way,
// so that they can be written set by set.
#include "pg/upsert/access_set.hpp"
#include "pg/upsert/pipeline.hpp"

#include <algorithm>

namespace eryxon::pg {

namespace {

class WaveBuilder {
public:
    WaveBuilder(UpsertCall& upsert, const Batch& batch, std::span<RecordTree* const> window)
        : upsert_(upsert), reader_(upsert, batch, window) {
        wave_.comes_or_goes = reader_.comes_or_goes();
    }

    // Adds the tree; false if it has to wait for the wave.
    bool add(RecordTree& tree) {
        if (wave_.by_record) return false;
        if (!tree.refused && !fits(tree)) return false;
        give_turns(tree);
        wave_.trees.push_back(&tree);
        return true;
    }

    Wave take() { return std::move(wave_); }

private:
    bool fits(RecordTree& tree) {
        if (waits_for_bad_tree(tree)) return false;
        core::AccessSet const set = reader_.read(tree);
        if (is_entangled(tree, set)) {
            if (!wave_.trees.empty()) return false;
            wave_.by_record = true;
            return true;
        }
        if (table_.collides_with(set)) return false;
        if (!tree.faulty()) table_.add(set);
        return true;
    }

    // True if a record refers to one of an earlier tree that will not be written: it has to look again then. Trees that
    // need each other in a circle are never written.
    bool waits_for_bad_tree(RecordTree& tree) {
        const RecordTree* sound = nullptr;  // the last one that was looked at
        for (Item* item : tree.items)
            for (const Target& target : item->targets) {
                const RecordTree* other = target.in_call != nullptr ? target.in_call->tree : nullptr;
                if (other == nullptr || other == &tree || other == sound) continue;
                bool const in_wave = target.in_call->turn > first_turn_;
                if (in_wave && other->faulty()) return true;
                if (in_wave) sound = other;
                if (!in_wave && item->faults.empty())
                    item->fail(core::Code::circular_reference, target.field->name + "_external_id",
                               core::Reason::own_ancestor, {{"entity", item->entity().singular}});
            }
        return false;
    }

    void give_turns(RecordTree& tree) {
        for (Item* item : tree.items)
            item->turn = ++upsert_.turns;
    }

    UpsertCall& upsert_;
    AccessReader reader_;
    core::AccessTable table_;
    std::uint32_t first_turn_ = upsert_.turns;
    Wave wave_;
};

}  // namespace

Wave first_wave(UpsertCall& upsert, const Batch& batch, std::span<RecordTree* const> window) {
    WaveBuilder builder(upsert, batch, window);
    for (RecordTree* tree : window)
        if (!builder.add(*tree)) break;
    return builder.take();
}

}  // namespace eryxon::pg
