// Whose change a statement makes.
#include "pg/events/change_source.hpp"

#include "pg/server/boundary.hpp"

#include <algorithm>

extern "C" {
#include "utils/fmgrprotos.h"
}

namespace eryxon::pg {

namespace {

const ChangeSource* current = nullptr;

// How many triggers run within each other.
int trigger_depth() {
    return call([] { return DatumGetInt32(DirectFunctionCall1(pg_trigger_depth, 0)); });
}

}  // namespace

ChangeSource::ChangeSource(std::vector<std::string_view> sources, RunOf runs)
    : sources_(std::move(sources)), runs_(std::move(runs)), outer_(current), depth_(trigger_depth()) {
    current = this;
}

ChangeSource::~ChangeSource() {
    current = outer_;
}

std::string_view ChangeSource::of_row(std::string_view external_source) const {
    if (sources_.size() == 1) return sources_.front();
    return std::find(sources_.begin(), sources_.end(), external_source) == sources_.end() ? std::string_view()
                                                                                          : external_source;
}

std::optional<core::Uuid> ChangeSource::run_of(const std::string& entity) const {
    return runs_ ? std::optional(runs_(entity)) : std::nullopt;
}

const ChangeSource* change_source() {
    return current != nullptr && current->depth_ + 1 == trigger_depth() ? current : nullptr;
}

}  // namespace eryxon::pg
