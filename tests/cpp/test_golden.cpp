// SPDX-License-Identifier: MIT
// The committed seeds give the committed batches, bit for bit and under every kernel, through the
// core alone: for compilers, libraries and processors that have no Python here. The cases and walks
// are those of tests/replay/golden.py; the file, which it writes, is the only argument.
#include "check.hpp"
#include "environment.hpp"
#include "replay_memory.hpp"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

using namespace dqn_fast;

namespace {

using Bytes = std::vector<std::byte>;
using Columns = std::map<std::string, std::vector<double>>; // by "case; batch; column"
using Normalization = WeightNormalization;

// A stack of frames that are all the same number, or for one frame that number.
struct Observation {
    std::string key = {};
    std::size_t frames = 1;
    const char *dtype = "<f8";
    std::size_t itemsize = 8;
};

struct Case {
    std::string name;
    std::uint64_t seed;
    std::size_t capacity; // of all streams
    std::size_t streams = 1;
    std::size_t n_step = 1;
    std::optional<PriorityOptions> priorities = {};
    double beta = 0.4;
    std::vector<Observation> observations = {Observation{}};
    std::optional<double> reserve = {};
    bool shows_observations = false;
};

constexpr std::uint64_t kLargestSeed = (std::uint64_t{1} << 63) - 1;

const std::vector<Case> &cases() {
    using Options = PriorityOptions;
    static const std::vector<Observation> dict{
        {"['a']", 3}, {"['in']['b']", 2, "<f4", 4}, {"['in']['c']", 1, "<i8", 8}};
    static const std::vector<Case> all{
        {"uniform", 0, 1000},
        {"uniform, one step", 1, 1},
        {"uniform, three streams", 2, 300, 3, 3},
        {"uniform, largest seed", kLargestSeed, 77},
        {"stratified", 3, 1000, 1, 1, Options{}},
        {"iid", 4, 1000, 1, 1, Options{.stratified = false}},
        {"stratified, three streams",
         5,
         300,
         3,
         5,
         Options{.normalization = Normalization::kBuffer}},
        {"iid, plain weights",
         6,
         513,
         1,
         1,
         Options{.alpha = 1.0, .normalization = Normalization::kNone, .stratified = false},
         1.0},
        {"alpha 0", 7, 65, 1, 1, Options{.alpha = 0.0}},
        {"large", 8, 100'000, 1, 1, Options{.alpha = 0.7}},
        {"stacks", 9, 500, 1, 3, Options{}, 0.4, {{"", 4}}, {}, true},
        {"stacks, two streams", 10, 200, 2, 2, {}, 0.4, {{"", 2}}, {}, true},
        {"dicts", 11, 200, 1, 1, Options{}, 0.4, dict, 0.5, true},
    };
    return all;
}

template <class T>
void append(Bytes &bytes, T value) {
    const auto *data = reinterpret_cast<const std::byte *>(&value);
    bytes.insert(bytes.end(), data, data + sizeof value);
}

void append_number(Bytes &bytes, const Observation &observation, std::int64_t value) {
    if (observation.itemsize == 4)
        append(bytes, static_cast<float>(value));
    else if (std::strcmp(observation.dtype, "<i8") == 0)
        append(bytes, value % 3);
    else
        append(bytes, static_cast<double>(value));
}

// What is seen at t of a walk that began at `first`: zeros come before that.
void append_stack(Bytes &bytes,
                  const Observation &observation,
                  std::int64_t t,
                  std::int64_t first) {
    for (auto age = static_cast<std::int64_t>(observation.frames) - 1; age >= 0; --age)
        append_number(bytes, observation, t - age < first && observation.frames > 1 ? 0 : t - age);
}

ReplayMemory make(const Case &c) {
    std::vector<Field> fields;
    for (const Observation &o : c.observations) {
        std::vector<std::size_t> shape;
        if (o.frames > 1)
            shape.push_back(o.frames);
        fields.push_back({"obs" + o.key, Role::kObservation, o.dtype, shape, o.itemsize, o.frames});
    }
    fields.push_back({"action", Role::kAction, "<i8", {}, 8});
    fields.push_back({"reward", Role::kReward, "<f4", {}, 4});
    const Geometry geometry{c.streams, c.capacity / c.streams, c.reserve};
    return ReplayMemory(Schema(fields), geometry, c.seed, c.priorities);
}

// Walks of 50 steps whose rewards need all of their bits.
void fill(ReplayMemory &memory, const Case &c) {
    const std::size_t count = c.observations.size();
    std::vector<Bytes> fields(count + 2), next_obs(count);
    std::vector<std::uint8_t> terminated, truncated;
    const std::size_t rows = 2 * c.capacity;
    for (std::size_t row = 0; row < rows; ++row)
        for (std::size_t stream = 0; stream < c.streams; ++stream) {
            const auto t = static_cast<std::int64_t>(row + 1'000'000 * stream);
            for (std::size_t i = 0; i < count; ++i) {
                append_stack(fields[i], c.observations[i], t, t / 50 * 50);
                append_stack(next_obs[i], c.observations[i], t + 1, t / 50 * 50);
            }
            append(fields[count], t % 7);
            const auto bits = static_cast<double>(t * 2'654'435'761 % 4'294'967'296);
            append(fields[count + 1], static_cast<float>(bits / 4'294'967'296.0));
            terminated.push_back(t % 50 == 49 && t % 3 == 0);
            truncated.push_back(t % 50 == 49 && t % 3 != 0);
        }
    StepBatch batch;
    batch.rows = rows;
    batch.streams = c.streams;
    for (const Bytes &field : fields)
        batch.fields.push_back(field.data());
    for (const Bytes &field : next_obs)
        batch.next_obs.push_back(field.data());
    batch.terminated = terminated.data();
    batch.truncated = truncated.data();
    memory.add(batch);
}

template <class T>
std::vector<double> numbers(const Bytes &bytes) {
    std::vector<T> values(bytes.size() / sizeof(T));
    std::memcpy(values.data(), bytes.data(), bytes.size());
    return {values.begin(), values.end()};
}

std::vector<double> numbers_of(const Field &field, const Bytes &bytes) {
    if (field.itemsize == 4)
        return numbers<float>(bytes);
    return field.dtype == "<i8" ? numbers<std::int64_t>(bytes) : numbers<double>(bytes);
}

struct Drawn {
    Columns columns; // by column alone
    std::vector<std::int64_t> indices;
};

// `draw(size, out)` draws a batch.
template <class Draw>
Drawn drawn_by(const Draw &draw, const ReplayMemory &memory, const Case &c, std::size_t size) {
    const Schema &schema = memory.schema();
    std::vector<Bytes> fields, next_obs;
    for (const Field &field : schema.fields())
        fields.emplace_back(size * field.stack_bytes());
    next_obs.assign(fields.begin(),
                    fields.begin() + static_cast<std::ptrdiff_t>(schema.observations()));
    Bytes terminated(size), truncated(size), discount(size * sizeof(float));
    std::vector<float> weights(size);
    std::vector<std::int64_t> indices(size);
    TransitionBatch out;
    for (Bytes &field : fields)
        out.fields.push_back(field.data());
    for (Bytes &field : next_obs)
        out.next_obs.push_back(field.data());
    out.terminated = reinterpret_cast<bool *>(terminated.data());
    out.truncated = reinterpret_cast<bool *>(truncated.data());
    out.discount = discount.data();
    out.weights = weights.data();
    out.indices = indices.data();
    draw(size, out);

    Columns columns{{"indices", {indices.begin(), indices.end()}},
                    {"reward", numbers<float>(fields[schema.reward()])},
                    {"discount", numbers<float>(discount)}};
    if (c.priorities)
        columns["weights"] = {weights.begin(), weights.end()};
    for (std::size_t i = 0; c.shows_observations && i < schema.observations(); ++i) {
        const Field &field = schema.fields()[i];
        columns[field.name] = numbers_of(field, fields[i]);
        columns["next_" + field.name] = numbers_of(field, next_obs[i]);
    }
    return {columns, indices};
}

Drawn sample(ReplayMemory &memory, const Case &c, std::size_t size) {
    const auto draw = [&](std::size_t rows, const TransitionBatch &out) {
        memory.copy(memory.draw(rows, c.beta, c.n_step), {c.n_step, 0.99}, out);
    };
    return drawn_by(draw, memory, c, size);
}

// Few of the transitions, more than half, all.
void draw_distinct(Columns &all) {
    const Case c{"without replacement, three streams", 12, 60, 3};
    ReplayMemory memory = make(c);
    fill(memory, c);
    const auto draw = [&](std::size_t rows, const TransitionBatch &out) {
        memory.copy(memory.draw_distinct(rows, 1), {1, 1.0}, out);
    };
    std::size_t number = 0;
    for (const std::size_t size : {1U, 8U, 30U, 31U, 60U})
        all[c.name + "; " + std::to_string(number++) + "; indices"] =
            drawn_by(draw, memory, c, size).columns.at("indices");
}

// New priorities of very different sizes, in a batch in which indices repeat.
void reprioritize(ReplayMemory &memory, const std::vector<std::int64_t> &drawn) {
    std::vector<std::int64_t> indices(1000);
    std::vector<double> priorities(indices.size());
    for (std::size_t i = 0; i < indices.size(); ++i) {
        indices[i] = drawn[i % drawn.size()];
        const auto exponent = static_cast<double>(indices[i] * 7919 % 61 - 30);
        const auto factor = static_cast<double>(1 + indices[i] % 5);
        priorities[i] = std::ldexp(factor, static_cast<int>(std::floor(exponent / 4.0)));
    }
    CHECK(memory.update_priorities(indices, priorities) == 0);
}

Columns drawn_now() {
    Columns all;
    for (const Case &c : cases()) {
        ReplayMemory memory = make(c);
        fill(memory, c);
        std::size_t number = 0;
        for (const std::size_t size : {1U, 2U, 3U, 8U, 16U, 16U}) {
            for (auto &[column, values] : sample(memory, c, size).columns)
                all[c.name + "; " + std::to_string(number) + "; " + column] = values;
            ++number;
            if (c.priorities)
                reprioritize(memory, sample(memory, c, 256).indices);
        }
    }
    draw_distinct(all);
    return all;
}

Columns committed_in(const char *path) {
    std::ifstream file(path);
    CHECK(file.good());
    Columns all;
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with('#'))
            continue;
        const std::size_t values = line.rfind("; ");
        CHECK(values != std::string::npos);
        std::vector<double> &column = all[line.substr(0, values)];
        CHECK(column.empty());
        std::istringstream words(line.substr(values + 2));
        for (std::string word; words >> word;) {
            char *end = nullptr;
            column.push_back(std::strtod(word.c_str(), &end)); // hexadecimal: exact
            CHECK(*end == '\0');
        }
    }
    return all;
}

} // namespace

int main(int argc, char **argv) {
    CHECK(argc == 2);
    const Columns committed = committed_in(argv[1]);
    CHECK(!committed.empty());
    for (const Kernels *kernels : Kernels::available()) {
        set_environment("DQN_FAST_KERNELS", kernels->name);
        const Columns drawn = drawn_now();
        for (const auto &[key, values] : committed)
            if (!drawn.contains(key) || drawn.at(key) != values)
                std::fprintf(stderr, "%s: %s differs\n", kernels->name, key.c_str());
        CHECK(drawn == committed);
        std::printf("%s: %zu columns\n", kernels->name, drawn.size());
    }
}
