// What is told of a file many of whose values would be taken if it were read in another way.
#pragma once

#include "core/csv/csv_options.hpp"
#include "core/schema/schema.hpp"

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace eryxon::core {

class CsvFormatHints {
public:
    CsvFormatHints(const Entity& entity, const CsvOptions& options) : entity_(entity), options_(options) {}

    // Looks at a fault of a line.
    void look(const Fault& fault);
    // OTHER_DATES and OTHER_NUMBERS with the format that takes most of the values, if it takes a few; with two formats
    // if either takes as many.
    std::vector<Warning> warnings() const;

private:
    void look_at_date(std::string_view cell);
    void look_at_number(std::string_view cell);

    const Entity& entity_;
    const CsvOptions& options_;
    std::array<std::int64_t, 3> dates_{};  // by DateOrder
    std::int64_t numbers_ = 0;
};

}  // namespace eryxon::core
