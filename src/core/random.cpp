#include "bnn/core/random.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "bnn/core/elementary.h"
#include "bnn/core/vector_loop.h"

namespace bnn {
namespace {

constexpr std::size_t kWords = 4;           // 32-bit words of one counter block
constexpr std::size_t kBits = kWords * 32;  // signs of one counter block

// The constants of Philox4x32 (Salmon et al., 2011, section 4).
constexpr int kRounds = 10;
constexpr std::uint32_t kMultiplier0 = 0xD2511F53, kMultiplier1 = 0xCD9E8D57;
constexpr std::uint32_t kWeyl0 = 0x9E3779B9, kWeyl1 = 0xBB67AE85;

std::array<std::uint32_t, 2> key_of(const Stream& stream) {
  return {static_cast<std::uint32_t>(stream.seed), static_cast<std::uint32_t>(stream.seed >> 32)};
}

std::array<std::uint32_t, 4> counter_of(const Stream& stream, std::size_t block) {
  // The site takes the top eight bits, so indices stay below 2^24.
  const std::uint32_t use = (static_cast<std::uint32_t>(stream.site) << 24) | stream.index;
  return {static_cast<std::uint32_t>(block), stream.example, stream.step, use};
}

std::array<std::uint32_t, 4> block_of(const Stream& stream, std::size_t block) {
  return philox4x32(counter_of(stream, block), key_of(stream));
}

// Centre of one of 2^24 cells of (0, 1): neither 0 nor 1 can occur, so its logarithm is finite.
float to_unit(std::uint32_t word) {
  return (static_cast<float>(word >> 8) + 0.5f) * (1.0f / 16777216.0f);
}

constexpr std::size_t kLanes = 16;  // counter blocks made together, one vector lane each

struct WordBlock {
  std::uint32_t words[kWords][kLanes];
};

// The words of kLanes consecutive counter blocks: philox4x32 with the loop over lanes innermost.
WordBlock blocks_of(const Stream& stream, std::size_t first_block) {
  WordBlock counter;
  for (std::uint32_t lane = 0; lane < kLanes; ++lane) {
    const auto start = counter_of(stream, first_block + lane);
    for (std::size_t word = 0; word < kWords; ++word) counter.words[word][lane] = start[word];
  }
  auto key = key_of(stream);
  for (int round = 0; round < kRounds; ++round) {
    // Unrolled, as it would be where all is inlined, the loop is not made of vectors.
#pragma GCC unroll 1
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      const std::uint64_t product0 = std::uint64_t{kMultiplier0} * counter.words[0][lane];
      const std::uint64_t product1 = std::uint64_t{kMultiplier1} * counter.words[2][lane];
      const std::uint32_t high0 = static_cast<std::uint32_t>(product0 >> 32);
      const std::uint32_t high1 = static_cast<std::uint32_t>(product1 >> 32);
      counter.words[0][lane] = high1 ^ counter.words[1][lane] ^ key[0];
      counter.words[2][lane] = high0 ^ counter.words[3][lane] ^ key[1];
      counter.words[1][lane] = static_cast<std::uint32_t>(product1);
      counter.words[3][lane] = static_cast<std::uint32_t>(product0);
    }
    key[0] += kWeyl0;
    key[1] += kWeyl1;
  }
  return counter;
}

// Four elements of each of kLanes counter blocks: one row a word, as they are made.
struct Elements {
  float rows[kWords][kLanes];
};

// In the order of the stream.
void interleave(const Elements& elements, float* out) {
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    for (std::size_t word = 0; word < kWords; ++word) {
      out[kWords * lane + word] = elements.rows[word][lane];
    }
  }
}

Elements uniform_elements(const Stream& stream, std::size_t first_block) {
  const WordBlock block = blocks_of(stream, first_block);
  Elements elements;
  for (std::size_t word = 0; word < kWords; ++word) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      elements.rows[word][lane] = to_unit(block.words[word][lane]);
    }
  }
  return elements;
}

template <MultiplyAdd kind>
Elements normal_elements(const Stream& stream, std::size_t first_block) {
  const WordBlock block = blocks_of(stream, first_block);
  Elements elements;
  for (std::size_t pair = 0; pair < kWords; pair += 2) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      const float radius = std::sqrt(-2.0f * fast_log<kind>(to_unit(block.words[pair][lane])));
      const SineCosine point = sine_cosine<kind>(to_unit(block.words[pair + 1][lane]));
      elements.rows[pair][lane] = radius * point.cosine;
      elements.rows[pair + 1][lane] = radius * point.sine;
    }
  }
  return elements;
}

// Fills `out` with elements first, first + 1, … from a function that makes Elements.
template <typename MakeElements>
void fill_elements(std::size_t first, std::span<float> out, const MakeElements& make) {
  constexpr std::size_t kElements = kWords * kLanes;
  std::size_t done = 0;
  while (done < out.size()) {
    const std::size_t offset = (first + done) % kWords;
    const std::size_t count = std::min(kElements - offset, out.size() - done);
    const Elements elements = make((first + done) / kWords);
    if (count == kElements) {
      interleave(elements, out.data() + done);
    } else {
      float ordered[kElements];
      interleave(elements, ordered);
      std::memcpy(out.data() + done, ordered + offset, count * sizeof(float));
    }
    done += count;
  }
}

// A set bit is +1, a clear one -1: the sign bit of a float the other way round.
void spread_signs(const std::array<std::uint32_t, kWords>& words, float* signs) {
  constexpr std::uint32_t kMinusOne = 0xbf800000, kSignBit = 0x80000000;
  for (const std::uint32_t word : words) {
    for (std::uint32_t bit = 0; bit < 32; ++bit) {
      *signs++ = std::bit_cast<float>(kMinusOne ^ ((word << (31 - bit)) & kSignBit));
    }
  }
}

void fill_signs_in_order(const Stream& stream, std::size_t first, std::span<float> out) {
  std::size_t done = 0;
  while (done < out.size()) {
    const std::size_t offset = (first + done) % kBits;
    const std::size_t count = std::min(kBits - offset, out.size() - done);
    const auto words = block_of(stream, (first + done) / kBits);
    if (count == kBits) {
      spread_signs(words, out.data() + done);
    } else {
      float signs[kBits];
      spread_signs(words, signs);
      std::memcpy(out.data() + done, signs + offset, count * sizeof(float));
    }
    done += count;
  }
}

}  // namespace

std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                        std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < kRounds; ++round) {
    const std::uint64_t product0 = std::uint64_t{kMultiplier0} * counter[0];
    const std::uint64_t product1 = std::uint64_t{kMultiplier1} * counter[2];
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
  fill_elements(first, out, [&](std::size_t block) { return uniform_elements(stream, block); });
}

void fill_normal(const Stream& stream, std::size_t first, std::span<float> out) {
  run_vectorized([=]<MultiplyAdd kind>() {
    fill_elements(first, out,
                  [&](std::size_t block) { return normal_elements<kind>(stream, block); });
  });
}

void fill_signs(const Stream& stream, std::size_t first, std::span<float> out) {
  run_vectorized([=]<MultiplyAdd>() { fill_signs_in_order(stream, first, out); });
}

}  // namespace bnn
