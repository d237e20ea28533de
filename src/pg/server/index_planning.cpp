// Planning for look-ups by key: switches of the planner, and a hook that leaves it the best covered indexes.
#include "pg/server/index_planning.hpp"

#include <algorithm>

extern "C" {
#include "access/sysattr.h"
#include "jit/jit.h"
#include "nodes/pathnodes.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/plancat.h"
}

namespace eryxon::pg {

namespace {

int active = 0;
get_relation_info_hook_type previous_hook = nullptr;

// The relation's own column for a column that the statement names: a partition may number them otherwise.
AttrNumber own_column(const AppendRelInfo* parent, AttrNumber column) {
    if (parent == nullptr || column <= 0) return column;
    auto* variable = static_cast<Var*>(list_nth(parent->translated_vars, column - 1));
    if (variable == nullptr || !IsA(variable, Var)) return InvalidAttrNumber;
    return variable->varattno;
}

// The relation's columns in the statement's conditions, shifted as bitmaps of columns are.
Bitmapset* columns_in_conditions(PlannerInfo* root, RelOptInfo* relation) {
    const AppendRelInfo* parent = root->append_rel_array != nullptr ? root->append_rel_array[relation->relid] : nullptr;
    Bitmapset* named = nullptr;
    pull_varattnos(reinterpret_cast<Node*>(root->parse->jointree),
                   parent != nullptr ? parent->parent_relid : relation->relid, &named);
    Bitmapset* own = nullptr;
    for (int at = -1; (at = bms_next_member(named, at)) >= 0;) {
        AttrNumber const column = own_column(parent, static_cast<AttrNumber>(at + FirstLowInvalidHeapAttributeNumber));
        own = bms_add_member(own, column - FirstLowInvalidHeapAttributeNumber);
    }
    return own;
}

// How many leading key columns the conditions cover; a unique index that they cover wholly counts most.
int coverage(const IndexOptInfo* index, const Bitmapset* columns) {
    int covered = 0;
    while (covered < index->nkeycolumns && index->indexkeys[covered] != 0 &&
           bms_is_member(index->indexkeys[covered] - FirstLowInvalidHeapAttributeNumber, columns))
        covered++;
    Bitmapset* predicate = nullptr;
    pull_varattnos(reinterpret_cast<Node*>(index->indpred), index->rel->relid, &predicate);
    if (!bms_is_subset(predicate, columns)) return 0;
    return index->unique && covered == index->nkeycolumns ? INDEX_MAX_KEYS + 1 : covered;
}

void keep_best_indexes(PlannerInfo* root, RelOptInfo* relation) {
    Bitmapset* columns = columns_in_conditions(root, relation);
    int best = 0;
    ListCell* cell;
    foreach (cell, relation->indexlist)
        best = std::max(best, coverage(lfirst_node(IndexOptInfo, cell), columns));
    if (best == 0) return;
    foreach (cell, relation->indexlist)
        if (coverage(lfirst_node(IndexOptInfo, cell), columns) < best)
            relation->indexlist = foreach_delete_current(relation->indexlist, cell);
}

// What is known of a table may be older than its rows. Of a few rows by the tenant alone the planner would rather go
// through all of them for each record than look each one up.
void expect_many_rows(RelOptInfo* relation) {
    constexpr double rows = 1e6;
    constexpr BlockNumber pages = 20'000;
    relation->tuples = std::max(relation->tuples, rows);
    relation->pages = std::max(relation->pages, pages);
}

void on_relation_info(PlannerInfo* root, Oid oid, bool is_parent, RelOptInfo* relation) {
    if (previous_hook != nullptr) previous_hook(root, oid, is_parent, relation);
    if (active == 0) return;
    expect_many_rows(relation);
    keep_best_indexes(root, relation);
}

}  // namespace

IndexPlanning::IndexPlanning()
    : seqscan_(enable_seqscan), hashjoin_(enable_hashjoin), mergejoin_(enable_mergejoin), jit_(jit_enabled) {
    enable_seqscan = enable_hashjoin = enable_mergejoin = jit_enabled = false;
    active++;
}

IndexPlanning::~IndexPlanning() {
    enable_seqscan = seqscan_;
    enable_hashjoin = hashjoin_;
    enable_mergejoin = mergejoin_;
    jit_enabled = jit_;
    active--;
}

void register_planner_hook() {
    previous_hook = get_relation_info_hook;
    get_relation_info_hook = on_relation_info;
}

}  // namespace eryxon::pg
