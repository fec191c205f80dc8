// SPDX-License-Identifier: MIT
#include "output_pool.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

namespace dqn_fast::bindings {

namespace {

namespace py = pybind11;

struct Block {
    explicit Block(std::size_t bytes)
        : size(bytes), data(::operator new(bytes, std::align_val_t{64})) {}
    ~Block() { ::operator delete(data, std::align_val_t{64}); }
    Block(const Block &) = delete;
    Block &operator=(const Block &) = delete;

    std::size_t size;
    void *data;
};

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

PooledMemory take_from_pool(std::size_t bytes) {
    std::unique_ptr<Block> block = pool().take(bytes);
    void *data = block->data;
    py::capsule owner(block.get(), [](void *given) {
        pool().give_back(std::unique_ptr<Block>(static_cast<Block *>(given)));
    });
    static_cast<void>(block.release()); // the capsule's now
    return {data, std::move(owner)};
}

} // namespace dqn_fast::bindings
