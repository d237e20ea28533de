// The steps of a bulk call, in the order in which they are taken. Each works on sets of records.
#pragma once

#include "pg/server/spi.hpp"
#include "pg/upsert/upsert_call.hpp"

#include <map>
#include <span>
#include <vector>

namespace eryxon::pg {

inline constexpr std::string_view equals = " OPERATOR(pg_catalog.=) ";

// The arrays $2, $3 … as a table u with these columns and, if numbered, the row's number n, for a FROM clause. The
// parameter after the arrays is their length: a limit that the planner does not know makes it expect few rows, and so
// walk from u to the other table's index, never the other way round.
std::string unnested(const std::vector<std::string>& columns, bool numbered = true);

// Records by entity, in dependency order, each sorted by external key: the order of locks.
using ItemGroups = std::map<int, std::vector<Item*>>;
ItemGroups group_items(std::span<Item* const> items);
std::vector<Item*> items_of(std::span<RecordTree* const> trees);

// 1. Finds the rows by external key, without locks, and decides what each record asks for.
void look_up(UpsertCall& upsert, const ItemGroups& groups);
void decide(UpsertCall& upsert, Item& item);
// 2. Resolves references of all records that write, and locks what they refer to.
void resolve(UpsertCall& upsert, Batch& batch, const ItemGroups& groups);
// 3. Links records to rows without external key (option adopt).
void adopt(UpsertCall& upsert, const ItemGroups& groups);
// 4. Locks the rows that will change, looks at them again and applies the rules that need the old row.
void lock_rows(UpsertCall& upsert, const ItemGroups& groups);
// Makes sure that the parents of restored rows that name none are live, and locks them.
void check_kept_parents(UpsertCall& upsert, Batch& batch, const ItemGroups& groups);
// 5. Demands required fields where rows will be created.
void check_creation(UpsertCall& upsert, const ItemGroups& groups);
// Steps 2 to 5 in turn.
void prepare(UpsertCall& upsert, Batch& batch, const ItemGroups& groups);

// 6. What each tree touches, for the plan of waves. Sets Item::round.
std::vector<core::Claims> claims_of(UpsertCall& upsert, Batch& batch, std::span<RecordTree* const> trees);
// Divides the records of a tree into rounds, given the claims of each. What an earlier look at the database said of
// those in later rounds does not count.
void assign_rounds(const RecordTree& tree, std::vector<core::Claims> claims);
// 7. Writes the trees in chunks; a chunk that fails is halved until the bad records stand alone.
void apply_trees(UpsertCall& upsert, Batch& batch, std::span<RecordTree* const> trees);
// One chunk, without subtransaction, round by round: deletes, restores, updates, inserts, checks. one_by_one: a
// statement per record, to find out which one of a tree raises.
void write_trees(UpsertCall& upsert, Batch& batch, std::span<RecordTree* const> trees, bool one_by_one);

// Gives the defaults `next` of records of one entity, about to be created, their numbers.
void number_rows(UpsertCall& upsert, std::span<Item* const> items);
// Refuses cycles and parents of another group among rows of entities that refer to themselves.
void check_hierarchy(UpsertCall& upsert, std::span<RecordTree* const> trees);
// Live children that arrays left out are soft-deleted (option children = replace), for trees that remove first, or
// those that do not.
void remove_missing(UpsertCall& upsert, std::span<Item* const> parents, bool first);
// True if arrays leave out live children of the rows that were found.
bool has_missing(UpsertCall& upsert, const ItemGroups& groups);
// A live row that an array of the record might delete, directly or with its parent.
struct ReplacedRow {
    Item* item;
    const core::Entity* entity;
    std::string source;
    std::string external_id;
};
std::vector<ReplacedRow> replaced_rows(UpsertCall& upsert, std::span<Item* const> items_of_one_entity);
// Warns of sources that differ from known ones only in case.
void check_sources(UpsertCall& upsert, Batch& batch);

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

// Hash of a value by its type's own equality; 0 for null or a type without hash.
std::uint64_t column_hash(Oid type, Oid collation, Datum value, bool null);
std::uint64_t combine_hashes(std::uint64_t seed, std::uint64_t hash);

}  // namespace eryxon::pg
