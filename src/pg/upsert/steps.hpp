// The steps of a bulk call, in the order in which they are taken. Each works on sets of records.
#pragma once

#include "pg/server/spi.hpp"
#include "pg/upsert/bulk.hpp"

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
using NodeGroups = std::map<int, std::vector<Node*>>;
NodeGroups group_nodes(std::span<Node* const> nodes);
std::vector<Node*> nodes_of(std::span<Unit* const> units);

// 1. Finds the rows by external key, without locks, and decides what each record asks for.
void look_up(Bulk& bulk, const NodeGroups& groups);
void decide(Bulk& bulk, Node& node);
// 2. Resolves references of all records that write, and locks what they refer to.
void resolve(Bulk& bulk, Batch& batch, const NodeGroups& groups);
// 3. Links records to rows without external key (option adopt).
void adopt(Bulk& bulk, const NodeGroups& groups);
// 4. Locks the rows that will change, looks at them again and applies the rules that need the old row.
void lock_rows(Bulk& bulk, const NodeGroups& groups);
// Makes sure that the parents of restored rows that name none are live, and locks them.
void check_kept_parents(Bulk& bulk, Batch& batch, const NodeGroups& groups);
// 5. Demands required fields where rows will be created.
void check_creation(Bulk& bulk, const NodeGroups& groups);
// Steps 2 to 5 in turn.
void prepare(Bulk& bulk, Batch& batch, const NodeGroups& groups);

// 6. What each unit touches, for the plan of waves. Sets Node::round.
std::vector<core::Claims> claims_of(Bulk& bulk, Batch& batch, std::span<Unit* const> units);
// Divides the records of a unit into rounds, given the claims of each. What an earlier look at the database said of
// those in later rounds does not count.
void assign_rounds(const Unit& unit, std::vector<core::Claims> claims);
// 7. Writes the units in chunks; a chunk that fails is halved until the bad records stand alone.
void apply_units(Bulk& bulk, Batch& batch, std::span<Unit* const> units);
// One chunk, without subtransaction, round by round: deletes, restores, updates, inserts, checks. one_by_one: a
// statement per record, to find out which one of a unit raises.
void write_units(Bulk& bulk, Batch& batch, std::span<Unit* const> units, bool one_by_one);

// Gives the defaults `next` of records of one entity, about to be created, their numbers.
void number_rows(Bulk& bulk, std::span<Node* const> nodes);
// Refuses cycles and parents of another group among rows of entities that refer to themselves.
void check_trees(Bulk& bulk, std::span<Unit* const> units);
// Live children that arrays left out are soft-deleted (option children = replace), for units that remove first, or
// those that do not.
void remove_missing(Bulk& bulk, std::span<Node* const> parents, bool first);
// True if arrays leave out live children of the rows that were found.
bool has_missing(Bulk& bulk, const NodeGroups& groups);
// A live row that an array of the record might delete, directly or with its parent.
struct ReplacedRow {
    Node* node;
    const core::Entity* entity;
    std::string source;
    std::string external_id;
};
std::vector<ReplacedRow> replaced_rows(Bulk& bulk, std::span<Node* const> nodes_of_one_entity);
// Warns of sources that differ from known ones only in case.
void check_sources(Bulk& bulk, Batch& batch);

// A server error as the fault of a record.
core::Fault fault_of(Bulk& bulk, const Unit& unit, const Error& error);
// True if the error is a collision on the external key: another session made the row meanwhile.
bool is_key_collision(const Bulk& bulk, const Error& error);
// True if a row that the unit wanted to create has been made by another session by now.
bool was_made_elsewhere(const Bulk& bulk, const Unit& unit);

// Values of the fields' columns before and after, for a diff.
using RowImages = std::map<const Node*, core::Json>;
RowImages read_images(Bulk& bulk, std::span<Unit* const> units);
void note_changes(Bulk& bulk, std::span<Unit* const> units, const RowImages& before);

// Hash of a value by its type's own equality; 0 for null or a type without hash.
std::uint64_t column_hash(Oid type, Oid collation, Datum value, bool null);
std::uint64_t combine_hashes(std::uint64_t seed, std::uint64_t hash);

}  // namespace eryxon::pg
