#pragma once
// What the commands share on the command line.

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>

#include "bnn/checkpoint/calibration_use.h"
#include "bnn/checkpoint/model_checkpoint.h"
#include "bnn/core/enum_names.h"
#include "bnn/data/image_cache.h"
#include "bnn/data/part.h"
#include "bnn/process/run_log.h"

namespace bnn {

/// Where --threads, --quiet and --verbose go.
struct CommonOptions {
  int& threads;
  Verbosity& verbosity;
};

/// Accepts whole numbers within the bounds; without it larger ones would be clamped silently.
CLI::Validator whole_number(std::int64_t least = 0,
                            std::int64_t most = std::numeric_limits<std::int64_t>::max());
/// Accepts numbers within the bounds.
CLI::Validator number_between(double least, double most);
/// Accepts finite numbers from 0.
CLI::Validator non_negative_number();

/// Accepts finite numbers.
CLI::Validator finite_number();

/// Accepts numbers above 0 and below 1.
CLI::Validator share_of_one();

/// Accepts every word; completions of shells offer these.
/// @param words separated by ", "
CLI::Validator offered_words(const std::string& words);

/// Adds an option whose values are the names of an enum.
template <typename Enum, std::size_t N>
CLI::Option* add_choice(CLI::App& app, const std::string& name, Enum& value,
                        const EnumNames<Enum, N>& names, const std::string& text) {
  const auto set = [&value, &names](const std::string& word) { value = *value_of(names, word); };
  return app.add_option_function<std::string>(name, set, text)
      ->check(CLI::IsMember(list_of(names)))
      ->option_text("NAME");
}

/// Adds --products.
/// @param otherwise what happens without it
void add_products_option(CLI::App& app, std::optional<ProductsKind>& products,
                         const std::string& otherwise);

/// Adds --samples, --mean-weights, --seed and --products.
void add_sampling_options(CLI::App& app, SampleOptions& options);

/// Adds --temperature, --conformal and --conformal-score.
void add_calibration_options(CLI::App& app, CalibrationOptions& options);

/// Throws Error(usage) with the sentence, for options that would do nothing together.
void refuse_if(bool asked, const std::string& sentence);

/// Adds --image-cache DIR.
void add_cache_option(CLI::App& app, ImageCache& cache, const std::string& group);

/// Adds --part K/N, with K from 1 to N.
CLI::Option* add_part_option(CLI::App& app, Part& part, const std::string& text);

/// Adds --threads, --quiet, --verbose and --version, and a wrapped help text.
void add_common_options(CLI::App& app, const CommonOptions& options);

/// False if help or another text was asked for, which is printed. Throws Error(usage).
bool parse_words(CLI::App& app, int argc, char** argv);

/// Parses and runs: help and version on stdout with code 0, a usage error as one line with code 2.
int run_program(CLI::App& app, int argc, char** argv, const std::function<int()>& work);

}  // namespace bnn
