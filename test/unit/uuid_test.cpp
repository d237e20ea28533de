// Uuids: the forms that PostgreSQL takes, and the order of those that are made.
#include "core/base/uuid.hpp"

#include "seed.hpp"

#include <gtest/gtest.h>
#include <string>

namespace eryxon::core {
namespace {

std::string read(std::string_view text) {
    const std::optional<Uuid> uuid = parse_uuid(text);
    return uuid ? to_string(*uuid) : "none";
}

std::array<std::uint8_t, 10> random_bytes(std::mt19937_64& random) {
    std::array<std::uint8_t, 10> bytes;
    for (std::uint8_t& byte : bytes)
        byte = static_cast<std::uint8_t>(random());
    return bytes;
}

TEST(Uuid, TakesWhatPostgresqlTakes) {
    const std::string expected = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11";
    for (const char* text : {"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11",
                             "a0eebc999c0b4ef8bb6d6bb9bd380a11", "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}",
                             "{a0eebc999c0b4ef8bb6d6bb9bd380a11}", "a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a11",
                             "a0eebc99-9c0b4ef8-bb6d6bb9-bd380a11"}) {
        EXPECT_EQ(read(text), expected) << text;
    }
}

TEST(Uuid, TakesNothingElse) {
    for (const char* text : {"", "none", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a111",
                             "g0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
                             "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}", "(a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11)",
                             " a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11 ",
                             "a0eebc99--9c0b-4ef8-bb6d-6bb9bd380a11", "-a0eebc999c0b4ef8bb6d6bb9bd380a11",
                             "a0eebc999c0b4ef8bb6d6bb9bd380a11-", "a0e-ebc999c0b4ef8bb6d6bb9bd380a11",
                             "a0eebc99_9c0b_4ef8_bb6d_6bb9bd380a11", "urn:uuid:a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
                             "{}", "{", "--------------------------------"}) {
        EXPECT_EQ(read(text), "none") << text;
    }
}

TEST(Uuid, WritesWhatItReads) {
    std::mt19937_64 random(test_seed());
    for (int i = 0; i < 1000; ++i) {
        Uuid uuid;
        for (std::uint8_t& byte : uuid)
            byte = static_cast<std::uint8_t>(random());
        EXPECT_EQ(parse_uuid(to_string(uuid)), uuid);
    }
}

TEST(Uuid, CountsUpInItsLastFourBytes) {
    Uuid const first = *parse_uuid("a0eebc99-9c0b-4ef8-bb6d-6bb9fffffffe");
    EXPECT_EQ(numbered_uuid(first, 0), first);
    EXPECT_EQ(to_string(numbered_uuid(first, 1)), "a0eebc99-9c0b-4ef8-bb6d-6bb9ffffffff");
    EXPECT_EQ(to_string(numbered_uuid(first, 2)), "a0eebc99-9c0b-4ef8-bb6d-6bb900000000");
    EXPECT_EQ(to_string(numbered_uuid(first, 0x01020306)), "a0eebc99-9c0b-4ef8-bb6d-6bb901020304");
}

TEST(UuidV7, HasItsTimeVersionAndVariant) {
    UuidV7Maker maker;
    // The example time of RFC 9562: 2022-02-22 19:22:22 UTC.
    const std::string text =
        to_string(maker.make(0x017f22e279b0, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}));
    EXPECT_EQ(text, "017f22e2-79b0-77ff-bfff-ffffffffffff");
}

TEST(UuidV7, RisesWhateverTheClockDoes) {
    std::mt19937_64 random(test_seed());
    UuidV7Maker maker;
    std::uint64_t clock = 1'800'000'000'000;
    Uuid last{};
    for (int i = 0; i < 50'000; ++i) {
        if (random() % 5000 == 0) clock += random() % 3;
        if (random() % 9000 == 0) clock -= 1000;
        const Uuid uuid = maker.make(clock, random_bytes(random));
        ASSERT_LT(last, uuid);
        ASSERT_EQ(uuid[6] >> 4, 7);
        ASSERT_EQ(uuid[8] >> 6, 2);
        last = uuid;
    }
}

TEST(UuidV7, TwoMakersDiffer) {
    std::mt19937_64 random(test_seed());
    UuidV7Maker one;
    UuidV7Maker other;
    EXPECT_NE(one.make(1'800'000'000'000, random_bytes(random)), other.make(1'800'000'000'000, random_bytes(random)));
}

}  // namespace
}  // namespace eryxon::core
