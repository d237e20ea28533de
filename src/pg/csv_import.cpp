// Importing CSV files.
#include "pg/csv_import.hpp"

#include "core/csv_inspect.hpp"
#include "core/csv_rejected.hpp"
#include "core/json_build.hpp"
#include "pg/answer.hpp"
#include "pg/csv_file.hpp"
#include "pg/csv_text.hpp"
#include "pg/engine_session.hpp"
#include "pg/owner.hpp"
#include "pg/spi.hpp"

#include <algorithm>

namespace eryxon::pg {

namespace {

// Rejected lines that one statement writes.
constexpr std::size_t rejected_at_once = 1000;

// Adds a record for each line behind the header.
void add_lines(Session& session, const core::Entity& entity, CsvFile& file, const CsvPart& part) {
    BatchReader batch(session.bulk(), entity, session.passing_context());
    while (file.next()) {
        const core::CsvRecord& line = file.record();
        CsvPlace const place{part.lines_before + static_cast<std::int64_t>(line.line), line.text};
        if (std::optional<core::Fault> fault = file.columns().fault(line))
            batch.add(*std::move(fault), place);
        else
            batch.add(file.columns().record(line, session.bulk().arena), place);
    }
    batch.finish();
    session.bulk().batches.back().first_index = part.records_before;
}

// Keeps failed lines so that they can be corrected and imported again.
class Rejected {
public:
    Rejected(const core::Uuid& run, const core::Uuid& tenant) : run_(run), tenant_(tenant) {}

    void add(std::int64_t line, std::string_view text, std::string_view code, std::string_view message) {
        lines_.push_back(std::to_string(line));
        texts_.emplace_back(text);
        std::replace(texts_.back().begin(), texts_.back().end(), '\0', ' ');
        codes_.emplace_back(code);
        messages_.emplace_back(message);
        if (lines_.size() == rejected_at_once) flush();
    }

    void flush() {
        if (lines_.empty()) return;
        as_extension_owner([&] {
            execute(
                "INSERT INTO eryxon.csv_rejected (run_id, tenant_id, line, text, code, message) SELECT $1, $2, "
                "u.line::pg_catalog.int8, u.text, u.code, u.message FROM ROWS FROM (pg_catalog.unnest($3), "
                "pg_catalog.unnest($4), pg_catalog.unnest($5), pg_catalog.unnest($6)) AS u(line, text, code, message)",
                {Param::uuid(run_), Param::uuid(tenant_), array(lines_), array(texts_), array(codes_),
                 array(messages_)});
        });
        for (auto* values : {&lines_, &texts_, &codes_, &messages_})
            values->clear();
    }

private:
    static Param array(const std::vector<std::string>& values) {
        std::vector<std::string_view> const views(values.begin(), values.end());
        return text_array(views);
    }

    core::Uuid run_, tenant_;
    std::vector<std::string> lines_, texts_, codes_, messages_;
};

// What is told of a failed line: all its faults.
std::string message_of(const std::vector<core::Fault>& faults) {
    std::string message;
    for (const core::Fault& fault : faults)
        message += (message.empty() ? "" : "; ") + (fault.path.empty() ? "" : fault.path + ": ") + fault.message;
    return message;
}

std::string_view delimiter_name(const char& delimiter) {
    return delimiter == '\t' ? "tab" : std::string_view(&delimiter, 1);
}

// Line 0 holds the header, and as its message the delimiter.
void keep_rejected(Session& session, const Batch& batch, const CsvFile& file) {
    std::optional<core::Uuid> const run = session.run_of(*batch.entity);
    if (!run) return;
    Rejected rejected(*run, session.bulk().tenant);
    char const delimiter = file.delimiter();
    bool any = false;
    for (const Unit& unit : batch.units) {
        if (unit.state != Unit::State::failed) continue;
        if (!std::exchange(any, true)) rejected.add(0, file.header(), "", delimiter_name(delimiter));
        std::vector<core::Fault> const faults = faults_of(unit);
        const CsvPlace& place = batch.places[unit.index];
        rejected.add(batch.line_of(unit), place.text, core::code_name(faults.front().code), message_of(faults));
    }
    rejected.flush();
}

core::Json run_import(Session& session, const core::Entity& entity, CsvFile& file, const CsvPart& part) {
    add_lines(session, entity, file, part);
    core::Json const answer = session.run_batch();
    keep_rejected(session, session.bulk().batches.front(), file);
    return answer;
}

// A row of eryxon.csv_part.
struct Part {
    std::int64_t number = 0, lines_before = 0, records_before = 0;
    std::string_view text{};
};

void write_part(const core::Uuid& run, const Part& part) {
    execute(
        "INSERT INTO eryxon.csv_part (run_id, part, lines_before, records_before, text) VALUES ($1, $2, $3, $4, $5)",
        {Param::uuid(run), Param::integer(part.number), Param::integer(part.lines_before),
         Param::integer(part.records_before), Param::text(part.text)});
}

// Only the import that is under way adds to its row of history.
void check_upload(const core::Uuid& run, const core::Uuid& tenant) {
    std::uint64_t const found = as_extension_owner([&] {
        return execute(
            "SELECT FROM eryxon.csv_upload WHERE run_id OPERATOR(pg_catalog.=) $1 AND tenant_id OPERATOR(pg_catalog.=) "
            "$2 "
            "AND status OPERATOR(pg_catalog.=) 'running'",
            {Param::uuid(run), Param::uuid(tenant)});
    });
    if (found == 0) throw core::CallError(core::Code::not_found, "no import " + core::to_string(run) + " is running");
}

}  // namespace

core::Json import_csv(std::string_view name, std::string_view bytes, const core::Json& options,
                      core::JsonArena& arena) {
    core::Json others;
    core::CsvOptions const csv = core::read_csv_options(options, arena, others);
    Session session(Purpose::csv, {&name, 1}, others, arena);
    const core::Entity& entity = session.entity(name);
    CsvText const decoded = decode_csv(bytes, csv.encoding);
    CsvFile file(entity, decoded.text, csv);
    return run_import(session, entity, file, {});
}

core::Json import_csv_part(std::string_view name, std::string_view text, const core::Json& options, const CsvPart& part,
                           core::JsonArena& arena) {
    core::Json others;
    core::CsvOptions const csv = core::read_csv_options(options, arena, others);
    Session session(Purpose::csv, {&name, 1}, others, arena);
    const core::Entity& entity = session.entity(name);
    check_upload(part.run, session.bulk().tenant);
    session.bulk().run = part.run;
    CsvFile file(entity, text, part.header, csv);
    return run_import(session, entity, file, part);
}

core::Json split_csv(std::string_view name, std::string_view bytes, const core::Json& options, const core::Uuid& run,
                     std::int64_t size, core::JsonArena& arena) {
    core::Json others;
    core::CsvOptions const csv = core::read_csv_options(options, arena, others);
    core::read_options(others);
    std::shared_ptr<const Registry> const state = registry();
    CsvText const decoded = decode_csv(bytes, csv.encoding);
    CsvFile file(state->entity(name), decoded.text, csv);
    Part part;
    std::int64_t records = 0, lines = 0;
    as_extension_owner([&] {
        while (file.next()) {
            const core::CsvRecord& record = file.record();
            lines = static_cast<std::int64_t>(record.line);
            if (records % size == 0) {
                if (records > 0) write_part(run, part);
                part = {part.number + 1, lines - 1, records, record.text};
            }
            part.text = {part.text.data(),
                         static_cast<std::size_t>(record.text.data() + record.text.size() - part.text.data())};
            records++;
        }
        if (records > 0) write_part(run, part);
    });
    char const delimiter = file.delimiter();
    core::JsonObject answer(arena, 5);
    answer.add("header", core::make_string(file.heading_line(), arena));
    answer.add("delimiter", core::make_string(delimiter_name(delimiter), arena));
    answer.add("records", core::make_number(records, arena));
    answer.add("lines", core::make_number(lines, arena));
    answer.add("parts", core::make_number(part.number, arena));
    return answer.json();
}

core::Json inspect_csv(std::string_view bytes, const core::Json& options, core::JsonArena& arena) {
    core::Json others;
    core::CsvOptions const csv = core::read_csv_options(options, arena, others);
    const core::Json* const name = others.is_object() ? others.find("entity") : nullptr;
    if (name == nullptr || !name->is_string() || others.members().size() > 1)
        throw core::CallError(
            core::Code::invalid_option,
            "option \"entity\" must name what the file is for, and there is none but it and those of CSV files");
    std::shared_ptr<const Registry> const state = registry();
    const core::Entity& entity = state->entity(name->text());
    CsvText const decoded = decode_csv(bytes, csv.encoding);
    core::Json const found = core::inspect_csv(entity, decoded.text, csv, arena);
    core::JsonObject answer(arena, found.members().size() + 2);
    answer.add("encoding", core::make_string(decoded.encoding, arena));
    answer.add("lines", core::make_number(std::count(decoded.text.begin(), decoded.text.end(), '\n') +
                                              (decoded.text.ends_with('\n') ? 0 : 1),
                                          arena));
    for (const core::JsonMember& member : found.members())
        answer.add(member.name, member.value);
    return answer.json();
}

std::string rejected_csv(const core::Uuid& run) {
    struct Kept {
        std::int64_t line;
        std::string text, code, message;
    };
    std::vector<Kept> kept;
    execute(
        "SELECT line, text, code, message FROM eryxon.csv_rejected WHERE run_id OPERATOR(pg_catalog.=) $1 ORDER BY "
        "line",
        {Param::uuid(run)}, [&](const Row& row) {
            kept.push_back(
                {row.integer(0), std::string(row.text(1)), std::string(row.text(2)), std::string(row.text(3))});
        });
    if (kept.empty())
        throw core::CallError(core::Code::not_found, "no line of this run failed, or the run is not kept any more");
    std::vector<core::RejectedLine> lines;
    for (const Kept& line : std::span(kept).subspan(1))
        lines.push_back({line.line, line.text, line.code, line.message});
    return core::rejected_csv(kept.front().text, kept.front().message == "tab" ? '\t' : kept.front().message.front(),
                              lines);
}

}  // namespace eryxon::pg
