// Reading records: key, names, missing and unknown members, options, and the hash.
#include "core/record/record.hpp"

#include "core/json/canonical.hpp"
#include "core/schema/rules.hpp"
#include "shop_schema.hpp"

#include <gtest/gtest.h>

namespace eryxon::core {
namespace {

using test::creation_faults_of;
using test::faults_of;
using test::Reader;
using test::value_of;
using test::warnings_of;

// A job's record with a valid key and what is added to it.
std::string job(std::string_view more) {
    return R"({"external_id":"SO-1","external_source":"SAP")" + (more.empty() ? "" : ',' + std::string(more)) + '}';
}

std::string faults_of_job(std::string_view more, std::string_view options = "{}") {
    Reader reader(options);
    return faults_of(reader.read("jobs", job(more)));
}

std::string hash_of_job(std::string_view more, std::string_view options = "{}") {
    Reader reader(options);
    return std::string(reader.read("jobs", job(more)).hash.view());
}

// The hash that any client computes of this document.
std::string hash_of_document(std::string_view json) {
    JsonArena arena;
    return sync_hash(parse_json(json, arena));
}

TEST(Record, ReadsAWholeJob) {
    Reader reader;
    const Record record = reader.read("jobs", job(R"("job_number":"J1","customer_name":"Acme","due_date":"2026-12-31",
        "priority":"5","status":"in_progress","metadata":{"a":1},"notes":null)"));
    EXPECT_EQ(faults_of(record), "");
    EXPECT_EQ(creation_faults_of(record), "");
    EXPECT_EQ(warnings_of(record), "");
    EXPECT_TRUE(record.has_key);
    EXPECT_EQ(record.external_id, "SO-1");
    EXPECT_EQ(record.source, "SAP");
    EXPECT_EQ(record.values.size(), 7u);
    EXPECT_EQ(value_of(record, "customer")->value.text, "Acme");
    EXPECT_EQ(value_of(record, "priority")->value.integer, 5);
    EXPECT_EQ(value_of(record, "due_date")->value.datetime.day, 31);
    EXPECT_TRUE(value_of(record, "notes")->value.is_null);
    EXPECT_EQ(record.hash, hash_of_document(R"({"external_id":"SO-1","external_source":"SAP","job_number":"J1",
        "customer":"Acme","due_date":"2026-12-31","priority":5,"status":"in_progress","metadata":{"a":1},"notes":null})"));
}

TEST(Record, ValuesComeInOrderOfFields) {
    Reader reader;
    const Record record =
        reader.read("jobs", job(R"("status":"on_hold","customer_name":"A","notes":"n","job_number":"J")"));
    std::string order;
    for (const FieldValue& value : record.values)
        order += value.field->name + ' ';
    EXPECT_EQ(order, "customer job_number notes status ");
}

TEST(Record, TheKeyIsDemandedAndChecked) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {R"({})", "external_id NOT_NULL; external_source NOT_NULL"},
        {R"({"external_id":"a"})", "external_source NOT_NULL"},
        {R"({"external_id":null,"external_source":"S"})", "external_id NOT_NULL"},
        {R"({"external_id":"","external_source":"S"})", "external_id MIN_LENGTH"},
        {R"({"external_id":" a","external_source":"S"})", "external_id PATTERN_MISMATCH"},
        {R"({"external_id":"a\n","external_source":"S"})", "external_id PATTERN_MISMATCH"},
        {R"({"external_id":"a\u00a0","external_source":"S"})", "external_id PATTERN_MISMATCH"},
        {R"({"external_id":"\u3000a","external_source":"S"})", "external_id PATTERN_MISMATCH"},
        {R"({"external_id":"a b","external_source":"S T"})", ""},
        {R"({"external_id":"é","external_source":"ß"})", ""},
        {R"({"external_id":1001,"external_source":7})", ""},
        {R"({"external_id":10.5,"external_source":"S"})", "external_id TYPE_MISMATCH"},
        {R"({"external_id":"\u200b \ufeff","external_source":"S"})", "external_id MIN_LENGTH"},
        {R"({"external_id":"a\u200b","external_source":"S"})", "external_id PATTERN_MISMATCH"},
        {R"({"external_id":"a\u001fb","external_source":"\ufeffS"})",
         "external_id PATTERN_MISMATCH; external_source PATTERN_MISMATCH"},
        {R"({"external_id":true,"external_source":[]})", "external_id TYPE_MISMATCH; external_source TYPE_MISMATCH"},
    };
    for (const auto& [json, faults] : cases) {
        Reader reader;
        const Record record = reader.read("jobs", json);
        EXPECT_EQ(faults_of(record), faults) << json;
        EXPECT_EQ(record.has_key, faults.empty()) << json;
        EXPECT_EQ(record.hash.empty(), !faults.empty()) << json;
    }
}

TEST(Record, TheKeysLengthCountsCharacters) {
    std::string id;
    for (int i = 0; i < 255; ++i)
        id += "ä";
    Reader reader;
    EXPECT_EQ(faults_of(reader.read("jobs", R"({"external_source":"S","external_id":")" + id + "\"}")), "");
    EXPECT_EQ(faults_of(reader.read("jobs", R"({"external_source":"S","external_id":")" + id + "x\"}")),
              "external_id MAX_LENGTH");
}

TEST(Record, AnIntegerKeyIsItsDigits) {
    Reader reader;
    for (const char* number : {"1001", "1001.0", "1.001e3", "100100e-2"})
        EXPECT_EQ(reader.read("jobs", std::string(R"({"external_source":"S","external_id":)") + number + '}').hash,
                  reader.read("jobs", R"({"external_id":"1001","external_source":"S"})").hash);
}

TEST(Record, WarnsOfKeysThatSpreadsheetsMake) {
    Reader reader;
    for (const char* id : {"4.50001E+11", "1e-05", "1,5E+10", "=\\\"00123\\\"", "'00123", "1001.0", "7,00"})
        EXPECT_EQ(
            warnings_of(reader.read("jobs", std::string(R"({"external_source":"S","external_id":")") + id + "\"}")),
            "external_id KEY_FORM")
            << id;
    for (const char* id : {"1E5", "12E3", "E+5", "1.0.0", "1001.05", "A1.0", "10.", ".0", "E-1"})
        EXPECT_EQ(
            warnings_of(reader.read("jobs", std::string(R"({"external_source":"S","external_id":")") + id + "\"}")), "")
            << id;
    EXPECT_EQ(warnings_of(reader.read("jobs", R"({"external_source":"S","external_id":1001.0})")), "");
}

TEST(Record, NamesAMemberThatLooksLikeTheKey) {
    Reader reader;
    const Record record = reader.read("jobs", R"({"\ufeffexternal_id":"1","external_source":"S"})");
    EXPECT_EQ(record.faults.front().message,
              "required field is missing: member \"\ufeffexternal_id\" has U+FEFF in its name");
}

TEST(Record, NullsMayCountAsNotSent) {
    Reader reader(R"({"nulls":"absent"})");
    const Record record = reader.read("jobs", job(R"("customer":null,"colour":null,"job_number":"J")"));
    EXPECT_EQ(warnings_of(record), "");
    EXPECT_EQ(value_of(record, "customer"), nullptr);
    EXPECT_EQ(record.hash, reader.read("jobs", job(R"("job_number":"J")")).hash);
}

TEST(Record, WhatIsNoObjectIsAFault) {
    for (const std::string_view json : {"null", "1", "\"x\"", "[]", "true"}) {
        Reader reader;
        const Record record = reader.read("jobs", json);
        EXPECT_EQ(faults_of(record), " INVALID_PAYLOAD") << json;
        EXPECT_FALSE(record.has_key);
    }
}

TEST(Record, AllFaultsAreReportedInOrder) {
    EXPECT_EQ(faults_of_job(R"("status":"done","priority":-1,"due_date":"31-12-2026","customer":5.5,"job_number":"",
                               "metadata":[],"_x":1,"zzz":2)",
                            R"({"unknown_fields":"error"})"),
              "due_date DATE_FORMAT; job_number MIN_LENGTH; metadata TYPE_MISMATCH; priority MIN_VALUE; "
              "status ENUM_CONSTRAINT; _x INVALID_PAYLOAD; zzz UNKNOWN_FIELD");
    Reader reader;
    EXPECT_EQ(faults_of(reader.read("jobs", R"({"priority":"x"})")),
              "external_id NOT_NULL; external_source NOT_NULL; priority TYPE_MISMATCH");
}

TEST(Record, TheFirstNameWins) {
    Reader reader;
    Record record = reader.read("jobs", job(R"("customer_name":"alias","customer":"name")"));
    EXPECT_EQ(value_of(record, "customer")->value.text, "name");
    record = reader.read("operations", job(R"("description":"second","instructions":"first")"));
    EXPECT_EQ(value_of(record, "notes")->value.text, "first");
    record = reader.read("jobs", job(R"("customer_name":"alias","customer":null)"));
    EXPECT_TRUE(value_of(record, "customer")->value.is_null);
}

TEST(Record, FaultsNameTheMemberAsSent) {
    Reader reader;
    EXPECT_EQ(faults_of(reader.read("operations", job(R"("estimated_time_minutes":-1)"))),
              "estimated_time_minutes MIN_VALUE");
    EXPECT_EQ(faults_of(reader.read("parts", job(R"("file_paths":["a",true])"))), "file_paths TYPE_MISMATCH");
}

TEST(Record, RequiredFieldsAreDemandedOnCreation) {
    Reader reader;
    const Record record = reader.read("operations", job(R"("status":"completed")"));
    EXPECT_EQ(faults_of(record), "");
    EXPECT_EQ(creation_faults_of(record),
              "cell_external_id FK_REQUIRED; operation_name NOT_NULL; part_external_id FK_REQUIRED");
    EXPECT_EQ(record.creation_faults.front().hint,
              "No operation with this external key exists, so this record would create one.");
    EXPECT_FALSE(record.hash.empty());
}

TEST(Record, NullOfARequiredFieldIsAlwaysAFault) {
    EXPECT_EQ(faults_of_job(R"("job_number":null)"), "job_number NOT_NULL");
    EXPECT_EQ(faults_of_job(R"("priority":null)"), "priority NOT_NULL");
    EXPECT_EQ(faults_of_job(R"("customer":null)"), "");
}

TEST(Record, UnknownMembersInFourModes) {
    const std::string more = R"("zeta":1,"alpha":{"x":2},"id":"i","metadata":{"alpha":"kept","b":1})";
    Reader warn;
    Record record = warn.read("jobs", job(more));
    EXPECT_EQ(warnings_of(record), "alpha UNKNOWN_FIELD; id READ_ONLY; zeta UNKNOWN_FIELD");
    EXPECT_EQ(faults_of(record), "");
    EXPECT_EQ(record.hash, hash_of_job(R"("metadata":{"alpha":"kept","b":1})"));

    Reader ignore(R"({"unknown_fields":"ignore"})");
    EXPECT_EQ(warnings_of(ignore.read("jobs", job(more))), "");

    Reader error(R"({"unknown_fields":"error"})");
    record = error.read("jobs", job(more));
    EXPECT_EQ(faults_of(record), "alpha UNKNOWN_FIELD; id READ_ONLY; zeta UNKNOWN_FIELD");
    EXPECT_TRUE(record.hash.empty());

    Reader metadata(R"({"unknown_fields":"metadata"})");
    record = metadata.read("jobs", job(more));
    EXPECT_EQ(warnings_of(record), "id READ_ONLY");
    EXPECT_EQ(record.hash, hash_of_job(R"("metadata":{"alpha":"kept","b":1,"zeta":1})"));
}

TEST(Record, UnknownMembersMakeNewMetadata) {
    Reader reader(R"({"unknown_fields":"metadata"})");
    for (const std::string_view more : {R"("zeta":1)", R"("zeta":1,"metadata":null)", R"("zeta":1,"metadata":{})"})
        EXPECT_EQ(reader.read("jobs", job(more)).hash, hash_of_job(R"("metadata":{"zeta":1})")) << more;
    EXPECT_EQ(faults_of(reader.read("jobs", job(R"("zeta":1,"metadata":[])"))), "metadata TYPE_MISMATCH");
    EXPECT_EQ(faults_of(reader.read("jobs", job(R"("_zeta":1)"))), "_zeta INVALID_PAYLOAD");
    EXPECT_EQ(warnings_of(reader.read("cells", job(R"("zeta":1)"))), "zeta UNKNOWN_FIELD");
    EXPECT_EQ(value_of(reader.read("jobs", job("")), "metadata"), nullptr);
}

TEST(Record, FieldsWithoutAColumnAreLeftOut) {
    const auto schema = test::make_shop_schema([](Schema& shop) {
        std::erase_if(test::entity_of(shop, "jobs").columns, [](const Column& c) { return c.name == "customer"; });
        std::erase_if(test::entity_of(shop, "operations").columns, [](const Column& c) { return c.name == "cell_id"; });
    });
    for (const std::string_view options : {"{}", R"({"unknown_fields":"error"})", R"({"unknown_fields":"ignore"})"}) {
        Reader reader(options, *schema);
        const Record record = reader.read("jobs", job(R"("customer_name":"A")"));
        EXPECT_EQ(faults_of(record), "");
        EXPECT_EQ(warnings_of(record), "customer_name UNMAPPED_FIELD");
        EXPECT_EQ(record.hash, hash_of_job(""));
    }
    Reader reader("{}", *schema);
    const Record record = reader.read("operations", job(R"("cell_name":"x")"));
    EXPECT_EQ(warnings_of(record), "cell_name UNMAPPED_FIELD");
    Reader metadata(R"({"unknown_fields":"metadata"})", *schema);
    const Record kept = metadata.read("jobs", job(R"("customer_name":"A")"));
    EXPECT_EQ(warnings_of(kept), "");
    EXPECT_EQ(kept.hash, hash_of_job(R"("metadata":{"customer_name":"A"})"));
    EXPECT_EQ(creation_faults_of(record), "operation_name NOT_NULL; part_external_id FK_REQUIRED");
}

TEST(Record, ReadOnlyNamesAreNeverTaken) {
    Reader reader;
    const Record record = reader.read("jobs", job(R"("tenant_id":"x","created_at":1,"updated_at":1,"synced_at":1,
        "sync_hash":1,"deleted_at":null,"deleted_by":1,"id":1)"));
    EXPECT_EQ(record.warnings.size(), 8u);
    for (const Warning& warning : record.warnings)
        EXPECT_EQ(warning.code, "READ_ONLY");
    EXPECT_TRUE(record.values.empty());
    EXPECT_EQ(record.hash, hash_of_job(""));
}

TEST(Record, OperationsAreTwo) {
    EXPECT_EQ(faults_of_job(R"("_op":"upsert")"), "");
    EXPECT_EQ(hash_of_job(R"("_op":"upsert")"), hash_of_job(""));
    for (const std::string_view bad : {R"("_op":"remove")", R"("_op":null)", R"("_op":1)", R"("_op":"DELETE")"})
        EXPECT_EQ(faults_of_job(bad), "_op INVALID_PAYLOAD") << bad;
    EXPECT_EQ(faults_of_job(R"("_o":1,"__op":1)"), "__op INVALID_PAYLOAD; _o INVALID_PAYLOAD");
    EXPECT_EQ(faults_of_job(R"("_op":7,"priority":-1)"), "_op INVALID_PAYLOAD; priority MIN_VALUE");
}

TEST(Record, ADeleteNeedsItsKeyOnly) {
    Reader reader(R"({"unknown_fields":"error","update_strategy":"replace"})");
    Record record = reader.read("jobs", job(R"("_op":"delete","status":"nonsense","zzz":1,"_y":2,"parts":5)"));
    EXPECT_EQ(record.operation, Operation::remove);
    EXPECT_EQ(faults_of(record), "");
    EXPECT_TRUE(record.has_key && record.hash.empty() && record.values.empty() && record.children.empty());
    record = reader.read("jobs", R"({"_op":"delete","external_id":"a"})");
    EXPECT_EQ(faults_of(record), "external_source NOT_NULL");
}

TEST(Record, ReplaceFillsWhatIsAbsent) {
    const std::string_view replace = R"({"update_strategy":"replace"})";
    Reader reader(replace);
    const Record record = reader.read("jobs", job(R"("job_number":"J")"));
    EXPECT_EQ(faults_of(record), "");
    EXPECT_EQ(value_of(record, "status"), nullptr);
    EXPECT_EQ(value_of(record, "priority")->value.integer, 0);
    EXPECT_TRUE(value_of(record, "customer")->value.is_null);
    EXPECT_EQ(
        record.hash,
        hash_of_job(R"("job_number":"J","customer":null,"due_date":null,"priority":0,"notes":null,"metadata":null)"));
    EXPECT_EQ(hash_of_job(R"("job_number":"J","priority":0)", replace), record.hash);
    EXPECT_EQ(faults_of_job("", replace), "job_number NOT_NULL");

    const Record cell = reader.read("cells", job(R"("name":"Laser")"));
    EXPECT_EQ(value_of(cell, "color")->value.text, "#3B82F6");
    EXPECT_EQ(value_of(cell, "active")->value.integer, 1);
    EXPECT_EQ(value_of(cell, "sequence"), nullptr);
}

TEST(Record, ReplaceLeavesStrictColumnsAlone) {
    const auto schema = test::make_shop_schema([](Schema& shop) {
        test::column_of(test::entity_of(shop, "jobs"), "notes").not_null = true;
        test::field_of(test::entity_of(shop, "jobs"), "customer").default_next = true;
    });
    Reader reader(R"({"update_strategy":"replace"})", *schema);
    const Record record = reader.read("jobs", job(R"("job_number":"J")"));
    EXPECT_EQ(faults_of(record), "");
    EXPECT_EQ(value_of(record, "notes"), nullptr);
    EXPECT_EQ(value_of(record, "customer"), nullptr);
}

TEST(RecordHash, IsOfCanonicalNamesAndConvertedValues) {
    EXPECT_EQ(hash_of_job(R"("customer_name":"A","priority":"25","due_date":"20261231")"),
              hash_of_job(R"("priority":2.5e1,"due_date":"20261231","customer":"A")"));
    EXPECT_EQ(hash_of_job(R"("customer":1001)"), hash_of_job(R"("customer":"1001")"));
    EXPECT_NE(hash_of_job(R"("due_date":"20261231")"), hash_of_job(R"("due_date":"2026-12-31")"));
    EXPECT_NE(hash_of_job(R"("customer":null)"), hash_of_job(""));
    Reader reader;
    EXPECT_EQ(reader.read("operations", job(R"("status":"paused","instructions":"x")")).hash,
              reader.read("operations", job(R"("status":"on_hold","notes":"x")")).hash);
    EXPECT_EQ(value_of(reader.read("operations", job(R"("status":"paused")")), "status")->value.text, "on_hold");
}

TEST(RecordHash, IsWhatAnyClientComputes) {
    Reader reader;
    EXPECT_EQ(
        reader
            .read("operations", job(R"("operation_name":"Cut","cell_name":"Laser","part_external_id":7,
                  "estimated_time_minutes":"12.50","assigned_operator_id":"0189F7EA-0000-7000-8000-00000000000A"
                  ,"sequence":"10","unknown":1)"))
            .hash,
        hash_of_document(R"({"external_id":"SO-1","external_source":"SAP","operation_name":"Cut","cell_name":"Laser",
                  "part_external_id":7,"estimated_time":12.5,"sequence":10,
                  "assigned_operator_id":"0189f7ea-0000-7000-8000-00000000000a"})"));
}

TEST(Record, AThousandMembersAreNoTrouble) {
    std::string more;
    for (int i = 0; i < 1000; ++i)
        more += (i ? "," : "") + ("\"unknown_" + std::to_string(i)) + "\":" + std::to_string(i);
    Reader warn;
    EXPECT_EQ(warn.read("jobs", job(more)).warnings.size(), 1000u);
    Reader metadata(R"({"unknown_fields":"metadata"})");
    EXPECT_EQ(value_of(metadata.read("jobs", job(more)), "metadata")->value.json.members().size(), 1000u);
}

TEST(Record, StrangeNamesStayHarmless) {
    Reader reader;
    const Record record =
        reader.read("jobs", job(R"("":1,"a\"b; DROP TABLE":2,")" + std::string(10000, 'x') + R"(":3,"ü.[0]":4)"));
    EXPECT_EQ(record.warnings.size(), 4u);
    for (const Warning& warning : record.warnings)
        EXPECT_LT(warning.path.size(), 300u);
}

TEST(BulkItems, TakesThreeForms) {
    JsonArena arena;
    const auto count = [&](std::string_view text) { return bulk_items(parse_json(text, arena), "jobs").size(); };
    EXPECT_EQ(count("[1,{},null]"), 3u);
    EXPECT_EQ(count("[]"), 0u);
    EXPECT_EQ(count(R"({"items":[{},{}]})"), 2u);
    EXPECT_EQ(count(R"({"jobs":[{}]})"), 1u);
}

// What is said of a payload that is none.
std::string refusal(std::string_view text) {
    JsonArena arena;
    try {
        bulk_items(parse_json(text, arena), "jobs");
    } catch (const CallError& error) {
        return error.faults().front().message;
    }
    return "none";
}

TEST(BulkItems, RefusesAnythingElse) {
    JsonArena arena;
    for (const std::string_view text : {"null", "1", "\"x\"", "{}", R"({"parts":[]})", R"({"items":{}})",
                                        R"({"items":null})", R"({"items":[],"jobs":[]})", R"({"items":[],"x":1})"}) {
        try {
            bulk_items(parse_json(text, arena), "jobs");
            ADD_FAILURE() << text;
        } catch (const CallError& error) {
            EXPECT_EQ(error.faults().front().code, Code::invalid_payload) << text;
        }
    }
    EXPECT_EQ(refusal(R"({"items":[],"count":1,"hasMore":false})"),
              "expected an array of records, {\"items\": [...]} or {\"jobs\": [...]}, without other members such as "
              "\"count\", \"hasMore\"");
}

}  // namespace
}  // namespace eryxon::core
