// SPDX-License-Identifier: MIT
#include "storage/arena.hpp"

#include "check.hpp"
#include "memory_fixture.hpp"
#include "storage/arena_header.hpp"

#include <cstdint>
#include <limits>
#include <utility>

using namespace dqn_fast;

namespace {

void a_block_is_zeroed_and_moves_without_a_copy() {
    for (const std::size_t bytes : {std::size_t{100}, 3 * Arena::kHugePage}) {
        Arena arena = Arena::anonymous(bytes);
        CHECK(arena.size() == bytes);
        for (std::size_t i = 0; i < bytes; i += 97)
            CHECK(arena.data()[i] == std::byte{0});
        if (bytes >= Arena::kHugePage)
            CHECK(reinterpret_cast<std::uintptr_t>(arena.data()) % Arena::kHugePage == 0);
        std::byte *const data = arena.data();
        data[bytes - 1] = std::byte{7};
        const Arena moved(std::move(arena));
        CHECK(moved.data() == data && moved.size() == bytes && data[bytes - 1] == std::byte{7});
    }
    CHECK_THROWS(OutOfMemory,
                 static_cast<void>(Arena::anonymous(std::numeric_limits<std::size_t>::max() / 2)));
}

void the_header_tells_memories_apart() {
    const auto header = [](std::size_t capacity,
                           std::size_t streams,
                           std::optional<PriorityOptions> options = std::nullopt) {
        return Fixture(capacity, streams, options).memory.header();
    };
    const ArenaHeader plain = header(8, 1);
    CHECK(plain == header(8, 1));
    CHECK(plain.magic == ArenaHeader::kMagic && plain.header_bytes == sizeof(ArenaHeader));
    CHECK(plain.arena_bytes == Fixture(8).memory.nbytes());
    PriorityOptions with_min;
    with_min.normalization = WeightNormalization::kBuffer;
    for (const ArenaHeader &other :
         {header(9, 1), header(8, 2), header(8, 1, PriorityOptions{}), header(8, 1, with_min)})
        CHECK(other != plain);
    CHECK(header(8, 1, with_min) != header(8, 1, PriorityOptions{}));
    CHECK(plain.schema_digest == Fixture::schema().digest());
}

void each_property_of_a_field_is_in_the_digest() {
    const auto digest = [](const Field &obs) {
        return Schema({obs,
                       {"action", Role::kAction, "<i8", {}, 8},
                       {"reward", Role::kReward, "<f4", {}, 4}})
            .digest();
    };
    const Field obs{"obs", Role::kObservation, "<f4", {4, 2}, 4};
    Field other = obs;
    CHECK(digest(other) == digest(obs));
    other.name = "ob";
    CHECK(digest(other) != digest(obs));
    other = obs, other.dtype = "<i4";
    CHECK(digest(other) != digest(obs));
    other = obs, other.shape = {2, 4};
    CHECK(digest(other) != digest(obs));
    other = obs, other.frames = 2;
    CHECK(digest(other) != digest(obs));
    Field axis = other;
    axis.frame_axis = 1;
    CHECK(digest(axis) != digest(other));
}

} // namespace

int main() {
    a_block_is_zeroed_and_moves_without_a_copy();
    the_header_tells_memories_apart();
    each_property_of_a_field_is_in_the_digest();
}
