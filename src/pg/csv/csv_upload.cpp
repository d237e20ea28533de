// Importing CSV files in parts.
#include "pg/csv/csv_upload.hpp"

#include "core/base/sql_text.hpp"
#include "core/csv/csv_options.hpp"
#include "core/json/fault_reason.hpp"
#include "core/json/json_build.hpp"
#include "core/record/options.hpp"
#include "pg/csv/csv_file.hpp"
#include "pg/csv/csv_import.hpp"
#include "pg/registry/registry.hpp"
#include "pg/registry/tenant.hpp"
#include "pg/server/jsonb.hpp"
#include "pg/server/security_context.hpp"
#include "pg/server/spi.hpp"

extern "C" {
#include "catalog/objectaddress.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
}

namespace eryxon::pg {

namespace {

// Who handles an import must be allowed to write something of its table.
void require_writer(const Table& table) {
    try {
        call([&] {
            constexpr AclMode writing = ACL_INSERT | ACL_UPDATE;
            bool const may = pg_class_aclmask(table.oid, GetUserId(), writing, ACLMASK_ANY) != 0 ||
                             pg_attribute_aclcheck_all(table.oid, GetUserId(), writing, ACLMASK_ANY) == ACLCHECK_OK;
            if (!may) aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_TABLE, get_rel_name(table.oid));
        });
    } catch (const Error& error) {
        throw core::CallError(core::Code::access_denied, error.what());
    }
}

// What would make an import in parts say that it has done what it has not.
void refuse_without_trace(const core::Options& options) {
    for (auto const& [given, name] :
         {std::pair(options.dry_run, "dry_run"), {!options.record_history, "record_history"}})
        if (given)
            throw core::CallError(core::Fault{core::Code::invalid_option,
                                              name,
                                              std::string("an import in parts cannot have the option \"") + name + "\"",
                                              {}});
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

// Writes the parts of so many records each; returns what is known of the file then, in canonical order.
core::Json split(CsvFile& file, const core::Uuid& run, std::int64_t size, core::JsonArena& arena) {
    Part part;
    std::int64_t records = 0, lines = 0;
    while (file.next()) {
        const core::CsvRecord& record = file.record();
        lines = static_cast<std::int64_t>(record.line);
        if (records % size == 0) {
            if (records > 0) write_part(run, part);
            part = {part.number + 1, lines - 1, records, record.text};
        }
        char const* const end = record.text.data() + record.text.size();
        part.text = {part.text.data(), static_cast<std::size_t>(end - part.text.data())};
        records++;
    }
    if (records > 0) write_part(run, part);
    core::JsonObject known(arena, 5);
    known.add("delimiter", core::make_string(file.delimiter_name(), arena));
    known.add("header", core::make_string(file.heading_line(), arena));
    known.add("lines", core::make_number(lines, arena));
    known.add("parts", core::make_number(part.number, arena));
    known.add("records", core::make_number(records, arena));
    return known.json();
}

// A part as it was written, with what all parts share.
struct TakenPart {
    std::string entity, options, header, text;
    std::int64_t lines_before = 0, records_before = 0;
};

std::optional<TakenPart> take_part(const core::Uuid& run) {
    core::Uuid const tenant = tenant_id();
    std::optional<TakenPart> part;
    auto const on_row = [&](const Row& row) {
        part = TakenPart{std::string(row.text(0)), std::string(row.text(1)), std::string(row.text(2)),
                         std::string(row.text(5)), row.integer(3),           row.integer(4)};
    };
    as_extension_owner([&] {
        execute("SELECT * FROM eryxon.take_part($1, $2)", {Param::uuid(tenant), Param::uuid(run)}, on_row);
    });
    return part;
}

}  // namespace

void check_upload(std::string_view name, const core::Options& options) {
    refuse_without_trace(options);
    std::shared_ptr<const Registry> const state = registry();
    require_writer(state->table(state->entity(name)));
}

bool require_upload(const core::Uuid& run) {
    core::Uuid const tenant = tenant_id();
    std::optional<std::string> entity;
    as_extension_owner([&] {
        execute(core::sql(R"(SELECT entity FROM eryxon.csv_upload
                WHERE run_id == $1 AND tenant_id == $2)"),
                {Param::uuid(run), Param::uuid(tenant)}, [&](const Row& row) { entity = row.text(0); });
    });
    if (!entity) return false;
    std::shared_ptr<const Registry> const state = registry();
    require_writer(state->table(state->entity(*entity)));
    return true;
}

core::Uuid prepare_upload(const core::Uuid& tenant, const std::optional<core::Uuid>& wanted) {
    core::Uuid run{};
    execute("SELECT eryxon.prepare_upload($1, $2)",
            {Param::uuid(tenant), wanted ? Param::uuid(*wanted) : Param::none(UUIDOID)},
            [&](const Row& row) { run = row.uuid(0); });
    return run;
}

core::Json begin_upload(std::string_view name, const CsvSource& source, const core::Json& options,
                        const std::optional<core::Uuid>& wanted, std::int64_t size, core::JsonArena& arena) {
    core::Json others;
    core::CsvOptions const csv = core::read_csv_options(options, arena, others);
    check_upload(name, core::read_options(others));
    core::Uuid const tenant = tenant_id();
    std::shared_ptr<const Registry> const state = registry();
    const core::Entity& entity = state->entity(name);
    CsvText const decoded = decode_csv(source, csv.encoding);
    CsvFile file(entity, decoded.text, csv);
    core::JsonObject answer(arena, 4);
    as_extension_owner([&] {
        core::Uuid const run = prepare_upload(tenant, wanted);
        core::Json const known = split(file, run, size, arena);
        execute("SELECT eryxon.note_upload($1, $2, $3, $4, $5)",
                {Param::uuid(run), Param::uuid(tenant), Param::text(name), Param{JSONBOID, make_jsonb(options)},
                 Param{JSONBOID, make_jsonb(known)}});
        answer.add("run_id", core::make_uuid(run, arena));
        for (std::string_view const member : {"records", "lines", "parts"})
            answer.add(member, *known.find(member));
    });
    return answer.json();
}

core::Json upload_step(const core::Uuid& run, core::JsonArena& arena) {
    std::optional<TakenPart> const part = take_part(run);
    core::JsonObject answer(arena, 12);
    if (part) {
        core::Json const options = core::parse_json(part->options, arena);
        CsvPart const place{part->header, part->lines_before, part->records_before, run};
        std::int64_t records = 0;
        for (const core::JsonMember& member :
             import_csv_part(part->entity, part->text, options, place, arena).members()) {
            answer.add(member.name, member.value);
            if (member.name == "total") records = std::stoll(std::string(member.value.text()));
        }
        as_extension_owner([&] {
            execute("SELECT eryxon.note_part($1, $2)", {Param::uuid(run), Param::integer(records)});
        });
    }
    answer.add("more", core::Json::boolean(part.has_value()));
    return answer.json();
}

core::Json cancel_upload(const core::Uuid& run, core::JsonArena& arena) {
    bool stops = false;
    if (require_upload(run))
        as_extension_owner([&] {
            execute("SELECT eryxon.stop_upload($1)", {Param::uuid(run)},
                    [&](const Row& row) { stops = row.boolean(0); });
        });
    if (!stops)
        throw core::CallError(core::make_fault(core::Code::not_found, "run", core::Reason::import_not_running,
                                               {{"run", core::to_string(run)}}));
    core::JsonObject answer(arena, 2);
    answer.add("id", core::make_uuid(run, arena));
    answer.add("status", core::Json::string("cancelling"));
    return answer.json();
}

void fail_upload(const core::Uuid& run, std::string_view reason) {
    if (!require_upload(run)) return;
    as_extension_owner([&] {
        execute("SELECT eryxon.give_up_upload($1, $2)", {Param::uuid(run), Param::text(reason)});
    });
}

}  // namespace eryxon::pg
