// Statements through SPI: kept plans, parameters, rows.
#pragma once

#include "core/base/assert.hpp"
#include "core/base/uuid.hpp"
#include "pg/server/boundary.hpp"

#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

extern "C" {
#include "catalog/pg_type_d.h"
#include "executor/spi.h"
#include "utils/uuid.h"
}

namespace eryxon::pg {

// A statement's parameter.
struct Param {
    Oid type;
    Datum value = 0;
    bool null = false;

    static Param uuid(const core::Uuid& value);  // points to the argument
    static Param text(std::string_view value);   // palloc'd
    static Param boolean(bool value) { return {BOOLOID, BoolGetDatum(value)}; }
    static Param integer(std::int64_t value) { return {INT8OID, Int64GetDatum(value)}; }
    static Param none(Oid type) { return {type, 0, true}; }
};

// The length of some arrays, for unnested().
template <class Items>
Param length_param(const Items& items) {
    return Param::integer(static_cast<std::int64_t>(items.size()));
}

// One-dimensional arrays for unnest(), palloc'd in the current context.
Param uuid_array(std::span<const core::Uuid> values);
Param text_array(std::span<const std::string_view> values);

// A row of a result; lives until the callback that got it returns. A table may have been altered since the statement
// was thought of, so every value is read only if it has the type that is asked for; if not, the call ends with 55000.
class Row {
public:
    Row(TupleDesc descriptor, const Datum* values, const bool* nulls)
        : descriptor_(descriptor), values_(values), nulls_(nulls) {}

    int size() const { return descriptor_->natts; }
    bool is_null(int column) const {
        ERYXON_ASSERT(column >= 0 && column < descriptor_->natts);
        return nulls_[column];
    }
    // As a parameter, of the type that it has.
    Param param(int column) const { return {type(column), values_[column], nulls_[column]}; }
    // Of exactly this type; 0 if null.
    Datum datum(int column, Oid type) const;
    bool boolean(int column) const { return DatumGetBool(datum(column, BOOLOID)); }           // false if null
    std::int64_t integer(int column) const { return DatumGetInt64(datum(column, INT8OID)); }  // 0 if null
    Oid oid(int column) const { return DatumGetObjectId(datum(column, OIDOID)); }
    std::int64_t timestamp(int column) const { return DatumGetInt64(datum(column, TIMESTAMPTZOID)); }
    core::Uuid uuid(int column) const;        // of uuid or a domain over it; must not be null
    std::string_view text(int column) const;  // of text, varchar, char, json; empty if null

private:
    Oid type(int column) const { return TupleDescAttr(descriptor_, column)->atttypid; }

    TupleDesc descriptor_;
    const Datum* values_;
    const bool* nulls_;
};

// Runs the work with an SPI connection. An exception leaves the connection to the (sub)transaction's end.
template <class Work>
void with_spi(Work&& work) {
    call([] { SPI_connect(); });
    work();
    call([] { SPI_finish(); });
}

namespace detail {

SPITupleTable* execute(const std::string& sql, std::span<const Param> params, bool active_snapshot = false);
void free_rows(SPITupleTable* rows);
// Deforms the row into values_ and nulls_, which have room for all columns.
void deform(const SPITupleTable* rows, std::uint64_t row, Datum* values, bool* nulls);
// A snapshot of now as the active one, even where the transaction's own is older, and back.
void push_present_snapshot();
void pop_snapshot();

// Hands every row to the callback and frees them.
template <class OnRow>
void hand_over(SPITupleTable* rows, OnRow&& on_row) {
    std::vector<Datum> values(static_cast<std::size_t>(rows->tupdesc->natts));
    std::unique_ptr<bool[]> nulls(new bool[values.size()]);
    for (std::uint64_t i = 0; i < rows->numvals; i++) {
        deform(rows, i, values.data(), nulls.get());
        on_row(Row(rows->tupdesc, values.data(), nulls.get()));
    }
    free_rows(rows);
}

}  // namespace detail

// Executes the statement with a fresh snapshot and hands every row it returns to the callback. The plan is kept under
// the statement's text, so the text must name everything with its schema and hold no values.
template <class OnRow>
void execute(const std::string& sql, std::span<const Param> params, OnRow&& on_row) {
    SPITupleTable* rows = detail::execute(sql, params);
    if (rows != nullptr) detail::hand_over(rows, on_row);
}

template <class OnRow>
void execute(const std::string& sql, std::initializer_list<Param> params, OnRow&& on_row) {
    execute(sql, std::span<const Param>(params.begin(), params.size()), std::forward<OnRow>(on_row));
}

// Executes the statement and drops its rows; returns how many rows it touched.
std::uint64_t execute(const std::string& sql, std::span<const Param> params);
inline std::uint64_t execute(const std::string& sql, std::initializer_list<Param> params) {
    return execute(sql, std::span<const Param>(params.begin(), params.size()));
}

// What a statement returns of a row that it has written.
struct WrittenRow {
    core::Uuid id{};                        // zero for a null
    std::optional<std::int64_t> synced_at;  // TimestampTz
};

// Executes a statement that returns (id, synced_at) and appends what it returns to `rows`, up to their capacity. If it
// raises, `rows` has what it had written by then.
void execute_writing(const std::string& sql, std::span<const Param> params, std::vector<WrittenRow>& rows);

// The same for a query of what is there now, even where the transaction's own snapshot is older.
template <class OnRow>
void execute_now(const std::string& sql, std::span<const Param> params, OnRow&& on_row) {
    detail::push_present_snapshot();
    detail::hand_over(detail::execute(sql, params, true), on_row);
    detail::pop_snapshot();
}

// Forgets all kept plans, when relations have changed.
void forget_plans();

}  // namespace eryxon::pg
