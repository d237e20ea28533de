// What each record of a window touches: keys, rows, values in unique indexes, numbers, arrays of children.
#pragma once

#include "core/record/access.hpp"
#include "pg/upsert/pipeline.hpp"
#include "pg/upsert/values.hpp"

#include <set>

namespace eryxon::pg {

// Reads the access sets of trees that have been prepared.
class AccessReader {
public:
    AccessReader(UpsertCall& upsert, const Batch& batch, std::span<RecordTree* const> window);

    // Empty if there is but one record, which nothing can be in the way of.
    core::AccessSet read(const RecordTree& tree);
    // True if a record of the window may delete or restore rows.
    bool comes_or_goes() const { return comes_or_goes_; }

private:
    using Touches = core::AccessSet;

    void add(const Item& item);
    void add_key(const Item& item);
    void add_rows(const Item& item);
    void add_cascade(const Item& item);
    void add_targets(const Item& item);
    void add_names(const Item& item);
    void add_unique(const Item& item);
    void add_unique_values(const Table& table, std::span<const std::uint64_t> hashes);
    std::vector<std::uint64_t> hashes_after(const Item& item, const Table& table);
    std::uint64_t value_hash(const Item& item, const core::Field& field, const core::Value& value);
    void add_natural_key(const Item& item);
    void add_numbers(const Item& item);
    void add_arrays(const Item& item);
    void add_returns(const Item& item);
    void touch(std::uint64_t token, core::Access access, bool nested = false);
    void touch_numbers(const core::Entity& entity, const core::Uuid& group, core::Access access);
    void touch_row(const core::Entity& entity, const core::Uuid& id, core::Access access, bool nested = true);

    UpsertCall& upsert_;
    const Batch& batch_;
    bool replaces_;
    bool comes_or_goes_;
    bool alone_;                              // one record
    bool spreads_;                            // rows come, go or move
    std::set<const core::Entity*> numbered_;  // entities with records in the window that draw numbers
    std::set<const core::Entity*> named_;     // entities that are referred to by name
    Cascades cascades_;
    Kin kin_;
    Touches touches_;  // of the tree at hand
    std::uint32_t place_ = 0;
};

// True if records of one tree get in each other's way.
bool is_entangled(const RecordTree& tree, core::AccessSet set);

}  // namespace eryxon::pg
