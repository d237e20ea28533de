// The lines and records of files that failed.
#include "pg/csv/rejected_lines.hpp"

#include "core/base/sql_text.hpp"
#include "core/base/utf8.hpp"
#include "core/csv/csv_encoding.hpp"
#include "core/csv/csv_rejected.hpp"
#include "core/csv/rejected_json.hpp"
#include "pg/server/security_context.hpp"
#include "pg/server/spi.hpp"
#include "pg/upsert/answer.hpp"

#include <algorithm>
#include <utility>

namespace eryxon::pg {

namespace {

// What is told of a failed line: all its faults.
std::string message_of(const std::vector<core::Fault>& faults) {
    std::string message;
    for (const core::Fault& fault : faults)
        message += (message.empty() ? "" : "; ") + (fault.path.empty() ? "" : fault.path + ": ") + fault.message;
    return message;
}

// Lines that one statement writes.
constexpr std::size_t rejected_at_once = 1000;

// Keeps failed lines so that they can be corrected and imported again.
class Rejected {
public:
    Rejected(const core::Uuid& run, const core::Uuid& tenant, std::string_view entity)
        : run_(run), tenant_(tenant), entity_(entity) {}

    // As line 0, with what they are as its message; an earlier part of the file may have done so.
    void add_header(const RejectedKind& kind) {
        as_extension_owner([&] {
            execute(
                R"(INSERT INTO eryxon.csv_rejected (run_id, tenant_id, entity, line, text, code, message)
                   VALUES ($1, $2, $3, 0, $4, '', $5) ON CONFLICT (run_id, line) DO NOTHING)",
                {Param::uuid(run_), Param::uuid(tenant_), Param::text(entity_), Param::text(kind.header),
                 Param::text(kind.format)});
        });
    }

    // Keeps a line with all its faults as the message, and the code and params of the first one.
    void add(std::int64_t line, std::string_view text, const std::vector<core::Fault>& faults) {
        lines_.push_back(std::to_string(line));
        texts_.push_back(core::is_utf8(text) ? std::string(text) : core::with_replacements(text));
        std::replace(texts_.back().begin(), texts_.back().end(), '\0', ' ');
        codes_.emplace_back(core::code_name(faults.front().code));
        messages_.push_back(message_of(faults));
        params_.push_back(faults.front().params);
        if (lines_.size() == rejected_at_once) flush();
    }

    void flush() {
        if (lines_.empty()) return;
        as_extension_owner([&] {
            execute(
                R"(INSERT INTO eryxon.csv_rejected (run_id, tenant_id, entity, line, text, code, message, params)
                   SELECT $1, $2, $3, u.line::pg_catalog.int8, u.text, u.code, u.message,
                          NULLIF(u.params, '')::pg_catalog.jsonb
                     FROM ROWS FROM (pg_catalog.unnest($4), pg_catalog.unnest($5), pg_catalog.unnest($6),
                                     pg_catalog.unnest($7), pg_catalog.unnest($8)) AS u(line, text, code, message, params))",
                {Param::uuid(run_), Param::uuid(tenant_), Param::text(entity_), array(lines_), array(texts_),
                 array(codes_), array(messages_), array(params_)});
        });
        for (auto* values : {&lines_, &texts_, &codes_, &messages_, &params_})
            values->clear();
    }

private:
    static Param array(const std::vector<std::string>& values) {
        std::vector<std::string_view> const views(values.begin(), values.end());
        return text_array(views);
    }

    core::Uuid run_, tenant_;
    std::string_view entity_;
    std::vector<std::string> lines_, texts_, codes_, messages_, params_;
};

}  // namespace

void keep_rejected(const core::Uuid& run, const core::Uuid& tenant, const Batch& batch, const RejectedKind& kind) {
    Rejected rejected(run, tenant, batch.entity->name);
    bool any = false;
    for (const RecordTree& tree : batch.trees) {
        if (tree.state != RecordTree::State::failed) continue;
        if (!std::exchange(any, true)) rejected.add_header(kind);
        rejected.add(batch.line_of(tree), batch.places[tree.index].text, faults_of(tree));
    }
    rejected.flush();
}

std::string rejected_file(const core::Uuid& run, const core::Uuid& tenant, std::optional<char> delimiter) {
    struct Kept {
        std::int64_t line;
        std::string text, code, message;
    };
    std::vector<Kept> kept;
    execute(core::sql(R"(SELECT line, text, code, message FROM eryxon.csv_rejected
            WHERE run_id == $1 AND tenant_id == $2 ORDER BY line)"),
            {Param::uuid(run), Param::uuid(tenant)}, [&](const Row& row) {
                kept.push_back(
                    {row.integer(0), std::string(row.text(1)), std::string(row.text(2)), std::string(row.text(3))});
            });
    if (kept.empty())
        throw core::CallError(core::Code::not_found, "the run has no rejected lines, or is no longer kept");
    std::vector<core::RejectedLine> lines;
    for (const Kept& line : std::span(kept).subspan(1))
        lines.push_back({line.line, line.text, line.code, line.message});
    if (kept.front().message == rejected_json.format) return core::rejected_json(lines);
    char const original = kept.front().message == "tab" ? '\t' : kept.front().message.front();
    return core::rejected_csv(kept.front().text, {original, delimiter.value_or(original)}, lines);
}

}  // namespace eryxon::pg
