// SPDX-License-Identifier: MIT
// How steps are chosen: drawn, found by their indices, or all of them.
#include "replay_memory.hpp"

#include <algorithm>

namespace dqn_fast {

void ReplayMemory::require_drawable() const {
    if (size() == 0)
        throw std::invalid_argument("sample: got an empty buffer, expected a transition in it");
    if (priorities_ && !(priorities_->sum().total() > 0.0))
        throw std::invalid_argument("sample: got only priorities of zero, expected a positive one");
}

void ReplayMemory::draw_carriers(std::span<std::int64_t> slots) {
    if (priorities_)
        prioritized_.draw(*priorities_, *random_, slots);
    else if (leaders_)
        leaders_->draw(*random_, slots);
    else
        uniform_.draw(*rings_, *random_, slots);
}

const Draws &ReplayMemory::draw(std::size_t count, double beta, std::size_t ahead) {
    require_drawable();
    draws_.resize(count);
    draw_carriers(draws_.slots);
    if (priorities_) {
        if (!leaders_)
            gather::prefetch_first(store_, draws_.slots, ahead);
        prioritized_.weigh(*priorities_, draws_.slots, carriers(), beta, draws_.weights.data());
    }
    if (leaders_)
        for (std::int64_t &slot : draws_.slots) {
            const auto leader = static_cast<std::size_t>(slot);
            slot = static_cast<std::int64_t>(
                leaders_->draw_step(rings_->of(leader), leader, *random_));
        }
    if (!priorities_)
        return unweighted(ahead);
    name_draws();
    return draws_;
}

const Draws &ReplayMemory::draw_segments(const SegmentRequest &request, double beta) {
    require_drawable();
    segments_.clear();
    draws_.slots.clear();
    if (request.max_rows) { // one by one
        const std::size_t most = request.segments.value_or(SegmentView::kMostRows);
        while (segments_.segments() < most && segments_.rows() < *request.max_rows) {
            std::int64_t slot = 0;
            draw_carriers({&slot, 1});
            append_segment(static_cast<std::size_t>(slot));
            if (segments_.rows() > *request.max_rows && segments_.segments() > 1) {
                segments_.pop();
                break;
            }
            draws_.slots.push_back(slot);
        }
    } else {
        draws_.slots.resize(*request.segments);
        draw_carriers(draws_.slots);
        for (const std::int64_t slot : draws_.slots)
            append_segment(static_cast<std::size_t>(slot));
    }
    draws_.resize(draws_.slots.size());
    if (priorities_)
        weigh_segments(beta);
    else
        std::fill(draws_.weights.begin(), draws_.weights.end(), 1.0F);
    for (std::size_t b = 0; b < draws_.size(); ++b) // the first acted step names the segment
        draws_.slots[b] = segments_.run(b).first_acted();
    name_draws();
    return draws_;
}

void ReplayMemory::append_segment(std::size_t slot) {
    segments_.append(*rings_, slot);
    if (segments_.rows() > SegmentView::kMostRows)
        throw std::invalid_argument("batch_size: got segments of " +
                                    std::to_string(segments_.rows()) +
                                    " rows or more, expected fewer than 2147483648 rows");
}

void ReplayMemory::weigh_segments(double beta) {
    masses_.clear();
    for (std::size_t b = 0; b < draws_.size(); ++b) {
        if (leaders_) {
            masses_.push_back(priorities_->mass(static_cast<std::size_t>(draws_.slots[b])));
            continue;
        }
        const Run &run = segments_.run(b);
        double sum = 0.0, acted = 0.0;
        for (std::size_t i = 0; i < run.size(); ++i)
            if (run.marks[i].acted()) {
                sum += priorities_->mass(static_cast<std::size_t>(run.slots[i]));
                acted += 1.0;
            }
        masses_.push_back(sum / acted);
    }
    prioritized_.weigh_masses(*priorities_, masses_, carriers(), beta, draws_.weights.data());
}

const Draws &ReplayMemory::draw_distinct(std::size_t count, std::size_t ahead) {
    if (priorities_)
        throw std::invalid_argument(
            "draw_distinct: got a memory with priorities, expected one that draws uniformly");
    require_held(count);
    draws_.resize(count);
    uniform_.draw_distinct(*rings_, *random_, draws_.slots);
    return unweighted(ahead);
}

void ReplayMemory::require_held(std::size_t count) const {
    const auto held = static_cast<std::size_t>(size());
    if (count > held)
        throw std::invalid_argument("batch_size: got " + std::to_string(count) +
                                    ", expected at most " + std::to_string(held) +
                                    ", the transitions held");
}

const Draws &ReplayMemory::find(std::span<const std::int64_t> indices, std::size_t ahead) {
    draws_.resize(indices.size());
    for (std::size_t i = 0; i < indices.size(); ++i)
        draws_.slots[i] = static_cast<std::int64_t>(held_slot(indices[i]));
    return unweighted(ahead);
}

const Draws &ReplayMemory::find_all(std::size_t ahead) {
    draws_.slots.clear();
    for (const StepRing &ring : *rings_)
        ring.for_each_acted([this](std::int64_t, std::size_t slot) {
            draws_.slots.push_back(static_cast<std::int64_t>(slot));
        });
    draws_.resize(draws_.slots.size());
    return unweighted(ahead);
}

const Draws &ReplayMemory::unweighted(std::size_t ahead) {
    gather::prefetch_first(store_, draws_.slots, ahead);
    std::fill(draws_.weights.begin(), draws_.weights.end(), 1.0F);
    name_draws();
    return draws_;
}

void ReplayMemory::name_draws() noexcept { rings_->name(draws_.slots, draws_.indices.data()); }

} // namespace dqn_fast
