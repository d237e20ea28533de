// Writing trees in chunks, each in one subtransaction; bisecting chunks that fail.
#include "pg/server/scratch.hpp"
#include "pg/server/settings.hpp"
#include "pg/server/subtransaction.hpp"
#include "pg/server/transition_spill.hpp"
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

// True if everything that the tree's references promised has been made, or is made in the same chunk.
bool dependencies_met(RecordTree& tree) {
    for (Item* item : tree.items)
        for (const Target& target : item->targets) {
            const RecordTree* other = target.in_call != nullptr ? target.in_call->tree : nullptr;
            if (other == nullptr || other == &tree || other->state == RecordTree::State::done) continue;
            if (other->state == RecordTree::State::open && other->chunk == tree.chunk && !other->faulty()) continue;
            item->fail(core::Code::fk_constraint, target.field->name + "_external_id",
                       "the record that it refers to was not written");
            return false;
        }
    return true;
}

// The trees that can still be written; the others are marked failed.
std::vector<RecordTree*> open_trees(UpsertCall& upsert, std::span<RecordTree* const> trees) {
    std::vector<RecordTree*> open;
    upsert.chunks++;
    for (RecordTree* tree : trees)
        tree->chunk = upsert.chunks;
    for (RecordTree* tree : trees) {
        if (tree->state != RecordTree::State::open) continue;
        if (tree->faulty() || !dependencies_met(*tree))
            tree->state = RecordTree::State::failed;
        else
            open.push_back(tree);
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
            item->went_before = false;
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

// Writes a tree that raised once more, record by record: now either all goes well, or it is known which one raises.
// False if the tree should be tried again.
bool retry_by_record(UpsertCall& upsert, Batch& batch, RecordTree& tree, const Error& first) {
    RecordTree* const trees[] = {&tree};
    std::optional<Error> error = first;
    bool again = false;
    try {
        forget_attempt(trees);
        if (tree.items.size() > 1) error = Subtransaction::run([&] { write_trees(upsert, batch, trees, true); });
        if (!error) {
            mark_done(trees);
            return true;
        }
        again = delete_children_first(upsert, tree, *error);
        if (!again) tree.root().faults.push_back(fault_of(upsert, tree, *error));
    } catch (const TreesFailed&) {
    }
    if (!again) tree.state = RecordTree::State::failed;
    upsert.writing = nullptr;
    return !again;
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

void apply_chunk(UpsertCall& upsert, Batch& batch, std::span<RecordTree* const> chunk);

void halve(UpsertCall& upsert, Batch& batch, std::span<RecordTree* const> trees) {
    std::size_t const half = trees.size() / 2;
    apply_chunk(upsert, batch, trees.first(half));
    apply_chunk(upsert, batch, trees.subspan(half));
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
void isolate_failed_row(UpsertCall& upsert, Batch& batch, std::span<RecordTree* const> trees,
                        const FailedStatement& failed) {
    RecordTree* const refused = failed.items[failed.written]->tree;
    std::set<const RecordTree*> later;
    for (const Item* item : std::span(failed.items).subspan(failed.written))
        later.insert(item->tree);
    std::vector<RecordTree*> before, behind;
    for (RecordTree* tree : trees)
        if (tree != refused) (later.contains(tree) ? behind : before).push_back(tree);
    apply_chunk(upsert, batch, before);
    apply_chunk(upsert, batch, {&refused, 1});
    std::size_t const size = 4 * before.size() + 8;
    for (std::size_t from = 0; from < behind.size(); from += size)
        apply_chunk(upsert, batch, std::span(behind).subspan(from, std::min(size, behind.size() - from)));
}

void split(UpsertCall& upsert, Batch& batch, std::span<RecordTree* const> trees) {
    std::optional<FailedStatement> const failed = std::exchange(upsert.failed_statement, std::nullopt);
    if (failed && are_independent(upsert, trees)) return isolate_failed_row(upsert, batch, trees, *failed);
    halve(upsert, batch, trees);
}

void apply_chunk(UpsertCall& upsert, Batch& batch, std::span<RecordTree* const> chunk) {
    while (true) {
        std::vector<RecordTree*> const trees = open_trees(upsert, chunk);
        if (trees.empty()) return;
        forget_attempt(trees);
        upsert.failed_statement.reset();
        std::optional<Error> error;
        try {
            error = Subtransaction::run([&] { write_trees(upsert, batch, trees, false); });
        } catch (const TreesFailed&) {
            continue;
        }
        if (!error) return mark_done(trees);
        retry_if_collided(upsert, trees, *error);
        if (trees.size() == 1) {
            if (retry_by_record(upsert, batch, *trees.front(), *error)) return;
            continue;
        }
        if (upsert.lock == TenantLock::shared) throw RetryCall{TenantLock::exclusive};
        return split(upsert, batch, trees);
    }
}

// Chunks whose transition tables may stay in memory until the transaction ends.
constexpr std::size_t most_chunks_in_memory = 10;

}  // namespace

void apply_trees(UpsertCall& upsert, Batch& batch, std::span<RecordTree* const> trees) {
    auto const chunk_size = static_cast<std::size_t>(settings().chunk_size);
    TransitionSpill const spill(trees.size() > most_chunks_in_memory * chunk_size);
    for (std::size_t from = 0; from < trees.size(); from += chunk_size) {
        check_interrupts();
        with_scratch(
            [&] { apply_chunk(upsert, batch, trees.subspan(from, std::min(chunk_size, trees.size() - from))); });
    }
}

}  // namespace eryxon::pg
