// Importing records that are JSON in parts.
#include "pg/csv/record_import.hpp"

#include "core/csv/rejected_json.hpp"
#include "core/json/json_build.hpp"
#include "core/record/options.hpp"
#include "pg/csv/csv_upload.hpp"
#include "pg/csv/rejected_lines.hpp"
#include "pg/registry/caller.hpp"
#include "pg/registry/tenant.hpp"
#include "pg/server/jsonb.hpp"
#include "pg/server/security_context.hpp"
#include "pg/server/spi.hpp"
#include "pg/upsert/upsert_session.hpp"

namespace eryxon::pg {

namespace {

constexpr std::string_view array_form = "array", lines_form = "lines";

// What is known of an import when its next part comes.
struct Upload {
    std::string entity, options;
    core::RecordForm form;
    std::int64_t done;
    bool imported;  // the part, before
};

// The import, which stays locked until the transaction ends; nothing if no part of it is taken any more.
std::optional<Upload> claim_part(const RecordPart& part) {
    core::Uuid const tenant = tenant_id();
    std::optional<Upload> upload;
    auto const on_row = [&](const Row& row) {
        upload = Upload{std::string(row.text(0)), std::string(row.text(1)),
                        row.text(2) == lines_form ? core::RecordForm::lines : core::RecordForm::array, row.integer(3),
                        row.boolean(4)};
    };
    as_extension_owner([&] {
        execute("SELECT * FROM eryxon.claim_part($1, $2, $3)",
                {Param::uuid(tenant), Param::uuid(part.run), Param::integer(part.number)}, on_row);
    });
    return upload;
}

// Adds a record, or what is wrong with its text.
void add_record(BatchReader& batch, const FilePlace& place, core::JsonArena& arena) {
    try {
        batch.add(core::rejected_record(core::parse_json(place.text, arena)), place, std::nullopt);
    } catch (const core::CallError& error) {
        batch.add(error.faults().front(), place);
    }
}

core::Json import_part(const Upload& upload, const RecordPart& part, core::JsonArena& arena) {
    std::string_view const name = upload.entity;
    UpsertSession session(Purpose::records, {&name, 1}, core::parse_json(upload.options, arena), arena);
    const core::Entity& entity = session.entity(name);
    session.upsert().run = part.run;
    core::RecordSplitter records(upload.form, part.place);
    records.add(part.bytes);
    records.end();
    BatchReader batch(session.upsert(), entity, session.streaming_context());
    while (records.next())
        add_record(batch, {records.place(), records.record()}, arena);
    batch.finish();
    session.upsert().batches.back().first_index = upload.done;
    CallersPath const path;
    core::Json const answer = session.run_batch();
    path.leave();
    keep_rejected(part.run, session.upsert().tenant, session.upsert().batches.front(), rejected_json);
    return answer;
}

}  // namespace

core::Json begin_record_upload(std::string_view name, core::RecordForm form, const core::Json& options,
                               const std::optional<core::Uuid>& wanted, std::int64_t size, core::JsonArena& arena) {
    check_upload(name, core::read_options(options));
    core::Uuid const tenant = tenant_id();
    core::JsonObject answer(arena, 2);
    as_extension_owner([&] {
        core::Uuid const run = prepare_upload(tenant, wanted);
        execute("SELECT eryxon.note_record_upload($1, $2, $3, $4, $5)",
                {Param::uuid(run), Param::uuid(tenant), Param::text(name), Param{JSONBOID, make_jsonb(options)},
                 Param::text(form == core::RecordForm::lines ? lines_form : array_form)});
        answer.add("run_id", core::make_uuid(run, arena));
    });
    answer.add("part_records", core::make_number(size, arena));
    return answer.json();
}

core::Json record_step(const RecordPart& part, core::JsonArena& arena) {
    std::optional<Upload> const upload = claim_part(part);
    core::JsonObject answer(arena, 12);
    if (upload && !upload->imported) {
        std::int64_t records = 0;
        for (const core::JsonMember& member : import_part(*upload, part, arena).members()) {
            answer.add(member.name, member.value);
            if (member.name == "total") records = std::stoll(std::string(member.value.text()));
        }
        as_extension_owner([&] {
            execute("SELECT eryxon.note_part($1, $2)", {Param::uuid(part.run), Param::integer(records)});
        });
    }
    answer.add("more", core::Json::boolean(upload.has_value()));
    return answer.json();
}

void finish_upload(const core::Uuid& run) {
    if (!require_upload(run)) return;
    core::Uuid const tenant = tenant_id();
    as_extension_owner([&] {
        execute("SELECT eryxon.finish_upload($1, $2)", {Param::uuid(tenant), Param::uuid(run)});
    });
}

}  // namespace eryxon::pg
