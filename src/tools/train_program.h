#pragma once
// The options of bnn-train, which bnn-train-mpi has as well.

#include <CLI/CLI.hpp>

#include "bnn/training/training_run.h"

namespace bnn {

/// All options but those that print texts for packages. `options` are written when the app
/// parses, its number of threads already here.
void add_train_options(CLI::App& app, TrainOptions& options);

/// Throws Error(usage) if options do not go together.
void check_train_options(const CLI::App& app, const TrainOptions& options);

}  // namespace bnn
