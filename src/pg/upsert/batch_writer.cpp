// Writing the trees of a batch: window by window, of each window the first wave.
#include "pg/events/transition_spill.hpp"
#include "pg/server/debug_point.hpp"
#include "pg/server/settings.hpp"
#include "pg/server/subtransaction.hpp"
#include "pg/server/temporary_context.hpp"
#include "pg/upsert/pipeline.hpp"

#include <algorithm>
#include <tuple>

namespace eryxon::pg {

namespace {

// Chunks whose transition tables may stay in memory until the transaction ends.
constexpr std::size_t most_chunks_in_memory = 10;

// The keys that occur in several trees, and whether a record of that key writes.
using Keys = std::map<std::tuple<const core::Entity*, std::string_view, std::string_view>, bool>;

// Adds the repeated keys of the tree; false if one is there already and a record of it writes.
bool add_keys(const RecordTree& tree, Keys& keys) {
    Keys own;
    for (const Item* item : tree.items)
        if (item->repeated)
            own[{&item->entity(), item->record->source, item->record->external_id}] |= item->plan != Plan::skip;
    bool const fits = std::none_of(own.begin(), own.end(), [&](const auto& key) {
        auto const other = keys.find(key.first);
        return other != keys.end() && (other->second || key.second);
    });
    keys.merge(own);
    return fits;
}

// Shortens the window to the trees before one that certainly waits for them: it repeats a key of theirs.
bool cut_at_repetition(std::vector<RecordTree*>& window) {
    Keys keys;
    for (std::size_t i = 0; i < window.size(); i++) {
        if (add_keys(*window[i], keys)) continue;
        window.resize(i);
        return true;
    }
    return false;
}

// Records that wait for others, or whose rows come or go, touch rows that no order of keys covers.
void require_order(const UpsertCall& upsert, bool in_order) {
    if (upsert.lock == TenantLock::shared && !in_order) throw RetryCall{TenantLock::exclusive};
}

// Takes the trees of a batch that are to be written in windows, and of each what makes a wave.
class BatchWriter {
public:
    BatchWriter(UpsertCall& upsert, Batch& batch, std::vector<RecordTree*> trees)
        : upsert_(upsert), batch_(batch), trees_(std::move(trees)) {}

    void write() {
        TransitionSpill const spill(trees_.size() > most_chunks_in_memory * most_);
        for (skip_written(); next_ < trees_.size(); skip_written()) {
            if (in_sequence_ && run_ > 1)
                write_run();
            else
                write_carefully();
        }
    }

private:
    using WriteWave = void (*)(UpsertCall&, Batch&, const Wave&);

    // Writes a wave that may contain records which raise.
    void write_carefully() {
        write_window(write_wave);
        written_.clear();
        run_ = std::max<std::size_t>(run_, 2);
    }

    // Writes many small waves in one subtransaction, which is given up for a shorter one if a record raises: a row that
    // is locked in one subtransaction and changed in another is slow to find again.
    void write_run() {
        std::vector<RecordTree*> const trees = next_trees(run_);
        std::size_t const first = next_;
        bool failed = true;
        try {
            failed = Subtransaction::run([&] {
                         for (; std::any_of(trees.begin(), trees.end(), is_open); skip_written())
                             write_window(write_wave_plainly);
                     }).has_value();
        } catch (const TreesFailed&) {
            upsert_.writing = nullptr;
        }
        if (failed) undo(first);
        written_.clear();
        run_ = failed ? run_ / 2 : std::min(2 * run_, most_);
    }

    static bool is_open(const RecordTree* tree) { return tree->state == RecordTree::State::open; }

    // Nothing of the run was written.
    void undo(std::size_t first) {
        for (RecordTree* tree : written_) {
            tree->state = RecordTree::State::open;
            tree->removed.clear();
            tree->changes.clear();
        }
        next_ = first;
        width_ = 1;
    }

    // Writes the first wave of a window. Waves that end early tell how far the next window should reach.
    void write_window(WriteWave write) {
        check_interrupts();
        with_temporary_context([&] { write_some(write); });
    }

    void write_some(WriteWave write) {
        std::vector<RecordTree*> window = next_trees(width_);
        bool const cut = cut_at_repetition(window);
        look_up_trees(upsert_, batch_, window);
        order_window(upsert_, batch_, window);
        Wave const wave = first_wave(upsert_, batch_, window);
        bool const whole = wave.trees.size() == window.size();
        bool const orderly = whole && !cut && !wave.comes_or_goes && !wave.by_record;
        require_order(upsert_, orderly);
        stale_ |= !orderly;
        in_sequence_ = !whole || cut || wave.by_record;
        written_.insert(written_.end(), wave.trees.begin(), wave.trees.end());
        write_and_compare(write, wave);
        width_ = whole ? std::min(2 * width_, most_) : std::max<std::size_t>(wave.trees.size(), 1);
    }

    void write_and_compare(WriteWave write, const Wave& wave) {
        RowImages const before = upsert_.shows_changes() ? read_images(upsert_, wave.trees) : RowImages();
        debug_point(DebugPoint::prepared);
        write(upsert_, batch_, wave);
        debug_point(DebugPoint::written);
        if (upsert_.shows_changes()) note_changes(upsert_, wave.trees, before);
        for (const RecordTree* tree : wave.trees)
            release(*tree);
    }

    // The next open trees, so many at most.
    std::vector<RecordTree*> next_trees(std::size_t most) {
        std::vector<RecordTree*> trees;
        for (std::size_t at = next_; at < trees_.size() && trees.size() < most; at++) {
            if (!is_open(trees_[at])) continue;
            if (stale_ || trees_[at]->has_repeated()) trees_[at]->looked_up = false;
            trees.push_back(trees_[at]);
        }
        return trees;
    }

    void skip_written() {
        while (next_ < trees_.size() && trees_[next_]->state != RecordTree::State::open)
            next_++;
    }

    // Gives back what only writing needed.
    static void release(const RecordTree& tree) {
        if (tree.state != RecordTree::State::done) return;
        for (Item* item : tree.items) {
            std::vector<Target>().swap(item->targets);
            item->old_hashes.clear();
            item->old_parents.clear();
            item->numbered.clear();
        }
    }

    UpsertCall& upsert_;
    Batch& batch_;
    std::vector<RecordTree*> trees_;
    std::size_t next_ = 0;  // the first one that may be open
    std::size_t most_ = static_cast<std::size_t>(settings().chunk_size);
    std::size_t width_ = most_;
    std::size_t run_ = most_;             // trees that one subtransaction is tried with
    bool in_sequence_ = false;            // records get in each other's way here
    bool stale_ = false;                  // rows may differ from what was looked up for the whole batch
    std::vector<RecordTree*> written_{};  // by the run at hand
};

}  // namespace

void write_batch(UpsertCall& upsert, Batch& batch, std::vector<RecordTree*> trees) {
    BatchWriter(upsert, batch, std::move(trees)).write();
}

}  // namespace eryxon::pg
