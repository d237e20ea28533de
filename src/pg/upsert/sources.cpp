// Sources that equal a known one but for case: most likely a slip, which would make every row twice.
#include "core/base/sql_text.hpp"
#include "pg/upsert/pipeline.hpp"

#include <set>

namespace eryxon::pg {

namespace {

struct Source {
    std::string_view name;
    bool known = false;  // rows of this very source exist
    std::string other;   // the known source that differs only in case
};

// The batch's sources in input order; those of rows that were found are known.
std::vector<Source> sources_of(const Batch& batch) {
    std::vector<Source> sources;
    std::map<std::string_view, std::size_t> positions;
    for (const Item& item : batch.items) {
        if (!item.record->has_key || item.parent != nullptr) continue;
        auto [at, added] = positions.try_emplace(item.record->source, sources.size());
        if (added) sources.push_back({item.record->source, false, {}});
        sources[at->second].known |= item.found;
    }
    return sources;
}

// Walks the external-key index from source to source.
std::string statement(const Table& table) {
    return core::sql(
        R"(WITH RECURSIVE known(s) AS (
               (SELECT t.external_source FROM {table} AS t
                 WHERE t.tenant_id == $1 AND t.external_id IS NOT NULL AND t.external_source > ''::pg_catalog.text
                 ORDER BY t.external_source LIMIT 1)
                UNION ALL
               SELECT (SELECT t.external_source FROM {table} AS t
                        WHERE t.tenant_id == $1 AND t.external_id IS NOT NULL AND t.external_source > known.s
                        ORDER BY t.external_source LIMIT 1)
                 FROM known WHERE known.s IS NOT NULL)
           SELECT known.s FROM known WHERE pg_catalog.lower(known.s) == pg_catalog.lower($2))",
        {{"table", table.name}});
}

void look_for_known(UpsertCall& upsert, const Batch& batch, Source& source) {
    execute(statement(upsert.registry.table(*batch.entity)), {Param::uuid(upsert.tenant), Param::text(source.name)},
            [&](const Row& row) {
                if (row.text(0) == source.name)
                    source.known = true;
                else
                    source.other = row.text(0);
            });
}

std::string lower(std::string_view text) {
    std::string copy(text);
    for (char& c : copy)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return copy;
}

}  // namespace

void check_sources(UpsertCall& upsert, Batch& batch) {
    std::map<std::string_view, std::string> variants;
    std::map<std::string, std::string_view> earlier;
    for (Source& source : sources_of(batch)) {
        if (!source.known) look_for_known(upsert, batch, source);
        auto [at, first] = earlier.try_emplace(lower(source.name), source.name);
        if (!first && source.other.empty()) source.other = at->second;
        if (!source.known && !source.other.empty()) variants[source.name] = source.other;
    }
    if (variants.empty()) return;
    for (RecordTree& tree : batch.trees)
        if (auto variant = variants.find(tree.root().record->source); variant != variants.end())
            tree.known_source = variant->second;
}

}  // namespace eryxon::pg
