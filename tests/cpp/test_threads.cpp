// SPDX-License-Identifier: MIT
#include "check.hpp"
#include "memory_fixture.hpp"

#include <thread>

// Writers and a reader under the memory's lock: no row is torn. For ThreadSanitizer too.
int main() {
    Fixture fixture(1000, 2, dqn_fast::PriorityOptions{});
    fixture.add(1, 2);
    const auto write = [&fixture](std::size_t stream) {
        for (std::int64_t i = 1; i < 5000; ++i) {
            const std::lock_guard lock(fixture.memory.mutex());
            fixture.add(i, i + 1, i % 100 == 0, false, std::nullopt, stream);
        }
    };
    std::thread first(write, 0), second(write, 1);
    for (int i = 0; i < 2000; ++i) {
        const std::lock_guard lock(fixture.memory.mutex());
        fixture.sample(32);
        for (std::size_t row = 0; row < 32; ++row) {
            CHECK(fixture.drawn.next_obs[row] == fixture.drawn.obs[row] + 1);
            CHECK(fixture.drawn.action[row] == 10 * fixture.drawn.obs[row]);
        }
    }
    first.join();
    second.join();
    CHECK(fixture.memory.is_valid());
}
