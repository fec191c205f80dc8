// SPDX-License-Identifier: MIT
// Longer than most: all that a memory does is read in one place.
#pragma once

#include "kernels/kernels.hpp"
#include "sampling/draws.hpp"
#include "sampling/leaders.hpp"
#include "sampling/priorities.hpp"
#include "sampling/prioritized_sampler.hpp"
#include "sampling/random.hpp"
#include "sampling/uniform_sampler.hpp"
#include "storage/arena.hpp"
#include "storage/arena_header.hpp"
#include "storage/schema.hpp"
#include "storage/snapshot.hpp"
#include "storage/step_store.hpp"
#include "stream/observations.hpp"
#include "stream/rings.hpp"
#include "views/segment_view.hpp"
#include "views/sequence_view.hpp"
#include "views/transition_view.hpp"

#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace dqn_fast {

/// How large a memory is. Capacity counts transitions, and is shared evenly by the streams.
struct Geometry {
    std::size_t streams = 1;
    std::size_t capacity = 1;      // transitions of one stream
    std::optional<double> reserve; // slots beyond them, for final and context steps, as a share
    bool drops_resets = false;     // of vector environments that reset themselves in the next step
    bool draws_segments = false;   // every segment is as likely as the others, whatever its length
};

/// Steps to add: `rows` of `streams` streams each, starting at `first_stream`; row-major arrays.
struct StepBatch {
    std::size_t rows = 1;
    std::size_t first_stream = 0;
    std::size_t streams = 1;
    std::vector<const std::byte *> fields;   // by field of the schema
    std::vector<const std::byte *> next_obs; // by observation field
    const std::uint8_t *terminated = nullptr;
    const std::uint8_t *truncated = nullptr;   // null: none is
    const std::uint8_t *mask = nullptr;        // null: all are stored
    const std::uint8_t *new_segment = nullptr; // null: a segment goes on if it can
    const double *priority = nullptr;          // null: the largest so far
};

/// Observations to add that nobody acted on: rows as those of a StepBatch.
struct ContextBatch {
    std::size_t rows = 1;
    std::size_t first_stream = 0;
    std::size_t streams = 1;
    std::vector<const std::byte *> obs; // by observation field
    const std::uint8_t *mask = nullptr; // null: all are stored
    bool continues = false;             // the segment of the open step goes on
};

/// How many segments to draw: a number of them, or as many as have so many rows together, and not
/// more than a number if both are given.
struct SegmentRequest {
    std::optional<std::size_t> segments;
    std::optional<std::size_t> max_rows;
};

/// Counts since the memory was made; plain data in the arena.
struct Counters {
    std::int64_t added;         // transitions
    std::int64_t evicted;       // transitions, oldest first
    std::int64_t evicted_early; // of them: because slots ran out before the capacity was reached
    std::int64_t stale_updates; // priorities for transitions that were evicted
    std::int64_t dropped;       // rows of a reset, which are no transitions
};

/// A replay memory of steps, in one arena: rings, priorities, samplers and views composed.
///
/// Every operation below `lock` needs the lock held; operations check their arguments before they
/// change anything (std::invalid_argument, std::out_of_range), the generator included.
class ReplayMemory {
  public:
    ReplayMemory(Schema schema,
                 const Geometry &geometry,
                 std::uint64_t seed,
                 const std::optional<PriorityOptions> &priorities);

    [[nodiscard]] const Schema &schema() const noexcept { return schema_; }
    [[nodiscard]] bool is_prioritized() const noexcept { return priorities_.has_value(); }
    [[nodiscard]] std::size_t streams() const noexcept { return geometry_.streams; }
    [[nodiscard]] std::size_t capacity() const noexcept {
        return geometry_.capacity * geometry_.streams;
    }
    [[nodiscard]] std::size_t nbytes() const noexcept { return arena_->size(); }
    [[nodiscard]] const Kernels &kernels() const noexcept { return kernels_; }

    /// The memory's lock; a BasicLockable, with try_lock().
    [[nodiscard]] std::mutex &mutex() noexcept { return mutex_; }

    /// Adds every row, oldest first. Throws std::invalid_argument for a priority that cannot be
    /// taken; only a prioritised memory takes any.
    void add(const StepBatch &batch);

    /// Adds observations that nobody acted on, oldest first. Without `continues`, or where nothing
    /// is open that could go on, the next step of each stream continues them whatever its bytes;
    /// else they become its open observation, in the same segment.
    void add_context(const ContextBatch &batch);

    // Drawing: each call gives draws that are good until the next one. `ahead` is how many steps
    // behind each will be read: their records are asked for while there is other work to do.

    /// Draws steps with replacement. Throws std::invalid_argument if nothing can be drawn. `beta`
    /// is read only by a prioritised memory. O(count log(slots)).
    const Draws &draw(std::size_t count, double beta, std::size_t ahead);
    /// Draws acted steps, and with each its whole segment. Draws are independent with `max_rows`,
    /// until the next segment would not fit: that one is dropped, but not the first. Throws as
    /// draw() does, and std::invalid_argument for 2^31 rows. O(rows).
    const Draws &draw_segments(const SegmentRequest &request, double beta);
    /// The rows of the segments that draw_segments() has drawn.
    [[nodiscard]] std::size_t segment_rows() const noexcept { return segments_.rows(); }
    /// Draws different steps: every ordered choice is equally likely. Throws as require_held()
    /// does. Only of a memory without priorities. O(count), or O(steps held) for more than half of
    /// them.
    const Draws &draw_distinct(std::size_t count, std::size_t ahead);
    /// Throws std::invalid_argument if fewer transitions are held.
    void require_held(std::size_t count) const;
    /// The steps of these indices. Throws std::out_of_range if one is not held. O(indices).
    const Draws &find(std::span<const std::int64_t> indices, std::size_t ahead);
    /// All steps that are held, by stream and then by time. O(steps held).
    const Draws &find_all(std::size_t ahead);

    // Copying: a view copies what it shows of each drawn step.

    /// Copies the transitions of draws of this memory, to which nothing was added since.
    void copy(const Draws &draws, const TransitionOptions &options, const TransitionBatch &out) {
        transitions_.copy(draws, *rings_, options, out);
    }
    /// The same, with each frame of their stacks once.
    void copy(const Draws &draws, const TransitionOptions &options, const FrameBatch &out) {
        transitions_.copy(draws, *rings_, options, out);
    }
    /// Copies the sequences that begin with the steps of draws.
    void copy(const Draws &draws, const SequenceOptions &options, const SequenceBatch &out) {
        sequences_.copy(draws, *rings_, options, out);
    }
    /// Copies the segments of draws by draw_segments().
    void copy(const Draws &draws, const TransitionOptions &options, const SegmentBatch &out) {
        segments_.copy(draws, *rings_, options, out);
    }

    /// What the arena's header says.
    [[nodiscard]] ArenaHeader header() const;

    /// Index of the newest transition of the first stream; -1 if it holds none.
    [[nodiscard]] std::int64_t newest() const noexcept;
    /// Indices of all transitions that are held, by stream and then by time. O(steps held).
    [[nodiscard]] std::vector<std::int64_t> indices() const;
    /// The masses of these indices, or of their segments if those are drawn; only of a prioritised
    /// memory. Throws std::out_of_range if one is not held. O(indices).
    [[nodiscard]] std::vector<double> masses(std::span<const std::int64_t> indices) const;

    /// For each index that of the next acted step of its segment, -1 if there is none (yet): steps
    /// of a segment need not be neighbours. Throws std::out_of_range if one is not held.
    /// O(indices).
    [[nodiscard]] std::vector<std::int64_t> successors(std::span<const std::int64_t> indices) const;

    /// Steps that hold frames alone, and context steps. O(steps held).
    [[nodiscard]] std::int64_t hidden() const noexcept;
    [[nodiscard]] std::int64_t context() const noexcept;

    /// The generator, to be put back by whoever has drawn and then cannot go on.
    [[nodiscard]] const Random &generator() const noexcept { return *random_; }
    void set_generator(const Random &random) noexcept { *random_ = random; }
    /// Puts the generator where the constructor's seed does.
    void reseed(std::uint64_t seed) noexcept { random_->seed(seed); }

    /// Gives new priorities to transitions that are still held, or to their segments if those are
    /// drawn; the last of repeated indices wins.
    /// Returns how many were not. Throws std::out_of_range for an index that was never given out,
    /// std::invalid_argument for a priority that cannot be taken.
    std::int64_t update_priorities(std::span<const std::int64_t> indices,
                                   std::span<const double> priorities);

    void clear();

    /// Writes what is live: the steps that can be sampled or looked back on, and the state.
    void save(snapshot::Writer &writer) const;
    /// Restores a snapshot into an empty memory of the same fields, geometry and options. Throws
    /// std::invalid_argument if it does not fit: discard the memory then.
    void restore(snapshot::Reader &reader);

    [[nodiscard]] std::int64_t size() const noexcept;
    [[nodiscard]] bool is_full() const noexcept;
    [[nodiscard]] const Counters &counters() const noexcept { return *counters_; }
    [[nodiscard]] std::int64_t segments() const noexcept;
    /// Steps that are held, final, context and open ones included.
    [[nodiscard]] std::int64_t steps() const noexcept;
    [[nodiscard]] double largest_priority() const noexcept { return priorities_->largest(); }

    /// Checks every invariant of every part, exactly. O(slots).
    [[nodiscard]] bool is_valid() const noexcept;

  private:
    /// The step of an index. Throws std::out_of_range if it is not held.
    [[nodiscard]] std::size_t held_slot(std::int64_t index) const;
    /// Gives the slots of draws_ weights of 1, and their indices.
    const Draws &unweighted(std::size_t ahead);
    /// Gives the slots of draws_ their indices.
    void name_draws() noexcept;

    /// Returns the slot of the step that was added; none if it was the row of a reset.
    std::optional<std::size_t>
    add_step(const StepBatch &batch, std::size_t row, std::size_t stream);
    /// Asks for what the next steps of a stream write, after the one in `slot`.
    void prefetch_after(std::size_t slot) const noexcept;
    /// Writes the fields of row_ that are no observations.
    void write_step(std::size_t slot) const noexcept {
        const std::byte *const *const values = row_.data();
        for (std::size_t i = next_row_.size(), count = row_.size(); i < count; ++i)
            store_.write(i, slot, values[i]);
    }
    /// The slot that carries the mass of an acted step: its own, or that of its segment's leader.
    [[nodiscard]] std::size_t carrier_of(std::size_t slot) const noexcept {
        return leaders_ ? leaders_->leader_of(slot) : slot;
    }
    /// What carries mass: steps, or segments.
    [[nodiscard]] std::int64_t carriers() const noexcept {
        return leaders_ ? static_cast<std::int64_t>(leaders_->count()) : size();
    }
    /// Gives a new step the priority of its row of a batch, or that of new steps.
    void set_new_mass(std::size_t slot,
                      const StepBatch &batch,
                      std::size_t row,
                      std::span<const double> masses) {
        if (!masses.empty())
            priorities_->note_largest(batch.priority[row]);
        priorities_->set_mass(slot, masses.empty() ? priorities_->new_mass() : masses[row]);
    }
    /// Takes a new step into its segment: the first one leads it, and its priority is the
    /// segment's; a later one only brings one if it was given one.
    void join_segment(std::size_t slot,
                      const StepBatch &batch,
                      std::size_t row,
                      std::span<const double> masses);
    /// An acted step is not held any more.
    void retire(const StepRing &ring, std::size_t slot) {
        if (leaders_)
            hand_on(ring, slot);
        if (priorities_)
            priorities_->set_mass(slot, 0.0);
    }
    /// The next step of the segment leads it, with its mass, if the one that was evicted did.
    void hand_on(const StepRing &ring, std::size_t slot);
    void add_context_step(Observations::Values obs, std::size_t stream, bool continues);
    /// How an observation follows upon the context that waits for it.
    [[nodiscard]] Observations::Beginning after_context(const StepRing &ring,
                                                        Observations::Values obs) const noexcept;
    void begin_segment(StepRing &ring, std::size_t stream, bool zeros);
    /// Throws std::invalid_argument if nothing can be drawn.
    void require_drawable() const;
    /// Draws the slots that carry mass.
    void draw_carriers(std::span<std::int64_t> slots);
    /// Appends the segment of a step to those that were drawn.
    void append_segment(std::size_t slot);
    /// Weighs the segments that were drawn; by step, by the mean mass of their acted steps.
    void weigh_segments(double beta);
    /// Adds what it can of the rows from `row` on that continue the row before them, which the only
    /// stream of the batch has just taken, as one run of slots. Returns how many.
    std::size_t add_run(const StepBatch &batch, std::size_t row, std::span<const double> masses);
    /// The row, of the only stream of a batch, continues the one before it, and does not end.
    [[nodiscard]] bool follows(const StepBatch &batch, std::size_t row) const noexcept;
    /// Calls `visit(first, last)` for the runs of slots that hold times [oldest, head], in order.
    template <class Visit>
    void visit_runs(const StepRing &ring, std::int64_t oldest, Visit &&visit) const;
    void make_room(StepRing &ring, std::int64_t opens, std::int64_t capacity);
    void write_after(StepRing &ring, Observations::Values obs, std::size_t hidden);

    Schema schema_;
    Geometry geometry_;
    std::size_t slots_; // of one stream
    const Kernels &kernels_ = Kernels::choose();
    std::mutex mutex_;
    Layout layout_;
    std::size_t header_offset_;
    StepStore store_;
    std::optional<Priorities> priorities_;
    std::optional<Arena> arena_;
    ArenaHeader *header_ = nullptr;
    Random *random_ = nullptr;
    Counters *counters_ = nullptr;
    std::optional<Rings> rings_;
    std::optional<Leaders> leaders_; // if segments are drawn
    Observations observations_;
    UniformSampler uniform_;
    PrioritizedSampler prioritized_;
    TransitionView transitions_;
    SequenceView sequences_;
    SegmentView segments_;
    // Scratch, kept so that nothing is allocated twice.
    Draws draws_;
    std::vector<std::size_t> row_bytes_; // of each field in an incoming row
    std::vector<const std::byte *> row_, next_row_;
    std::vector<double> masses_;
};

} // namespace dqn_fast
