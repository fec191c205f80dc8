// SPDX-License-Identifier: MIT
#include "bindings/output_pool.hpp"

#include <map>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

namespace dqn_fast::bindings {

namespace {

class Pool {
  public:
    std::unique_ptr<Block> take(std::size_t bytes) {
        {
            const std::lock_guard lock(mutex_);
            auto &blocks = free_[bytes];
            if (!blocks.empty()) {
                std::unique_ptr<Block> block = std::move(blocks.back());
                blocks.pop_back();
                kept_ -= bytes;
                return block;
            }
        }
        return std::make_unique<Block>(bytes);
    }

    void give_back(std::unique_ptr<Block> block) {
        const std::lock_guard lock(mutex_);
        if (kept_ + block->size > kMost) { // batches have another size by now
            free_.clear();
            kept_ = 0;
        }
        if (block->size > kMost)
            return;
        kept_ += block->size;
        free_[block->size].push_back(std::move(block));
    }

  private:
    static constexpr std::size_t kMost = std::size_t{1} << 26; // bytes that wait for their next use

    std::mutex mutex_;
    std::map<std::size_t, std::vector<std::unique_ptr<Block>>> free_;
    std::size_t kept_ = 0;
};

// Never destroyed: arrays may outlive everything else of the process.
Pool &pool() {
    static Pool *const instance = new Pool;
    return *instance;
}

} // namespace

Block::Block(std::size_t bytes) : size(bytes), data(::operator new(bytes, std::align_val_t{64})) {}

Block::~Block() { ::operator delete(data, std::align_val_t{64}); }

void GiveBack::operator()(Block *block) const noexcept {
    pool().give_back(std::unique_ptr<Block>(block));
}

PooledBlock take_from_pool(std::size_t bytes) { return PooledBlock(pool().take(bytes).release()); }

} // namespace dqn_fast::bindings
