// Whose change a statement makes: an ERP's, when the engine writes its records, or the shop floor's.
#pragma once

#include "core/base/uuid.hpp"
#include "pg/server/prelude.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace eryxon::pg {

// While it lives, what the engine itself writes counts as changed by these sources. What triggers of others write in
// the course of it does not.
class ChangeSource {
public:
    using RunOf = std::function<core::Uuid(const std::string& entity)>;

    // `runs`, if any, gives the history row that an entity's changes will be counted in.
    explicit ChangeSource(std::vector<std::string_view> sources, RunOf runs = {});
    ~ChangeSource();
    ChangeSource(const ChangeSource&) = delete;
    ChangeSource& operator=(const ChangeSource&) = delete;

    // The source that changes a row of that external source; empty if it cannot be told.
    std::string_view of_row(std::string_view external_source) const;
    // The run that makes the change, if it is kept in history.
    std::optional<core::Uuid> run_of(const std::string& entity) const;

private:
    friend const ChangeSource* change_source();

    std::vector<std::string_view> sources_;
    RunOf runs_;
    const ChangeSource* outer_;
    int depth_;  // of triggers, where it was made
};

// For a trigger: the sources of the statement that fires it, nullptr if the shop floor makes the change.
const ChangeSource* change_source();

}  // namespace eryxon::pg
