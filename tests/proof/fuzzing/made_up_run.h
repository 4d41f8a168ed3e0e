#pragma once
// A training run of any accepted config on made-up images, if its network is small enough for a
// fuzzer: nothing is read from files.

#include <memory>
#include <string_view>

#include "bnn/training/run.h"

namespace bnn::fuzzing {

/// The config that a text is, with a network in place of a preset. Throws Error(config).
RunConfig config_of(std::string_view text);

/// About as many multiplications as a pass over one image takes.
double cost_of(const Graph& graph);

/// Null if a step would take too long. Throws Error(config) for what a run would refuse.
std::unique_ptr<Run> made_up_run(const RunConfig& config, double most);

/// Images of noise with labels in turn.
Dataset made_up_images(const Shape& shape, int classes, std::size_t images);

}  // namespace bnn::fuzzing
