// Records that one statement writes.
#pragma once

#include "pg/upsert/pipeline.hpp"

namespace eryxon::pg {

struct RowSet {
    const core::Entity* entity;
    Plan plan;
    bool adopted;
    std::vector<std::uint16_t> fields;
    std::vector<Item*> items;
};

RowSet row_set(const UpsertCall& upsert, Item* item);
// The sets of one entity's records, in the order of their statements.
std::vector<RowSet> row_sets(UpsertCall& upsert, const std::vector<Item*>& items);

}  // namespace eryxon::pg
