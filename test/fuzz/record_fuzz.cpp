// Any JSON as a record of any entity of the shop: no crash, the same hash when read again, faults and warnings with
// valid paths and values.
#include "core/record/record.hpp"
#include "core/result/result.hpp"
#include "shop_schema.hpp"

#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>

using namespace eryxon;

namespace {

constexpr std::array<std::string_view, 5> entities = {"jobs", "parts", "operations", "cells", "resources"};
constexpr std::array<std::string_view, 5> all_options = {
    "{}", R"({"unknown_fields":"metadata"})", R"({"unknown_fields":"error"})", R"({"update_strategy":"replace"})",
    R"({"update_strategy":"replace","unknown_fields":"metadata","children":"replace"})"};

void demand(bool condition) {
    if (!condition) std::abort();
}

// Faults and warnings must be valid JSON when written, and stand under the record's path.
void check_reports(const core::Record& record, core::JsonArena& arena) {
    for (const auto* faults : {&record.faults, &record.creation_faults}) {
        demand(core::parse_json(core::details_text({faults->begin(), faults->end()}), arena).items().size() ==
               faults->size());
        for (const core::Fault& fault : *faults) {
            demand(fault.path.starts_with(record.path) || fault.path + '.' == record.path);
            demand(!fault.message.empty() && fault.value.size() < 2000);
        }
    }
    const std::string warnings =
        core::json_text(core::warnings_json({record.warnings.begin(), record.warnings.end()}, arena));
    demand(core::parse_json(warnings, arena).items().size() == record.warnings.size());
    for (const core::Warning& warning : record.warnings)
        demand(warning.path.starts_with(record.path));
}

// What must hold of every record, at any depth.
void check(const core::Record& record, core::JsonArena& arena) {
    demand(record.entity != nullptr);
    demand(record.hash.empty() || (record.hash.view().size() == 64 && record.has_key && record.faults.empty()));
    demand(record.operation == core::Operation::upsert || record.children.empty());
    for (const core::FieldValue& value : record.values)
        demand(value.field->mapped() && !value.field->reference);
    for (const core::ReferenceValue& reference : record.references)
        demand(reference.field->mapped() && reference.path.starts_with(reference.field->name));
    check_reports(record, arena);
    for (const auto& array : record.children)
        for (const core::Record& child : array.records)
            check(child, arena);
}

void demand_equal(const core::Record& a, const core::Record& b) {
    demand(a.hash == b.hash && a.has_key == b.has_key && a.faults.size() == b.faults.size() &&
           a.values.size() == b.values.size() && a.children.size() == b.children.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) return 0;
    const std::string_view entity = entities[data[0] % entities.size()];
    test::Reader reader(all_options[data[0] / entities.size() % all_options.size()]);
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    try {
        const core::Record record = reader.read(entity, text);
        check(record, reader.arena());
        demand_equal(record, reader.read(entity, text));
        std::string written;
        core::write_json(core::parse_json(text, reader.arena()), written);
        demand_equal(record, reader.read(entity, written));
    } catch (const core::CallError&) {
        // not JSON
    }
    return 0;
}
