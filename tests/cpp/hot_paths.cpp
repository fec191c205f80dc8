// SPDX-License-Identifier: MIT
// The operations whose instructions bench/instructions/ counts: `hot_paths NAME REPEATS`.
#include "replay_memory.hpp"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace {

using dqn_fast::Role;

constexpr std::size_t kCapacity = 100'000;
constexpr std::size_t kWidth = 4; // float32 of an observation
constexpr std::size_t kEpisode = 200;
constexpr std::size_t kLargestBatch = 256;

/// A full memory of episodes, and what is added to it and drawn from it.
class Subject {
  public:
    explicit Subject(bool prioritized)
        : memory_(dqn_fast::Schema({{"obs", Role::kObservation, "<f4", {kWidth}, 4},
                                    {"action", Role::kAction, "<i8", {}, 8},
                                    {"reward", Role::kReward, "<f4", {}, 4}}),
                  {1, kCapacity, std::nullopt},
                  0,
                  prioritized ? std::optional(dqn_fast::PriorityOptions{}) : std::nullopt),
          obs_(kLargestBatch * kWidth), next_obs_(kLargestBatch * kWidth), action_(kLargestBatch),
          indices_(kLargestBatch), reward_(kLargestBatch), discount_(kLargestBatch),
          weights_(kLargestBatch), priorities_(kLargestBatch), flags_(2 * kLargestBatch) {
        step_.fields = {bytes(now_), bytes(&new_action_), bytes(&new_reward_)};
        step_.next_obs = {bytes(then_)};
        step_.terminated = &terminated_;
        step_.truncated = &truncated_;
        batch_.fields = {bytes(obs_.data()), bytes(action_.data()), bytes(reward_.data())};
        batch_.next_obs = {bytes(next_obs_.data())};
        batch_.terminated = reinterpret_cast<bool *>(flags_.data());
        batch_.truncated = reinterpret_cast<bool *>(flags_.data() + kLargestBatch);
        batch_.discount = bytes(discount_.data());
        batch_.weights = weights_.data();
        batch_.indices = indices_.data();
        for (std::size_t i = 0; i < kCapacity + kCapacity / 2; ++i)
            add();
    }

    void add() {
        const std::size_t position = added_++ % kEpisode;
        for (std::size_t i = 0; i < kWidth; ++i) {
            now_[i] = position == 0 ? static_cast<float>(added_) : then_[i];
            then_[i] = now_[i] + 1.0F;
        }
        terminated_ = position == kEpisode - 1;
        new_action_ = static_cast<std::int64_t>(position % 2);
        memory_.add(step_);
    }

    void sample(std::size_t rows) { memory_.copy(memory_.draw(rows, 0.4, 1), {1, 0.99}, batch_); }

    void sample_and_update(std::size_t rows) {
        sample(rows);
        for (std::size_t i = 0; i < rows; ++i)
            priorities_[i] =
                static_cast<double>((seed_ = seed_ * 1664525U + 1013904223U) >> 8) * 1e-6;
        memory_.update_priorities({indices_.data(), rows}, {priorities_.data(), rows});
    }

  private:
    template <class T>
    static std::byte *bytes(T *data) {
        return reinterpret_cast<std::byte *>(data);
    }

    dqn_fast::ReplayMemory memory_;
    dqn_fast::StepBatch step_;
    dqn_fast::TransitionBatch batch_;
    float now_[kWidth] = {}, then_[kWidth] = {};
    std::int64_t new_action_ = 0;
    float new_reward_ = 1.0F;
    std::uint8_t terminated_ = 0, truncated_ = 0;
    std::size_t added_ = 0;
    std::uint32_t seed_ = 1;
    std::vector<float> obs_, next_obs_;
    std::vector<std::int64_t> action_, indices_;
    std::vector<float> reward_, discount_, weights_;
    std::vector<double> priorities_;
    std::vector<std::uint8_t> flags_;
};

} // namespace

/// Only what happens in here is counted, so its name is not mangled and it is not inlined.
extern "C" [[gnu::noinline]] void measured(const std::function<void()> &operation, int repeats) {
    for (int i = 0; i < repeats; ++i)
        operation();
}

int main(int argc, char **argv) {
    const std::map<std::string, std::function<void(Subject &)>> operations = {
        {"add, prioritised", [](Subject &subject) { subject.add(); }},
        {"sample 32, uniform", [](Subject &subject) { subject.sample(32); }},
        {"sample + update 32, prioritised",
         [](Subject &subject) { subject.sample_and_update(32); }},
        {"sample + update 256, prioritised",
         [](Subject &subject) { subject.sample_and_update(256); }},
    };
    const std::string name = argc == 3 ? argv[1] : "";
    const auto found = operations.find(name);
    if (found == operations.end()) {
        std::fprintf(stderr, "hot_paths: got '%s', expected a name and a number\n", name.c_str());
        for (const auto &operation : operations)
            std::fprintf(stderr, "  %s\n", operation.first.c_str());
        return 2;
    }
    Subject subject(name.find("prioritised") != std::string::npos);
    measured([&] { found->second(subject); }, std::atoi(argv[2]));
    return 0;
}
