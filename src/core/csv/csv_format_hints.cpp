// What is told of a file many of whose values would be taken if it were read in another way.
#include "core/csv/csv_format_hints.hpp"

#include "core/csv/csv_heading.hpp"
#include "core/csv/csv_values.hpp"
#include "core/json/fault_reason.hpp"
#include "core/json/json_build.hpp"
#include "core/record/datetime.hpp"

#include <algorithm>

namespace eryxon::core {

namespace {

constexpr std::int64_t fewest_values = 3;
constexpr DateOrder orders[] = {DateOrder::day_first, DateOrder::month_first};

NumberFormat other_signs(NumberFormat format) {
    return format.decimal == ',' ? NumberFormat{'.', ','} : NumberFormat{',', '.'};
}

}  // namespace

void CsvFormatHints::look(const Fault& fault) {
    bool const date = fault.code == Code::date_format;
    bool const number = fault.code == Code::type_mismatch && is_number(kind_of(entity_, fault.path));
    if (!date && !number) return;
    JsonArena arena;
    Json const value = parse_json(fault.value, arena);
    if (date && value.is_string()) look_at_date(value.text());
    if (number && value.is_string()) look_at_number(value.text());
}

void CsvFormatHints::look_at_date(std::string_view cell) {
    for (DateOrder const order : orders) {
        std::string const date = order == options_.dates ? std::string() : iso_date(cell, order);
        if (!date.empty() && parse_datetime(with_24_hours(date))) dates_[static_cast<std::size_t>(order)]++;
    }
}

void CsvFormatHints::look_at_number(std::string_view cell) {
    numbers_ += !plain_number(cell, other_signs(options_.number)).empty();
}

std::vector<Warning> CsvFormatHints::warnings() const {
    std::vector<Warning> warnings;
    std::int64_t const most = std::max(*std::max_element(dates_.begin(), dates_.end()), fewest_values);
    for (DateOrder const order : orders)
        if (std::int64_t const lines = dates_[static_cast<std::size_t>(order)]; lines == most)
            warnings.push_back(make_warning("OTHER_DATES", "", Reason::other_dates,
                                            {{"value", date_order_name(order)}, {"lines", lines}}));
    char const decimal = other_signs(options_.number).decimal;
    if (numbers_ >= fewest_values)
        warnings.push_back(make_warning("OTHER_NUMBERS", "", Reason::other_numbers,
                                        {{"value", std::string_view(&decimal, 1)}, {"lines", numbers_}}));
    return warnings;
}

}  // namespace eryxon::core
