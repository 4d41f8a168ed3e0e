#include "bnn/model/memory_plan.h"

#include <algorithm>
#include <random>

#include <catch2/catch.hpp>

#include "bnn/core/aligned_array.h"

using namespace bnn;

namespace {

bool alive_together(const PlannedBuffer& a, const PlannedBuffer& b) {
  return !(a.end < b.begin || b.end < a.begin);
}

bool overlap(const PlannedBuffer& a, const PlannedBuffer& b) {
  return a.offset < b.offset + b.size && b.offset < a.offset + a.size;
}

std::vector<PlannedBuffer> random_buffers(std::mt19937& random) {
  const auto below = [&](unsigned bound) { return static_cast<int>(random() % bound); };
  std::vector<PlannedBuffer> buffers(1 + random() % 40);
  for (PlannedBuffer& buffer : buffers) {
    buffer.size = 1 + random() % 200;
    buffer.begin = below(30);
    buffer.end = buffer.begin + below(12);
  }
  return buffers;
}

}  // namespace

TEST_CASE("buffers that are alive at once never share memory") {
  std::mt19937 random(1);
  for (int trial = 0; trial < 500; ++trial) {
    auto buffers = random_buffers(random);
    const std::size_t total = plan_memory(buffers);
    std::size_t naive = 0, used = 0;
    for (std::size_t i = 0; i < buffers.size(); ++i) {
      REQUIRE(buffers[i].offset % kAlignment == 0);
      naive += round_to_alignment(buffers[i].size);
      used = std::max(used, buffers[i].offset + buffers[i].size);
      for (std::size_t j = 0; j < i; ++j) {
        if (alive_together(buffers[i], buffers[j])) REQUIRE(!overlap(buffers[i], buffers[j]));
      }
    }
    REQUIRE(used <= total);
    REQUIRE(total <= naive);
  }
}

TEST_CASE("the plan stays near the largest sum that is alive at once") {
  std::mt19937 random(2);
  double planned = 0, needed = 0;
  for (int trial = 0; trial < 200; ++trial) {
    auto buffers = random_buffers(random);
    planned += static_cast<double>(plan_memory(buffers));
    std::size_t most = 0;
    for (int time = 0; time < 42; ++time) {
      std::size_t alive = 0;
      for (const PlannedBuffer& buffer : buffers) {
        if (buffer.begin <= time && time <= buffer.end) alive += round_to_alignment(buffer.size);
      }
      most = std::max(most, alive);
    }
    needed += static_cast<double>(most);
  }
  CHECK(planned >= needed);
  CHECK(planned < 1.3 * needed);
}

TEST_CASE("a chain in which each buffer meets only its neighbours takes two buffers' memory") {
  std::vector<PlannedBuffer> chain;
  for (int i = 0; i < 50; ++i) chain.push_back({64, i, i + 1});
  CHECK(plan_memory(chain) == 128);
  CHECK(chain[0].offset == chain[2].offset);
  CHECK(chain[0].offset != chain[1].offset);
}

TEST_CASE("the order in which buffers are listed does not matter for who may share") {
  // Listed from the last to the first.
  std::vector<PlannedBuffer> buffers = {{16, 4, 5}, {16, 2, 3}, {16, 0, 1}, {16, 0, 5}};
  CHECK(plan_memory(buffers) == 32);
  CHECK(buffers[0].offset == buffers[1].offset);
  CHECK(buffers[1].offset == buffers[2].offset);
  CHECK(buffers[3].offset != buffers[0].offset);
}

TEST_CASE("one step that ends a buffer and begins another needs both") {
  std::vector<PlannedBuffer> buffers = {{10, 0, 3}, {10, 3, 4}};
  CHECK(plan_memory(buffers) == 32);
  std::vector<PlannedBuffer> nothing;
  CHECK(plan_memory(nothing) == 0);
}
