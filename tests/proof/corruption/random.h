#pragma once
// Choices that a seed and the number of a mutant fix, so that each mutant can be made again.

#include <cstddef>
#include <cstdint>
#include <random>

namespace bnn::proof {

class Random {
 public:
  Random(std::uint64_t seed, std::uint64_t number)
      : engine_(seed * 0x9E3779B97F4A7C15u + number * 0xD1B54A32D192ED03u) {}

  /// @param count at least 1
  std::size_t below(std::size_t count) { return static_cast<std::size_t>(engine_() % count); }
  bool chance(unsigned percent) { return below(100) < percent; }
  std::uint64_t bits() { return engine_(); }
  template <typename List>
  const auto& pick(const List& list) {
    return list[below(std::size(list))];
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace bnn::proof
