// SPDX-License-Identifier: MIT
#include "check.hpp"
#include "memory_fixture.hpp"

#include <thread>

#include <vector>

// Writers, and readers that give new priorities, under the memory's lock: no row is torn, and every
// index is good until its step is evicted. For ThreadSanitizer too.
int main() {
    Fixture fixture(1000, 2, dqn_fast::PriorityOptions{});
    fixture.add(1, 2);
    const auto write = [&fixture](std::size_t stream) {
        for (std::int64_t i = 1; i < 5000; ++i) {
            const std::lock_guard lock(fixture.memory.mutex());
            fixture.add(i, i + 1, i % 100 == 0, false, std::nullopt, stream);
        }
    };
    const auto read = [&fixture] {
        for (int i = 0; i < 1000; ++i) {
            Fixture::Rows rows;
            {
                const std::lock_guard lock(fixture.memory.mutex());
                fixture.sample(32);
                rows = fixture.drawn;
            }
            std::vector<double> priorities;
            for (std::size_t row = 0; row < 32; ++row) {
                CHECK(rows.next_obs[row] == rows.obs[row] + 1);
                CHECK(rows.action[row] == 10 * rows.obs[row]);
                priorities.push_back(static_cast<double>(rows.obs[row] % 7));
            }
            const std::lock_guard lock(fixture.memory.mutex());
            CHECK(fixture.memory.update_priorities(rows.indices, priorities) <= 32);
        }
    };
    std::vector<std::thread> threads;
    threads.emplace_back(write, 0);
    threads.emplace_back(write, 1);
    threads.emplace_back(read);
    threads.emplace_back(read);
    for (std::thread &thread : threads)
        thread.join();
    CHECK(fixture.memory.is_valid());
    CHECK(fixture.memory.counters().added == 2 * 4999 + 1);
}
