// The steps of a call, in the order in which they are taken. Each works on sets of records.
#pragma once

#include "pg/server/spi.hpp"
#include "pg/upsert/upsert_call.hpp"

#include <map>
#include <span>
#include <vector>

namespace eryxon::pg {

// The arrays $2, $3 … as a table u with these columns and, if numbered, the row's number n, for a FROM clause. The
// parameter after the arrays is their length: a limit that the planner does not know makes it expect few rows, and so
// walk from u to the other table's index, never the other way round.
std::string unnested(const std::vector<std::string>& columns, bool numbered = true);

// Records by entity, in dependency order, each sorted by external key: the order of locks.
using ItemGroups = std::map<int, std::vector<Item*>>;
ItemGroups group_items(std::span<Item* const> items);
std::vector<Item*> items_of(std::span<RecordTree* const> trees);

// 0. Refuses records that name a key under another parent than an earlier one of the call does.
void refuse_contradictions(UpsertCall& upsert);
// 1. Finds the rows by external key, without locks, and decides what each record asks for.
void look_up(UpsertCall& upsert, const ItemGroups& groups);
void decide(UpsertCall& upsert, Item& item);
// 2. Resolves references of all records that write, and locks what they refer to.
// A target may be a record of the call that is still to be written, unless `alone`.
void resolve(UpsertCall& upsert, const Batch& batch, const ItemGroups& groups, bool alone);
// 3. Links records to rows without external key (option adopt).
void adopt(UpsertCall& upsert, const ItemGroups& groups);
// 4. Locks the rows that will change, looks at them again and applies the rules that need the old row.
void lock_rows(UpsertCall& upsert, const ItemGroups& groups);
// Leaves the fields of started rows out that are the ERP's only before, and warns where they would change.
void keep_started(UpsertCall& upsert, const ItemGroups& groups);
// Makes sure that the parents of restored rows that name none are live, and locks them.
void check_kept_parents(UpsertCall& upsert, const Batch& batch, const ItemGroups& groups, bool alone);
// 5. Demands required fields where rows will be created.
void check_creation(UpsertCall& upsert, const ItemGroups& groups);
// Warns of rows that move to another parent, and refuses that once work on them has begun.
void check_moves(UpsertCall& upsert, const ItemGroups& groups);
// True if the record puts its live row under another parent than it has.
bool changes_parent(const Item& item);
// Steps 2 to 5 in turn. `alone`: all records before these have been written.
void prepare(UpsertCall& upsert, const Batch& batch, const ItemGroups& groups, bool alone = false);

// Steps 1 to 5 for trees, the first one only where what is known of their rows may not be true any more.
void look_up_trees(UpsertCall& upsert, const Batch& batch, std::span<RecordTree* const> trees);

// 6. Writes trees in the order in which they act, a chunk of them at a time: looks up a window of trees, and writes the
// first wave of it.
void write_batch(UpsertCall& upsert, Batch& batch, std::vector<RecordTree*> trees);

// The trees of a window in the order in which they act: input order, but for trees that forward references need
// first. Trees from behind the window join it.
void order_window(UpsertCall& upsert, const Batch& batch, std::vector<RecordTree*>& window);
// The trees at the front of an ordered window that are written together, because none of them gets in another's way.
struct Wave {
    std::vector<RecordTree*> trees;
    bool comes_or_goes = false;  // it may delete or restore rows
    bool by_record = false;      // one tree whose own records get in each other's way
};
Wave first_wave(UpsertCall& upsert, const Batch& batch, std::span<RecordTree* const> window);
// 7. Writes the trees of a wave; where that fails it is halved until the bad trees stand alone. A tree that refers to
// one that turned out to be bad stays open.
void write_wave(UpsertCall& upsert, Batch& batch, const Wave& wave);
// The same without subtransactions; whatever goes wrong is thrown, and then none of the records counts as written.
void write_wave_plainly(UpsertCall& upsert, Batch& batch, const Wave& wave);
// A wave set by set: deletes, inserts, restores, updates, checks. Without subtransaction.
void write_trees(UpsertCall& upsert, std::span<RecordTree* const> trees);
// A tree record by record, each as if it were sent alone: looked up, resolved, locked, written. Without subtransaction.
void write_by_record(UpsertCall& upsert, Batch& batch, RecordTree& tree);
// Writes the row of one record, which has been prepared.
void write_item(UpsertCall& upsert, Item& item);

// The reference to what a row stands under: the one that nested records inherit, else any parent; nullptr if there is
// none. Numbers by `next` are drawn among the rows under one parent, else in the tenant.
const core::Field* parent_field(const core::Entity& entity);
// The parent that the record's row is under after it was written.
core::Uuid group_of(const Item& item, const core::Field* group);
// Gives the defaults `next` of records of one entity, about to be created, their numbers.
void number_rows(UpsertCall& upsert, std::span<Item* const> items);
// Refuses cycles and parents of another group among rows of entities that refer to themselves.
void check_hierarchy(UpsertCall& upsert, std::span<RecordTree* const> trees);
// A live row below a record's row that the array which was sent leaves out.
struct MissingChild {
    Item* above;  // the record
    core::Uuid id;
    std::string external_id;
};
// Option children = replace: the live children of these records of one entity that their arrays leave out.
std::vector<MissingChild> missing_children(UpsertCall& upsert, const core::Entity::Children& spec,
                                           std::span<Item* const> items);
// Soft-deletes them, for trees that remove first, or those that do not.
void remove_missing(UpsertCall& upsert, std::span<Item* const> parents, bool first);
void remove_missing(UpsertCall& upsert, const core::Entity::Children& spec, std::span<Item* const> parents);
// True if arrays leave out live children of the rows that were found.
bool has_missing(UpsertCall& upsert, const ItemGroups& groups);
// True if the record is written and sent this array.
bool sends_array(const Item& item, const core::Entity::Children& spec);

// A row that goes, comes back or moves with a record's own.
struct CascadeRow {
    const core::Entity* entity;
    core::Uuid id;
    std::vector<std::uint64_t> unique_hashes{};  // as Item::old_hashes
};
using Cascades = std::map<const Item*, std::vector<CascadeRow>>;
// The rows that these records delete, restore or move beside their own, as far as records of the batch may touch them.
Cascades read_cascades(UpsertCall& upsert, const Batch& batch, std::span<Item* const> items);
// Rows of entities that refer to themselves which tell whether a record may put its row elsewhere: those above where it
// goes, and those below it.
using Kin = std::map<const Item*, std::vector<core::Uuid>>;
Kin read_kin(UpsertCall& upsert, std::span<Item* const> items);
// Warns of sources that differ from known ones only in case.
void check_sources(UpsertCall& upsert, Batch& batch);

// A row that holds a unique value.
struct Holder {
    core::Uuid id;
    std::string source, external_id;  // empty if it has no external key
    bool deleted;
};
// The record of the tree that a unique index kept from being written, and the index.
struct Clash {
    Item* item;
    const UniqueIndex* index;
};
std::optional<Clash> clash_of(const UpsertCall& upsert, const RecordTree& tree, const Error& error);
// The row that has the value which the record wants in the index, as far as the caller may see it. `returning`: also a
// deleted row that the index does not count, for it may come back while the tree is written.
std::optional<Holder> holder_of(UpsertCall& upsert, const Item& item, const UniqueIndex& index, bool returning = false);
// What becomes of a tree that was kept out by a value of a row which another record of the call is still to write.
enum class Turn : std::uint8_t {
    refused,
    again,  // its records act in another order
    later   // it stays open until the other tree was written, or has been written with that one
};
// True if there is such a record for this one of the tree.
bool may_wait(UpsertCall& upsert, const Batch& batch, const Item& item, const Error& error);
Turn wait_for_value(UpsertCall& upsert, Batch& batch, const RecordTree& tree, const Error& error);
// A server error as the fault of a record.
core::Fault fault_of(UpsertCall& upsert, const RecordTree& tree, const Error& error);
// True if the error is a collision on the external key: another session made the row meanwhile.
bool is_key_collision(const UpsertCall& upsert, const Error& error);
// True if a row that the tree wanted to create has been made by another session by now.
bool was_made_elsewhere(const UpsertCall& upsert, const RecordTree& tree);

// Values of the fields' columns before and after, for a diff.
using RowImages = std::map<const Item*, core::Json>;
RowImages read_images(UpsertCall& upsert, std::span<RecordTree* const> trees);
void note_changes(UpsertCall& upsert, std::span<RecordTree* const> trees, const RowImages& before);

// The columns of the table's unique indexes as an SQL list with alias t, each after a comma, and their hashes in a row.
std::string unique_column_list(const core::Entity& entity, const Table& table);
std::vector<std::uint64_t> unique_hashes(const Table& table, const Row& row, int first_column);

// Hash of a value by its type's own equality; 0 for null or a type without hash.
std::uint64_t column_hash(Oid type, Oid collation, Datum value, bool null);
std::uint64_t combine_hashes(std::uint64_t seed, std::uint64_t hash);

}  // namespace eryxon::pg
