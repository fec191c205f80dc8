// SPDX-License-Identifier: MIT
#include "storage/snapshot.hpp"

#include "check.hpp"
#include "memory_fixture.hpp"
#include "sampling/random.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>

using namespace dqn_fast;

namespace {

std::uint64_t checksum_of(const char *text) {
    Checksum checksum;
    checksum.add(reinterpret_cast<const std::byte *>(text), std::strlen(text));
    return checksum.value();
}

// The algorithm's published values, for seed 0.
void checksums_are_those_of_xxh64() {
    CHECK(checksum_of("") == 0xef46db3751d8e999U);
    CHECK(checksum_of("a") == 0xd24ec4f1a98c6e5bU);
    CHECK(checksum_of("abc") == 0x44bc2cf5ad770999U);
    CHECK(checksum_of("Nobody inspects the spammish repetition") == 0xfbcea83c8a378bf1U);
}

void a_checksum_does_not_depend_on_how_its_bytes_come() {
    Random random;
    random.seed(1);
    std::vector<std::byte> data(1000);
    for (std::byte &byte : data)
        byte = static_cast<std::byte>(random.below(256));
    Checksum whole;
    whole.add(data.data(), data.size());
    for (int round = 0; round < 100; ++round) {
        Checksum parts;
        for (std::size_t at = 0; at < data.size();) {
            const std::size_t size = std::min<std::size_t>(data.size() - at, random.below(100));
            parts.add(data.data() + at, size);
            at += size;
        }
        CHECK(parts.value() == whole.value());
    }
}

void fill(Fixture &fixture) {
    for (std::int64_t i = 0; i < 300; ++i)
        fixture.add(i % 5,
                    (i + 1) % 5,
                    i % 11 == 0,
                    i % 13 == 0,
                    0.1 + static_cast<double>(i % 7),
                    static_cast<std::size_t>(i % 2));
}

std::vector<std::byte> saved(const Fixture &fixture) {
    snapshot::MemoryWriter writer;
    writer.begin("{}");
    fixture.memory.save(writer);
    writer.end();
    return writer.bytes();
}

void restore(Fixture &fixture, const std::vector<std::byte> &bytes) {
    snapshot::Reader reader(bytes.data(), bytes.size());
    fixture.memory.restore(reader);
    reader.end();
}

void a_restored_memory_goes_on_as_the_saved_one() {
    Fixture original(40, 2, PriorityOptions{});
    fill(original);
    Fixture copy(40, 2, PriorityOptions{});
    restore(copy, saved(original));
    for (int i = 0; i < 50; ++i) {
        original.sample(16, 3);
        copy.sample(16, 3);
        CHECK(original.drawn.obs == copy.drawn.obs && original.drawn.indices == copy.drawn.indices);
        CHECK(original.drawn.reward == copy.drawn.reward);
        CHECK(original.drawn.weights == copy.drawn.weights);
        const std::vector<double> priorities(16, i);
        original.memory.update_priorities(original.drawn.indices, priorities);
        copy.memory.update_priorities(copy.drawn.indices, priorities);
        original.add(i, i + 1);
        copy.add(i, i + 1);
    }
    CHECK(copy.memory.is_valid());
}

void every_accident_is_found() {
    Fixture original(40, 2, PriorityOptions{});
    fill(original);
    const std::vector<std::byte> good = saved(original);
    Random random;
    random.seed(2);
    for (int round = 0; round < 10'000; ++round) {
        std::vector<std::byte> bad = good;
        if (round % 4 == 0)
            bad.resize(random.below(bad.size()));
        else if (round % 4 == 1)
            bad.insert(bad.end(), 1 + random.below(100), std::byte{0});
        else
            bad[random.below(bad.size())] ^= static_cast<std::byte>(1U << random.below(8));
        CHECK_THROWS(std::invalid_argument, snapshot::Reader(bad.data(), bad.size()));
    }
}

// Whoever alters a file and makes its checksum right gets an error or another valid memory.
void a_forged_file_does_no_harm() {
    Fixture original(40, 2, PriorityOptions{});
    fill(original);
    const std::vector<std::byte> good = saved(original);
    Random random;
    random.seed(3);
    int refused = 0;
    for (int round = 0; round < 3'000; ++round) {
        std::vector<std::byte> bad = good;
        for (std::size_t i = 0; i < 1 + random.below(3); ++i) {
            // Mostly in the state, which lies first.
            const std::size_t end = random.below(2) == 0 ? 250 : bad.size();
            bad[snapshot::kPreamble + random.below(end - snapshot::kPreamble - 8)] =
                static_cast<std::byte>(random.below(256));
        }
        bad.resize(bad.size() - 8);
        Checksum checksum;
        checksum.add(bad.data(), bad.size());
        const std::uint64_t value = checksum.value();
        const auto *bytes = reinterpret_cast<const std::byte *>(&value);
        bad.insert(bad.end(), bytes, bytes + sizeof value);
        Fixture fixture(40, 2, PriorityOptions{});
        try {
            restore(fixture, bad);
        } catch (const std::invalid_argument &) {
            ++refused;
            continue;
        }
        CHECK(fixture.memory.is_valid());
        if (fixture.memory.size() > 0)
            fixture.sample(8, 3);
        fixture.add(1, 2);
        CHECK(fixture.memory.is_valid());
    }
    CHECK(refused > 500);
}

} // namespace

int main() {
    checksums_are_those_of_xxh64();
    a_checksum_does_not_depend_on_how_its_bytes_come();
    a_restored_memory_goes_on_as_the_saved_one();
    every_accident_is_found();
    a_forged_file_does_no_harm();
}
