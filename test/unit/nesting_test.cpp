// Nested records: paths, what they inherit, and their hashes.
#include "core/schema/rules.hpp"
#include "shop_schema.hpp"

#include <gtest/gtest.h>

namespace eryxon::core {
namespace {

using test::faults_of;
using test::Reader;
using test::reference_of;
using By = ReferenceValue::By;

// A job with these parts.
std::string job(std::string_view parts) {
    return R"({"external_id":"SO-1","external_source":"SAP","job_number":"J","parts":)" + std::string(parts) + '}';
}

std::string faults_of_job(std::string_view parts) {
    Reader reader;
    return faults_of(reader.read("jobs", job(parts)));
}

// The hash of the first part of the job, and of the part sent alone.
void expect_equal_hashes(std::string_view nested, std::string_view alone) {
    Reader reader;
    const Record record = reader.read("jobs", job('[' + std::string(nested) + ']'));
    const Record part = reader.read("parts", alone);
    EXPECT_EQ(faults_of(record) + faults_of(part), "");
    EXPECT_EQ(record.children.at(0).records.at(0).hash, part.hash) << nested;
    EXPECT_EQ(part.hash.view().size(), 64u);
}

TEST(Nesting, ReadsThreeLevels) {
    Reader reader;
    const Record record = reader.read("jobs", job(R"([{"external_id":"P1","part_number":"P","operations":[
        {"external_id":"O1","operation_name":"Cut","cell_name":"Laser"},
        {"external_id":"O2","operation_name":"Bend","cell_name":"Brake"}]},{"external_id":"P2","part_number":"Q"}])"));
    EXPECT_EQ(faults_of(record), "");
    EXPECT_FALSE(is_faulty(record));
    ASSERT_EQ(record.children.size(), 1u);
    const Record& part = record.children[0].records.at(0);
    EXPECT_EQ(record.children[0].records.size(), 2u);
    EXPECT_EQ(part.entity->name, "parts");
    EXPECT_EQ(part.path, "parts[0].");
    EXPECT_EQ(part.source, "SAP");
    EXPECT_EQ(part.creation_faults.size(), 0u);
    const ReferenceValue* to_job = reference_of(part, "job");
    ASSERT_NE(to_job, nullptr);
    EXPECT_EQ(to_job->by, By::external_id);
    EXPECT_EQ(to_job->path, "job_external_id");
    EXPECT_EQ(to_job->text, "SO-1");
    EXPECT_EQ(to_job->source, "SAP");
    const Record& second = part.children.at(0).records.at(1);
    EXPECT_EQ(second.path, "parts[0].operations[1].");
    EXPECT_EQ(reference_of(second, "part")->text, "P1");
}

TEST(Nesting, FaultsCarryTheirPath) {
    EXPECT_EQ(faults_of_job(R"([{"external_id":"P1","quantity":0,"operations":[{"external_id":"a"},
                                {"external_id":"b","cell_name":false,"_y":1},7]},{"part_number":"Q"}])"),
              "parts[0].quantity MIN_VALUE; parts[0].operations[1].cell_name TYPE_MISMATCH; "
              "parts[0].operations[1]._y INVALID_PAYLOAD; parts[0].operations[2] INVALID_PAYLOAD; "
              "parts[1].external_id NOT_NULL");
    Reader reader;
    const Record record =
        reader.read("jobs", job(R"([{"external_id":"P1","operations":[{"external_id":"x"}],"zz":1}])"));
    EXPECT_TRUE(is_faulty(reader.read("jobs", job("[{}]"))));
    const Record& part = record.children[0].records[0];
    EXPECT_EQ(test::warnings_of(part), "parts[0].zz UNKNOWN_FIELD");
    EXPECT_EQ(test::creation_faults_of(part), "parts[0].part_number NOT_NULL");
    EXPECT_EQ(test::creation_faults_of(part.children[0].records[0]),
              "parts[0].operations[0].cell_external_id FK_REQUIRED; parts[0].operations[0].operation_name NOT_NULL");
}

TEST(Nesting, ArraysAreArraysOrNotSent) {
    EXPECT_EQ(faults_of_job("{}"), "parts TYPE_MISMATCH");
    EXPECT_EQ(faults_of_job("\"x\""), "parts TYPE_MISMATCH");
    Reader reader;
    EXPECT_TRUE(reader.read("jobs", job("null")).children.empty());
    EXPECT_EQ(reader.read("jobs", job("[]")).children.size(), 1u);
    EXPECT_EQ(reader.read("jobs", job("[]")).hash, reader.read("jobs", job("null")).hash);
}

TEST(Nesting, ChildrenAreNotInTheParentsHash) {
    Reader reader;
    EXPECT_EQ(reader.read("jobs", job(R"([{"external_id":"P1"}])")).hash, reader.read("jobs", job("[]")).hash);
}

TEST(Nesting, AChildsHashIsAsIfTheReferenceHadBeenSent) {
    expect_equal_hashes(R"({"external_id":"P1","part_number":"P"})",
                        R"({"external_id":"P1","external_source":"SAP","part_number":"P","job_external_id":"SO-1"})");
    expect_equal_hashes(R"({"external_id":"P1","external_source":"Odoo","part_number":"P"})",
                        R"({"external_id":"P1","external_source":"Odoo","part_number":"P","job_external_id":"SO-1",
                            "job_external_source":"SAP"})");
    expect_equal_hashes(R"({"external_id":"P1","part_number":"P","job_external_source":"SAP"})",
                        R"({"external_id":"P1","external_source":"SAP","part_number":"P","job_external_id":"SO-1",
                            "job_external_source":"SAP"})");
    expect_equal_hashes(R"({"external_id":"P1","part_number":"P","job_external_id":"SO-1"})",
                        R"({"external_id":"P1","external_source":"SAP","part_number":"P","job_external_id":"SO-1"})");
}

TEST(Nesting, AChildMayOnlyNameItsOwnParent) {
    EXPECT_EQ(faults_of_job(R"([{"external_id":"P1","job_external_id":"SO-2"}])"),
              "parts[0].job_external_id FK_CONSTRAINT");
    EXPECT_EQ(faults_of_job(R"([{"external_id":"P1","job_external_id":"SO-1","job_external_source":"Odoo"}])"),
              "parts[0].job_external_id FK_CONSTRAINT");
    EXPECT_EQ(faults_of_job(R"([{"external_id":"P1","job_external_id":null}])"),
              "parts[0].job_external_id FK_REQUIRED");
    EXPECT_EQ(faults_of_job(R"([{"external_id":"P1","external_source":null}])"), "parts[0].external_source NOT_NULL");
    EXPECT_EQ(faults_of_job(R"([{"external_id":"P1","job_external_source":"Odoo"}])"),
              "parts[0].job_external_source FK_CONSTRAINT");
    EXPECT_EQ(faults_of_job(R"([{"external_id":"P1","external_source":"Odoo","job_external_id":"SO-1"}])"),
              "parts[0].job_external_id FK_CONSTRAINT");
    EXPECT_EQ(faults_of_job(R"([{"external_id":"P1","job_external_id":"SO-1"}])"), "");
}

TEST(Nesting, AnIdOfTheParentIsLeftToTheDatabase) {
    Reader reader;
    const Record record =
        reader.read("jobs", job(R"([{"external_id":"P1","job_id":"0189f7ea-0000-7000-8000-00000000000a"}])"));
    EXPECT_EQ(faults_of(record), "");
    EXPECT_EQ(reference_of(record.children[0].records[0], "job")->by, By::id);
}

TEST(Nesting, ABrokenParentHasNoSourceToGive) {
    Reader reader;
    const Record record = reader.read("jobs", R"({"external_id":" x","parts":[{"external_id":"P1"}]})");
    EXPECT_EQ(faults_of(record),
              "external_id PATTERN_MISMATCH; external_source NOT_NULL; parts[0].external_source NOT_NULL");
    EXPECT_FALSE(record.children[0].records[0].has_key);
    EXPECT_TRUE(is_faulty(record));
}

TEST(Nesting, DeletesInChildren) {
    Reader reader;
    const Record record =
        reader.read("jobs", job(R"([{"external_id":"P1","_op":"delete","operations":[7],"status":"x"}])"));
    EXPECT_EQ(faults_of(record), "");
    const Record& part = record.children[0].records[0];
    EXPECT_EQ(part.operation, Operation::remove);
    EXPECT_TRUE(part.has_key && part.hash.empty() && part.references.empty() && part.children.empty());
}

TEST(Nesting, ReplaceKeepsTheInheritedParent) {
    Reader reader(R"({"update_strategy":"replace"})");
    const Record record = reader.read("jobs", job(R"([{"external_id":"P1","part_number":"P"}])"));
    EXPECT_EQ(faults_of(record), "");
    const Record& part = record.children[0].records[0];
    EXPECT_EQ(reference_of(part, "job")->by, By::external_id);
    EXPECT_EQ(reference_of(part, "parent_part")->by, By::null);
}

TEST(Nesting, AnEntityMayNestInItself) {
    const auto schema = test::make_shop_schema([](Schema& shop) {
        test::field_of(test::entity_of(shop, "parts"), "parent_part").reference->children_key = "sub_parts";
    });
    std::string json = R"({"external_id":"x","external_source":"S"})";
    for (int i = 0; i < 300; ++i)
        json = R"({"external_id":"x","external_source":"S","sub_parts":[)" + json + "]}";
    Reader reader("{}", *schema);
    const Record record = reader.read("parts", json);
    EXPECT_FALSE(is_faulty(record));
    EXPECT_EQ(reference_of(record.children.at(0).records.at(0), "parent_part")->text, "x");
}

}  // namespace
}  // namespace eryxon::core
