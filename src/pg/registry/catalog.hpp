// What the catalog says of relations, columns, indexes and triggers.
#pragma once

#include "core/schema/schema.hpp"
#include "pg/registry/registry.hpp"

#include <vector>

namespace eryxon::pg {

bool relation_exists(Oid relation);
// True if the relation is a partition, at any depth, of the parent.
bool is_partition_of(Oid relation, Oid parent);
// The relation and all its partitions.
std::vector<Oid> relation_tree(Oid relation);
// The columns of a table's constraint; empty if it has none of that name.
std::vector<std::string> constraint_columns(Oid table, std::string_view name);
// The tables that hold the registry.
std::vector<Oid> registry_relations();
// Name, column types, unique indexes and triggers of an attached table.
Table read_table(Oid relation);
// Its columns, as core needs them.
std::vector<core::Column> read_columns(Oid relation);

}  // namespace eryxon::pg
