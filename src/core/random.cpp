#include "bnn/core/random.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace bnn {
namespace {

constexpr std::size_t kWords = 4;           // 32-bit words of one counter block
constexpr std::size_t kBits = kWords * 32;  // signs of one counter block

struct Key {
  std::array<std::uint32_t, 2> words;
};

Key key_of(const Stream& stream) {
  return {{static_cast<std::uint32_t>(stream.seed), static_cast<std::uint32_t>(stream.seed >> 32)}};
}

std::array<std::uint32_t, 4> block_of(const Stream& stream, std::size_t block) {
  // The site takes the top eight bits, so indices stay below 2^24.
  const std::uint32_t use = (static_cast<std::uint32_t>(stream.site) << 24) | stream.index;
  return philox4x32({static_cast<std::uint32_t>(block), stream.example, stream.step, use},
                    key_of(stream).words);
}

// Centre of one of 2^24 cells of (0, 1): neither 0 nor 1 can occur, so its logarithm is finite.
float to_unit(std::uint32_t word) {
  return (static_cast<float>(word >> 8) + 0.5f) * (1.0f / 16777216.0f);
}

std::array<float, 4> normal_block(const Stream& stream, std::size_t block) {
  const auto words = block_of(stream, block);
  std::array<float, 4> normals;
  for (std::size_t pair = 0; pair < 2; ++pair) {
    const float radius = std::sqrt(-2.0f * std::log(to_unit(words[2 * pair])));
    const float angle = 2.0f * std::numbers::pi_v<float> * to_unit(words[2 * pair + 1]);
    normals[2 * pair] = radius * std::cos(angle);
    normals[2 * pair + 1] = radius * std::sin(angle);
  }
  return normals;
}

// Fills `out` with elements first, first + 1, … from a function that makes four at a time.
template <typename MakeBlock>
void fill_blocks(std::size_t first, std::span<float> out, const MakeBlock& make_block) {
  std::size_t done = 0;
  while (done < out.size()) {
    const std::size_t element = first + done;
    const std::size_t offset = element % kWords;
    const std::size_t count = std::min(kWords - offset, out.size() - done);
    const std::array<float, 4> block = make_block(element / kWords);
    std::copy_n(block.begin() + static_cast<std::ptrdiff_t>(offset), count,
                out.begin() + static_cast<std::ptrdiff_t>(done));
    done += count;
  }
}

}  // namespace

std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                        std::array<std::uint32_t, 2> key) {
  constexpr std::uint64_t kMultiplier0 = 0xD2511F53, kMultiplier1 = 0xCD9E8D57;
  constexpr std::uint32_t kWeyl0 = 0x9E3779B9, kWeyl1 = 0xBB67AE85;
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t product0 = kMultiplier0 * counter[0];
    const std::uint64_t product1 = kMultiplier1 * counter[2];
    counter = {static_cast<std::uint32_t>(product1 >> 32) ^ counter[1] ^ key[0],
               static_cast<std::uint32_t>(product1),
               static_cast<std::uint32_t>(product0 >> 32) ^ counter[3] ^ key[1],
               static_cast<std::uint32_t>(product0)};
    key[0] += kWeyl0;
    key[1] += kWeyl1;
  }
  return counter;
}

std::uint32_t random_word(const Stream& stream, std::size_t i) {
  return block_of(stream, i / kWords)[i % kWords];
}

std::uint32_t random_below(const Stream& stream, std::size_t i, std::uint32_t bound) {
  const std::uint64_t product = static_cast<std::uint64_t>(random_word(stream, i)) * bound;
  return static_cast<std::uint32_t>(product >> 32);
}

void fill_uniform(const Stream& stream, std::size_t first, std::span<float> out) {
  fill_blocks(first, out, [&](std::size_t block) {
    const auto words = block_of(stream, block);
    return std::array<float, 4>{to_unit(words[0]), to_unit(words[1]), to_unit(words[2]),
                                to_unit(words[3])};
  });
}

void fill_normal(const Stream& stream, std::size_t first, std::span<float> out) {
  fill_blocks(first, out, [&](std::size_t block) { return normal_block(stream, block); });
}

void fill_signs(const Stream& stream, std::span<float> out) {
  for (std::size_t first = 0; first < out.size(); first += kBits) {
    const auto words = block_of(stream, first / kBits);
    const std::size_t count = std::min(kBits, out.size() - first);
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint32_t bit = (words[i / 32] >> (i % 32)) & 1u;
      out[first + i] = bit != 0 ? 1.0f : -1.0f;
    }
  }
}

}  // namespace bnn
