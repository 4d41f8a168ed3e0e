#include "bnn/train/shard_gradients.h"

#include <algorithm>
#include <random>
#include <vector>

#include <catch2/catch.hpp>

namespace bnn {
namespace {

constexpr std::size_t kShards = 7;

struct Fixture {
  ParameterLayout layout;
  std::vector<Chunk> chunks;

  Fixture() {
    layout.add({"a/kernel", {30, 400}, {}});
    layout.add({"a/bias", {5}, {}});
    chunks = cut_into_chunks(layout);
  }
};

float gradient_of(std::size_t shard, std::size_t element) {
  return static_cast<float>((shard * 7919 + element * 104729) % 1000) * 0.001f + 1e-4f;
}

// ((0 + 1) + (2 + 3)) + ((4 + 5) + 6), of as many leaves as there are.
float tree(std::size_t first, std::size_t width, std::size_t shards, std::size_t element) {
  if (width == 1) return gradient_of(first, element);
  const std::size_t half = width / 2;
  const float left = tree(first, half, shards, element);
  if (first + half >= shards) return left;
  return left + tree(first + half, half, shards, element);
}

void add_gradient(const ParameterLayout& layout, std::size_t shard, float* array) {
  for (const Variable& variable : layout.variables()) {
    for (std::size_t i = 0; i < variable.slice.size; ++i) {
      array[variable.slice.offset + i] += gradient_of(shard, variable.slice.offset + i);
    }
  }
}

void check_sum(Fixture& f, ShardGradients& gradients, std::size_t shards) {
  std::vector<float> total(f.layout.size(), -1.0f);
  for (const Chunk& chunk : f.chunks) gradients.reduce(chunk, chunk.variable, 0, total.data());
  for (const Variable& variable : f.layout.variables()) {
    for (std::size_t i = 0; i < variable.slice.size; ++i) {
      const std::size_t element = variable.slice.offset + i;
      REQUIRE(total[element] == tree(0, 8, shards, element));
    }
  }
}

TEST_CASE("Gradients of shards are added in the tree in whatever order shards end",
          "[shard_gradients]") {
  Fixture f;
  ShardGradients gradients(f.layout, kShards, 3);
  std::mt19937 random(1);
  for (int round = 0; round < 20; ++round) {
    const std::size_t shards = round % 4 == 3 ? 3 : kShards;
    gradients.reset(shards);
    std::vector<std::size_t> running;
    for (std::size_t next = 0; next < shards || !running.empty();) {
      if (next < shards && running.size() < 3) {
        add_gradient(f.layout, next, gradients.begin(next));
        running.push_back(next++);
        continue;
      }
      const std::size_t which = random() % running.size();
      gradients.end(running[which]);
      running.erase(running.begin() + static_cast<std::ptrdiff_t>(which));
    }
    check_sum(f, gradients, shards);
  }
}

TEST_CASE("A shard's gradient begins at zero", "[shard_gradients]") {
  Fixture f;
  ShardGradients gradients(f.layout, kShards, 2);
  std::vector<float> total(f.layout.size());
  for (int round = 0; round < 3; ++round) {
    gradients.reset(kShards);
    for (std::size_t shard = 0; shard < kShards; ++shard) {
      float* array = gradients.begin(shard);
      REQUIRE(std::all_of(array, array + f.layout.size(), [](float x) { return x == 0.0f; }));
      add_gradient(f.layout, shard, array);
      gradients.end(shard);
    }
    for (const Chunk& chunk : f.chunks) gradients.reduce(chunk, chunk.variable, 0, total.data());
  }
}

}  // namespace
}  // namespace bnn
