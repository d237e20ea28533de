// Records by the row that they stand for.
#pragma once

#include "pg/upsert/upsert_call.hpp"

#include <algorithm>
#include <span>
#include <tuple>
#include <vector>

namespace eryxon::pg {

class RowIndex {
public:
    explicit RowIndex(std::span<Item* const> items) : items_(items.begin(), items.end()) {
        std::stable_sort(items_.begin(), items_.end(), [](const Item* a, const Item* b) { return row(*a) < row(*b); });
    }

    // The records of that row.
    std::span<Item* const> find(const core::Entity& entity, const core::Uuid& id) const {
        auto const wanted = std::tie(entity.order, id);
        auto const first =
            std::partition_point(items_.begin(), items_.end(), [&](const Item* item) { return row(*item) < wanted; });
        auto const last =
            std::partition_point(first, items_.end(), [&](const Item* item) { return row(*item) == wanted; });
        return {first, last};
    }

private:
    static std::tuple<const int&, const core::Uuid&> row(const Item& item) {
        return std::tie(item.entity().order, item.id);
    }

    std::vector<Item*> items_;
};

}  // namespace eryxon::pg
