// SPDX-License-Identifier: MIT
#include "storage/schema.hpp"

#include "storage/checksum.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <functional>
#include <numeric>
#include <set>
#include <stdexcept>
#include <utility>

namespace dqn_fast {

namespace {

std::size_t round_up(std::size_t value, std::size_t step) {
    return (value + step - 1) / step * step;
}

// The largest power of two, at most 8, that divides every element's address.
std::size_t alignment(const Field &field) {
    return std::min<std::size_t>(std::size_t{1} << std::countr_zero(field.itemsize | 8U), 8);
}

} // namespace

std::size_t Field::stack_bytes() const noexcept {
    return std::accumulate(shape.begin(), shape.end(), itemsize, std::multiplies<>());
}

std::size_t Field::pieces() const noexcept {
    const auto before_axis =
        shape.begin() + static_cast<std::ptrdiff_t>(frames > 1 ? frame_axis : 0);
    return std::accumulate(shape.begin(), before_axis, std::size_t{1}, std::multiplies<>());
}

Schema::Schema(std::vector<Field> fields) : fields_(std::move(fields)), places_(fields_.size()) {
    std::set<std::string> names;
    for (const Field &field : fields_) {
        if (!names.insert(field.name).second)
            throw std::invalid_argument("fields: got two that are named '" + field.name +
                                        "', expected different names");
        if (field.frames != 1 && (field.frames == 0 || field.role != Role::kObservation ||
                                  field.frame_axis >= field.shape.size() ||
                                  field.shape[field.frame_axis] % field.frames != 0))
            throw std::invalid_argument("fields: got '" + field.name +
                                        "', which does not divide so, expected a stack of " +
                                        std::to_string(field.frames) + " frames");
        lookback_ = std::max(lookback_, field.frames - 1);
        row_bytes_ += field.stack_bytes();
    }
    while (observations_ < fields_.size() && fields_[observations_].role == Role::kObservation)
        ++observations_;
    const bool ordered = observations_ > 0 && fields_.size() >= first_extra() &&
                         fields_[action()].role == Role::kAction &&
                         fields_[reward()].role == Role::kReward &&
                         std::all_of(fields_.begin() + static_cast<std::ptrdiff_t>(first_extra()),
                                     fields_.end(),
                                     [](const Field &f) { return f.role == Role::kExtra; });
    if (!ordered)
        throw std::invalid_argument(
            "fields: got another order, expected observations, action, reward, extra fields");

    // Widest alignment first, so that nothing is lost to padding between fields.
    std::vector<std::size_t> order(fields_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [this](std::size_t a, std::size_t b) {
        return alignment(fields_[a]) > alignment(fields_[b]);
    });
    std::size_t offset = 0;
    std::size_t widest = sizeof(std::uint32_t);
    for (const std::size_t i : order) {
        const std::size_t bytes = fields_[i].nbytes();
        step_bytes_ += bytes;
        places_[i] = {bytes > kWide, 0};
        if (places_[i].wide)
            continue;
        widest = std::max(widest, alignment(fields_[i]));
        offset = round_up(offset, alignment(fields_[i]));
        places_[i].offset = offset;
        offset += bytes;
    }
    mark_offset_ = round_up(offset, sizeof(std::uint32_t));
    record_bytes_ = round_up(mark_offset_ + sizeof(std::uint32_t), widest);
}

std::uint64_t Schema::digest() const {
    Checksum checksum;
    const auto add = [&checksum](std::uint64_t number) {
        checksum.add(reinterpret_cast<const std::byte *>(&number), sizeof number);
    };
    const auto add_text = [&](const std::string &text) {
        add(text.size());
        checksum.add(reinterpret_cast<const std::byte *>(text.data()), text.size());
    };
    for (const Field &field : fields_) {
        add_text(field.name);
        add(static_cast<std::uint64_t>(field.role));
        add_text(field.dtype);
        add(field.shape.size());
        for (const std::size_t length : field.shape)
            add(length);
        add(field.frames);
        add(field.frame_axis);
    }
    return checksum.value();
}

} // namespace dqn_fast
