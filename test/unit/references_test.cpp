// References: the form that counts, sources, nulls, and what stands in the hash.
#include "core/json/canonical.hpp"
#include "core/schema/rules.hpp"
#include "shop_schema.hpp"

#include <gtest/gtest.h>

namespace eryxon::core {
namespace {

using test::creation_faults_of;
using test::faults_of;
using test::Reader;
using test::reference_of;
using By = ReferenceValue::By;

std::string operation(std::string_view more) {
    return R"({"external_id":"O-1","external_source":"SAP",)" + std::string(more) + '}';
}

// "<form> <path> <source>/<text>" of the reference to the cell, or its fault.
std::string cell_of(std::string_view more) {
    Reader reader;
    const Record record = reader.read("operations", operation(more));
    if (!record.faults.empty()) return faults_of(record);
    const ReferenceValue* cell = reference_of(record, "cell");
    if (!cell) return "not sent";
    static constexpr std::string_view names[] = {"null", "id", "external_id", "name"};
    std::string shown = std::string(names[static_cast<int>(cell->by)]) + ' ' + std::string(cell->path);
    if (cell->by == By::id) shown += ' ' + to_string(cell->id);
    if (cell->by == By::external_id) shown += ' ' + std::string(cell->source) + '/' + std::string(cell->text);
    if (cell->by == By::name) shown += ' ' + std::string(cell->text);
    return shown;
}

constexpr std::string_view uuid = "0189f7ea-0000-7000-8000-00000000000a";

TEST(References, TheFirstFormWithAValueCounts) {
    const std::string id = "\"cell_id\":\"" + std::string(uuid) + '"';
    const std::pair<std::string, std::string> cases[] = {
        {R"("status":"completed")", "not sent"},
        {R"("cell_name":"Laser")", "name cell_name Laser"},
        {R"("cell_name":7)", "name cell_name 7"},
        {R"("cell_external_id":"C1","cell_name":"Laser")", "external_id cell_external_id SAP/C1"},
        {id + R"(,"cell_external_id":"C1","cell_name":"Laser")", "id cell_id " + std::string(uuid)},
        {R"("cell_id":null,"cell_external_id":null,"cell_name":"Laser")", "name cell_name Laser"},
        {R"("cell_external_id":1001)", "external_id cell_external_id SAP/1001"},
        {R"("cell_external_id":"C1","cell_external_source":"Odoo")", "external_id cell_external_id Odoo/C1"},
        {R"("cell_external_id":"C1","cell_external_source":null)", "external_id cell_external_id SAP/C1"},
        {R"("cell_external_source":"Odoo")", "not sent"},
    };
    for (const auto& [more, expected] : cases)
        EXPECT_EQ(cell_of(more), expected) << more;
}

TEST(References, BadFormsAreFaults) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {R"("cell_id":"nope")", "cell_id UUID_FORMAT"},
        {R"("cell_id":5)", "cell_id TYPE_MISMATCH"},
        {R"("cell_external_id":1.5)", "cell_external_id TYPE_MISMATCH"},
        {R"("cell_external_id":{})", "cell_external_id TYPE_MISMATCH"},
        {R"("cell_external_id":"a","cell_external_source":[])", "cell_external_source TYPE_MISMATCH"},
        {R"("cell_name":true)", "cell_name TYPE_MISMATCH"},
        {R"("cell_id":null)", "cell_external_id FK_REQUIRED"},
        {R"("cell_name":null,"cell_external_id":null)", "cell_external_id FK_REQUIRED"},
    };
    for (const auto& [more, expected] : cases)
        EXPECT_EQ(cell_of(more), expected) << more;
}

TEST(References, NullClearsWhatIsNotRequired) {
    Reader reader;
    const Record record = reader.read("parts", operation(R"("parent_part_id":null)"));
    EXPECT_EQ(faults_of(record), "");
    ASSERT_NE(reference_of(record, "parent_part"), nullptr);
    EXPECT_EQ(reference_of(record, "parent_part")->by, By::null);
}

TEST(References, RequiredOnesAreDemandedOnCreation) {
    Reader reader;
    EXPECT_EQ(creation_faults_of(reader.read("parts", operation(R"("part_number":"P")"))),
              "job_external_id FK_REQUIRED");
    Reader replace(R"({"update_strategy":"replace"})");
    EXPECT_EQ(faults_of(replace.read("parts", operation(R"("part_number":"P")"))), "job_external_id FK_REQUIRED");
}

TEST(References, ReplaceClearsAbsentOnes) {
    Reader reader(R"({"update_strategy":"replace"})");
    const Record record = reader.read("parts", operation(R"("part_number":"P","job_external_id":"J")"));
    ASSERT_NE(reference_of(record, "parent_part"), nullptr);
    EXPECT_EQ(reference_of(record, "parent_part")->by, By::null);
    const Record sent =
        reader.read("parts", operation(R"("part_number":"P","job_external_id":"J","parent_part_external_id":null)"));
    EXPECT_EQ(record.hash, sent.hash);
}

TEST(References, StandInTheHashAsSent) {
    Reader reader;
    const auto hash = [&](std::string_view more) { return reader.read("operations", operation(more)).hash; };
    const auto document = [&](std::string_view more) { return sync_hash(parse_json(operation(more), reader.arena())); };
    for (const std::string_view more :
         {R"("cell_name":"Laser","part_external_id":7)", R"("cell_external_id":"C","cell_external_source":"Odoo")",
          R"("cell_id":null,"cell_name":"Laser")", R"("cell_external_source":"Odoo")",
          R"("cell_id":"0189F7EA-0000-7000-8000-00000000000A","cell_name":"x")"})
        EXPECT_EQ(hash(more), document(more)) << more;
}

TEST(References, HaveNoBareNameAndNoNameByDefault) {
    Reader reader;
    EXPECT_EQ(test::warnings_of(reader.read("operations", operation(R"("cell":"x","part_name":"y")"))),
              "cell UNKNOWN_FIELD; part_name UNKNOWN_FIELD");
}

TEST(References, TakeValueAliases) {
    const auto schema = test::make_shop_schema([](Schema& shop) {
        Field& field = test::field_of(test::entity_of(shop, "parts"), "parent_part");
        field.value_aliases.emplace("000000", Json::null());
    });
    Reader reader("{}", *schema);
    const Record record = reader.read("parts", operation(R"("parent_part_external_id":"000000")"));
    EXPECT_EQ(reference_of(record, "parent_part")->by, By::null);
}

}  // namespace
}  // namespace eryxon::core
