// Importing CSV files.
#include "pg/csv/csv_import.hpp"

#include "core/csv/csv_dos.hpp"
#include "core/csv/csv_format_hints.hpp"
#include "core/csv/csv_inspect.hpp"
#include "core/csv/csv_values.hpp"
#include "core/json/json_build.hpp"
#include "pg/csv/csv_file.hpp"
#include "pg/csv/rejected_lines.hpp"
#include "pg/registry/caller.hpp"
#include "pg/upsert/upsert_session.hpp"

#include <algorithm>

namespace eryxon::pg {

namespace {

// Says of lines with the same key that another one has it: the first one, of that one itself the second.
void mark_repeated(Batch& batch, core::RepeatedKeys wanted) {
    for (RecordTree& tree : batch.trees) {
        core::Record& record = *tree.root().record;
        if (!tree.root().repeated) continue;
        std::span<Item* const> const twins = batch.twins(*batch.entity, record.source, record.external_id);
        std::int64_t const line = batch.line_of(*twins[twins.front()->tree == &tree ? 1 : 0]->tree);
        if (wanted == core::RepeatedKeys::warn) {
            record.warnings.push_back(
                core::make_warning("REPEATED_KEY", "external_id", core::Reason::repeated_key, {{"line", line}}));
        } else {
            record.faults.push_back(core::make_fault(core::Code::duplicate_key, "external_id",
                                                     core::Reason::repeated_key, {{"line", line}}));
            tree.refused = true;
        }
    }
}

// What is told of the file as a whole.
std::vector<core::Warning> file_warnings(const core::Entity& entity, CsvFile& file, const Batch& batch) {
    core::CsvFormatHints hints(entity, file.options());
    for (const RecordTree& tree : batch.trees)
        for (const core::Fault& fault : tree.root().record->faults)
            hints.look(fault);
    core::DosWords words;
    for (const FilePlace& place : batch.places)
        words.look(place.text);
    std::vector<core::Warning> warnings = file.columns().file_warnings();
    if (std::optional<core::Warning> warning = words.warning()) warnings.push_back(*std::move(warning));
    for (core::Warning& warning : hints.warnings())
        warnings.push_back(std::move(warning));
    return warnings;
}

// Adds a record for each line behind the header.
void add_lines(UpsertSession& session, const core::Entity& entity, CsvFile& file, const CsvPart& part) {
    core::JsonArena& arena = session.upsert().arena;
    core::CellReader const reader = [&](std::string_view cell, const core::Column& column, core::Json& value) {
        return core::read_cell(cell, column, file.options(), arena, value);
    };
    BatchReader batch(session.upsert(), entity, session.streaming_context(reader));
    while (file.next()) {
        const core::CsvRecord& line = file.record();
        FilePlace const place{part.lines_before + static_cast<std::int64_t>(line.line), line.text};
        if (std::optional<core::Fault> fault = file.columns().fault(line))
            batch.add(*std::move(fault), place);
        else
            batch.add(file.columns().record(line, arena), place, file.columns().warning(line, file.delimiter()));
    }
    batch.finish();
    session.upsert().batches.back().first_index = part.records_before;
    session.upsert().batches.back().warnings = file_warnings(entity, file, session.upsert().batches.back());
    if (file.options().repeated_keys != core::RepeatedKeys::accept)
        mark_repeated(session.upsert().batches.back(), file.options().repeated_keys);
}

core::Json run_import(UpsertSession& session, const core::Entity& entity, CsvFile& file, const CsvPart& part) {
    add_lines(session, entity, file, part);
    CallersPath const path;
    core::Json const answer = session.run_batch();
    path.leave();
    const Batch& batch = session.upsert().batches.front();
    if (std::optional<core::Uuid> const run = session.run_of(entity))
        keep_rejected(*run, session.upsert().tenant, batch, {file.header(), file.delimiter_name()});
    return answer;
}

// The option `known` of an inspection: headings of earlier files, and the fields that they were for.
std::vector<core::CsvMapped> known_headings(const core::Json* known) {
    std::vector<core::CsvMapped> headings;
    if (known == nullptr) return headings;
    if (!known->is_object())
        throw core::CallError(core::Fault{
            core::Code::invalid_option, "known", "option \"known\" must be an object of headings and fields", {}});
    for (const core::JsonMember& member : known->members())
        if (member.value.is_string())
            headings.push_back({std::string(member.name), {std::string(member.value.text())}});
    return headings;
}

}  // namespace

core::Json import_csv(std::string_view name, const CsvSource& source, const core::Json& options,
                      core::JsonArena& arena) {
    core::Json others;
    core::CsvOptions const csv = core::read_csv_options(options, arena, others);
    UpsertSession session(Purpose::csv, {&name, 1}, others, arena);
    const core::Entity& entity = session.entity(name);
    CsvText const decoded = decode_csv(source, csv.encoding);
    CsvFile file(entity, decoded.text, csv);
    return run_import(session, entity, file, {});
}

core::Json import_csv_part(std::string_view name, std::string_view text, const core::Json& options, const CsvPart& part,
                           core::JsonArena& arena) {
    core::Json others;
    core::CsvOptions const csv = core::read_csv_options(options, arena, others);
    UpsertSession session(Purpose::csv, {&name, 1}, others, arena);
    const core::Entity& entity = session.entity(name);
    session.upsert().run = part.run;
    CsvFile file(entity, text, part.header, csv);
    return run_import(session, entity, file, part);
}

core::Json inspect_csv(const CsvSource& source, const core::Json& options, core::JsonArena& arena) {
    core::Json others;
    core::CsvOptions const csv = core::read_csv_options(options, arena, others);
    const core::Json* const name = others.is_object() ? others.find("entity") : nullptr;
    const core::Json* const known = others.is_object() ? others.find("known") : nullptr;
    if (name == nullptr || !name->is_string() || others.members().size() > (known == nullptr ? 1U : 2U))
        throw core::CallError(core::Code::invalid_option,
                              "option \"entity\" is required, and only options of CSV files may stand beside it");
    std::shared_ptr<const Registry> const state = registry();
    const core::Entity& entity = state->entity(name->text());
    CsvText const decoded = decode_csv(source, csv.encoding);
    core::Json const found = core::inspect_csv(entity, decoded.text, csv, known_headings(known), arena);
    core::JsonObject answer(arena, found.members().size() + 2);
    answer.add("encoding", core::make_string(decoded.encoding, arena));
    answer.add("lines", core::make_number(core::count_lines(decoded.text), arena));
    for (const core::JsonMember& member : found.members())
        answer.add(member.name, member.value);
    return answer.json();
}

}  // namespace eryxon::pg
