// Writing waves, each in one subtransaction; halving waves that fail.
#include "pg/server/settings.hpp"
#include "pg/server/subtransaction.hpp"
#include "pg/upsert/parked_rows.hpp"
#include "pg/upsert/pipeline.hpp"

#include <algorithm>
#include <utility>

extern "C" {
#include "access/xact.h"
}

namespace eryxon::pg {

namespace {

// How often a call begins again because another session made a row that it wanted to make.
constexpr int max_retries = 5;

// True if everything that the tree refers to has been made, or is made in the same attempt.
bool dependencies_met(const RecordTree& tree) {
    const RecordTree* met = &tree;  // the last one that was looked at
    return std::all_of(tree.items.begin(), tree.items.end(), [&](const Item* item) {
        return std::all_of(item->targets.begin(), item->targets.end(), [&](const Target& target) {
            const RecordTree* other = target.in_call != nullptr ? target.in_call->tree : nullptr;
            if (other == nullptr || other == &tree || other == met) return true;
            met = other;
            if (other->state == RecordTree::State::done) return true;
            return other->state == RecordTree::State::open && other->attempt == tree.attempt && !other->faulty();
        });
    });
}

// The trees that can still be written. Faulty ones are marked failed; those that refer to a failed one stay open: they
// look again in the next wave.
std::vector<RecordTree*> open_trees(UpsertCall& upsert, std::span<RecordTree* const> trees) {
    std::vector<RecordTree*> open;
    upsert.attempts++;
    for (RecordTree* tree : trees) {
        if (tree->state != RecordTree::State::open) continue;
        tree->attempt = upsert.attempts;
        if (tree->faulty()) {
            tree->state = RecordTree::State::failed;
        } else if (dependencies_met(*tree)) {
            open.push_back(tree);
        } else {
            tree->attempt = 0;
        }
    }
    return open;
}

void mark_done(std::span<RecordTree* const> trees) {
    for (RecordTree* tree : trees)
        tree->state = RecordTree::State::done;
}

// Forgets what an attempt that was rolled back has noted.
void forget_attempt(std::span<RecordTree* const> trees) {
    for (RecordTree* tree : trees) {
        tree->removed.clear();
        for (Item* item : tree->items) {
            item->deleted_by_cascade = false;
            if (item->warnings.empty()) continue;
            std::erase_if(item->warnings.items(),
                          [](const core::Warning& warning) { return warning.code == "KEPT_STARTED"; });
        }
    }
}

// A child that its array left out may hold a value that another one wants: then it goes first.
bool delete_children_first(const UpsertCall& upsert, RecordTree& tree, const Error& error) {
    bool const helps = upsert.options.children == core::ChildrenStrategy::replace && !tree.removes_first &&
                       error.is(ERRCODE_UNIQUE_VIOLATION) && tree.items.size() > 1;
    tree.removes_first |= helps;
    return helps;
}

// True if another session made a row of these trees meanwhile. Some other unique index may have noticed first.
bool collided(const UpsertCall& upsert, std::span<RecordTree* const> trees, const Error& error) {
    if (!error.is(ERRCODE_UNIQUE_VIOLATION)) return false;
    return is_key_collision(upsert, error) || (trees.size() == 1 && was_made_elsewhere(upsert, *trees.front()));
}

// A row that another session made meanwhile: look again. Where the snapshot stays the same that cannot help.
void retry_if_collided(UpsertCall& upsert, std::span<RecordTree* const> trees, const Error& error) {
    if (!collided(upsert, trees, error)) return;
    if (IsolationUsesXactSnapshot())
        call([] {
            ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
                            errmsg("could not serialize access due to concurrent update")));
        });
    if (upsert.retries < max_retries) throw RetryCall{upsert.lock};
}

// Writes a tree record by record; the error, if it raised one.
std::optional<Error> try_by_record(UpsertCall& upsert, Batch& batch, RecordTree& tree) {
    RecordTree* const trees[] = {&tree};
    forget_attempt(trees);
    std::optional<Error> error = Subtransaction::run([&] {
        ParkedRows const parked(upsert, upsert.parked);
        write_by_record(upsert, batch, tree);
        parked.require_rewritten();
    });
    if (error) retry_if_collided(upsert, trees, *error);
    return error;
}

// Writes a tree record by record as long as it helps to let its records act in another order. True if it is to be
// written later; false if that is settled.
bool write_in_some_order(UpsertCall& upsert, Batch& batch, RecordTree& tree) {
    std::optional<Error> error = try_by_record(upsert, batch, tree);
    while (error) {
        Turn const turn =
            delete_children_first(upsert, tree, *error) ? Turn::again : wait_for_value(upsert, batch, tree, *error);
        if (turn == Turn::later) {
            tree.removes_first = false;  // it did not help
            return true;
        }
        if (turn == Turn::refused) {
            tree.root().faults.push_back(fault_of(upsert, tree, *error));
            return false;
        }
        std::optional<Error> const before = std::move(error);
        try {
            error = try_by_record(upsert, batch, tree);
        } catch (const StillParked&) {
            tree.root().faults.push_back(fault_of(upsert, tree, *before));
            return false;
        }
    }
    tree.state = RecordTree::State::done;
    return false;
}

// Writes a tree record by record: its records get in each other's way, or one of them raises, and then it is known
// which one.
void write_alone(UpsertCall& upsert, Batch& batch, RecordTree& tree) {
    tree.state = RecordTree::State::failed;
    try {
        bool const later = write_in_some_order(upsert, batch, tree);
        if (later && tree.state == RecordTree::State::failed) tree.state = RecordTree::State::open;
    } catch (const TreesFailed&) {
    }
    upsert.writing = nullptr;
    upsert.parked.clear();
}

// A tree that raised: one record raises again, of several it has to be found out which one does.
void write_failed(UpsertCall& upsert, Batch& batch, RecordTree& tree, const Error& error) {
    if (tree.items.size() > 1) return write_alone(upsert, batch, tree);
    if (wait_for_value(upsert, batch, tree, error) == Turn::later) return;
    tree.root().faults.push_back(fault_of(upsert, tree, error));
    tree.state = RecordTree::State::failed;
}

// These write trees in their order as far as one that waits for a tree which is none of them: true if there was none.
bool write_together(UpsertCall& upsert, Batch& batch, std::span<RecordTree* const> wave);

bool halve(UpsertCall& upsert, Batch& batch, std::span<RecordTree* const> trees) {
    std::size_t const half = trees.size() / 2;
    return write_together(upsert, batch, trees.first(half)) && write_together(upsert, batch, trees.subspan(half));
}

// True if it makes no difference which of these trees is written first.
bool are_independent(const UpsertCall& upsert, std::span<RecordTree* const> trees) {
    if (upsert.options.children == core::ChildrenStrategy::replace) return false;
    auto const depends = [](const Item* item) {
        return !item->numbered.empty() || item->plan == Plan::remove || item->plan == Plan::restore ||
               std::any_of(item->targets.begin(), item->targets.end(), [&](const Target& target) {
                   return target.in_call != nullptr && target.in_call->tree != item->tree;
               });
    };
    return std::all_of(trees.begin(), trees.end(), [&](const RecordTree* tree) {
        return std::none_of(tree->items.begin(), tree->items.end(), depends);
    });
}

// Writes the trees that were written before the refused row again, then its tree alone, then the others, so many at a
// time as may be expected to go well.
bool isolate_failed_row(UpsertCall& upsert, Batch& batch, std::span<RecordTree* const> trees,
                        const FailedStatement& failed) {
    RecordTree* const refused = failed.items[failed.written]->tree;
    std::set<const RecordTree*> later;
    for (const Item* item : std::span(failed.items).subspan(failed.written))
        later.insert(item->tree);
    std::vector<RecordTree*> before, behind;
    for (RecordTree* tree : trees)
        if (tree != refused) (later.contains(tree) ? behind : before).push_back(tree);
    if (!write_together(upsert, batch, before) || !write_together(upsert, batch, {&refused, 1})) return false;
    std::size_t const size = 4 * before.size() + 8;
    for (std::size_t from = 0; from < behind.size(); from += size)
        if (!write_together(upsert, batch, std::span(behind).subspan(from, std::min(size, behind.size() - from))))
            return false;
    return true;
}

bool split(UpsertCall& upsert, Batch& batch, std::span<RecordTree* const> trees,
           const std::optional<FailedStatement>& failed) {
    if (failed && are_independent(upsert, trees)) return isolate_failed_row(upsert, batch, trees, *failed);
    return halve(upsert, batch, trees);
}

// The tree that raised, if it will wait for another one; then nothing behind it may be written before that.
RecordTree* find_waiting(UpsertCall& upsert, const Batch& batch, const std::optional<FailedStatement>& failed,
                         const Error& error) {
    if (!failed) return nullptr;
    const Item& item = *failed->items[failed->written];
    return may_wait(upsert, batch, item, error) ? item.tree : nullptr;
}

bool write_together(UpsertCall& upsert, Batch& batch, std::span<RecordTree* const> wave) {
    bool whole = true;
    while (true) {
        std::vector<RecordTree*> const trees = open_trees(upsert, wave);
        if (trees.empty()) return whole;
        forget_attempt(trees);
        upsert.failed_statement.reset();
        std::optional<Error> error;
        try {
            error = Subtransaction::run([&] { write_trees(upsert, trees); });
        } catch (const TreesFailed&) {
            continue;
        }
        if (!error) {
            mark_done(trees);
            return whole;
        }
        retry_if_collided(upsert, trees, *error);
        if (trees.size() == 1) {
            write_failed(upsert, batch, *trees.front(), *error);
            return whole && trees.front()->state != RecordTree::State::open;
        }
        if (upsert.lock == TenantLock::shared) throw RetryCall{TenantLock::exclusive};
        std::optional<FailedStatement> const failed = std::exchange(upsert.failed_statement, std::nullopt);
        RecordTree* const waiting = find_waiting(upsert, batch, failed, *error);
        if (waiting == nullptr) return split(upsert, batch, trees, failed) && whole;
        if (waiting == trees.front()) {
            if (!write_together(upsert, batch, {&trees.front(), 1})) return false;
        } else {
            wave = wave.first(static_cast<std::size_t>(std::find(wave.begin(), wave.end(), waiting) - wave.begin()));
            whole = false;
        }
    }
}

// Forward references may make a wave longer than a chunk. Ends where the work says so.
template <class Work>
void for_each_chunk(const Wave& wave, Work work) {
    auto const size = static_cast<std::size_t>(settings().chunk_size);
    std::span<RecordTree* const> const trees = wave.trees;
    for (std::size_t from = 0; from < trees.size(); from += size)
        if (!work(trees.subspan(from, std::min(size, trees.size() - from)))) return;
}

}  // namespace

void write_wave_plainly(UpsertCall& upsert, Batch& batch, const Wave& wave) {
    if (wave.by_record) {
        forget_attempt(wave.trees);
        write_by_record(upsert, batch, *wave.trees.front());
        return mark_done(wave.trees);
    }
    for_each_chunk(wave, [&](std::span<RecordTree* const> chunk) {
        std::vector<RecordTree*> const trees = open_trees(upsert, chunk);
        if (trees.empty()) return true;
        forget_attempt(trees);
        write_trees(upsert, trees);
        mark_done(trees);
        return true;
    });
}

void write_wave(UpsertCall& upsert, Batch& batch, const Wave& wave) {
    if (wave.by_record) return write_alone(upsert, batch, *wave.trees.front());
    for_each_chunk(wave, [&](std::span<RecordTree* const> chunk) { return write_together(upsert, batch, chunk); });
}

}  // namespace eryxon::pg
