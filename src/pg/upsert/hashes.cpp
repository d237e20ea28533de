// Hashes of column values by their types' own equality, so that two spellings of one value meet.
#include "pg/upsert/pipeline.hpp"

#include <algorithm>

extern "C" {
#include "utils/typcache.h"
}

namespace eryxon::pg {

std::uint64_t column_hash(Oid type, Oid collation, Datum value, bool null) {
    if (null) return 0;
    return call([&]() -> std::uint64_t {
        TypeCacheEntry* entry = lookup_type_cache(type, TYPECACHE_HASH_EXTENDED_PROC_FINFO);
        if (!OidIsValid(entry->hash_extended_proc)) return 0;
        Datum const hash = FunctionCall2Coll(&entry->hash_extended_proc_finfo, collation, value, UInt64GetDatum(0));
        return DatumGetUInt64(hash) | 1;
    });
}

std::uint64_t combine_hashes(std::uint64_t seed, std::uint64_t hash) {
    std::uint64_t mixed = seed * 0x9E3779B97F4A7C15ULL + hash;
    mixed ^= mixed >> 32;
    return mixed * 0xD6E8FEB86659FD93ULL;
}

std::string unique_column_list(const core::Entity& entity, const Table& table) {
    std::string list;
    for (int number : table.unique_columns) {
        auto const column = std::find_if(entity.columns.begin(), entity.columns.end(),
                                         [number](const core::Column& one) { return one.number == number; });
        if (column == entity.columns.end()) throw std::logic_error("unknown column");
        list += ", t." + quoted(column->name);
    }
    return list;
}

std::vector<std::uint64_t> unique_hashes(const Table& table, const Row& row, int first_column) {
    std::vector<std::uint64_t> hashes;
    for (int number : table.unique_columns) {
        Oid const type = table.types.at(number);
        hashes.push_back(
            column_hash(type, table.collations.at(number), row.datum(first_column, type), row.is_null(first_column)));
        first_column++;
    }
    return hashes;
}

}  // namespace eryxon::pg
