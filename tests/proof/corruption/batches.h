#pragma once
// Runs numbered mutants in child processes, so that one that kills its process is named, and the
// rest goes on.

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "refusal.h"

namespace bnn::proof {

/// Mutants first, first + step, … below end.
struct Numbers {
  std::uint64_t first = 0, end = 0, step = 1;
};

struct Finding {
  std::uint64_t number;
  std::string wrong;
};

struct Counts {
  std::uint64_t tried = 0, found = 0;
  std::array<std::uint64_t, 4> ends = {};  // by End
  std::vector<Finding> findings = {};      // the first of them
};

/// @param judge of the mutant of a number. Called in child processes, which have bounds of memory
///   and of the time of one mutant.
Counts run_in_batches(const Numbers& numbers, const std::function<Verdict(std::uint64_t)>& judge);

}  // namespace bnn::proof
