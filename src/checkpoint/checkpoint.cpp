#include "bnn/checkpoint/checkpoint.h"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <limits>
#include <map>
#include <optional>
#include <set>

#include "bnn/bayes/tensor_names.h"
#include "bnn/core/input_file.h"
#include "bnn/core/json_reader.h"
#include "bnn/core/parse_json.h"
#include "bnn/core/processor.h"
#include "bnn/core/shape.h"
#include "bnn/math/blas.h"

namespace bnn {
namespace {

// What carries unwritten outputs: entries of the metadata, and tensors whose names no layer can
// have.
constexpr const char *kUnwrittenMetrics = "unwritten_metrics", *kUnwrittenBest = "unwritten_best";
constexpr std::string_view kBestPrefix = "best:";

std::string state_text(const TrainingState& state) {
  const Json json = {{"step", state.step},
                     {"epoch", state.epoch},
                     {"training_examples", state.training_examples},
                     {"data_digest", state.data_digest},
                     {"epoch_nll", state.epoch_nll},
                     {"epoch_correct", state.epoch_correct},
                     {"epoch_examples", state.epoch_examples},
                     {"best_nll", state.best_nll},
                     {"best_epoch", state.best_epoch},
                     {"monitored_best", state.monitored_best},
                     {"monitored_epoch", state.monitored_epoch}};
  return json.dump();
}

TrainingState read_state(const std::string& text, const std::string& source) {
  Problems problems(source);
  const Json json = parse_json(text, source, ErrorKind::checkpoint);
  ObjectReader reader(json, "", problems);
  const auto count = [&](const std::string& key, std::optional<std::int64_t> fallback = {}) {
    // Steps name random streams by 32 bits; the digest has as many.
    return static_cast<std::uint64_t>(reader.integer(
        key, {.min = 0, .max = std::numeric_limits<std::uint32_t>::max(), .fallback = fallback}));
  };
  TrainingState state;
  state.step = count("step");
  state.epoch = count("epoch");
  state.training_examples = count("training_examples");
  state.data_digest = count("data_digest");
  state.epoch_nll = reader.real("epoch_nll", {});
  state.epoch_correct = reader.real("epoch_correct", {.min = 0.0});
  state.epoch_examples = count("epoch_examples");
  state.best_nll = reader.real("best_nll", {});
  state.best_epoch = count("best_epoch");
  // Checkpoints that lack these two are of runs that could monitor nothing else.
  state.monitored_best = reader.real("monitored_best", {.fallback = state.best_nll});
  state.monitored_epoch = count("monitored_epoch", static_cast<std::int64_t>(state.best_epoch));
  reader.finish();
  problems.raise_if_any(ErrorKind::checkpoint);
  return state;
}

// A tensor of the file, and the part of an array that it stores.
struct Place {
  std::string name;
  const Variable* variable;
  std::span<float> values;
};

// One list for writing and for reading.
std::vector<Place> places(const ParameterLayout& layout, const ModelArrays& arrays) {
  std::vector<Place> list;
  const auto values = [](AlignedArray& array, const Variable& variable) {
    return array.span().subspan(variable.slice.offset, variable.slice.size);
  };
  for (const Variable& variable : layout.variables()) {
    list.push_back({variable.name, &variable, values(*arrays.parameters, variable)});
  }
  for (StateArray& array : arrays.optimizer) {
    for (const Variable& variable : layout.variables()) {
      if (variable.is_state()) continue;  // of a layer: nothing optimizes it
      list.push_back({optimizer_tensor_name(array.spec.name, variable.name), &variable,
                      values(array.values, variable)});
    }
  }
  return list;
}

// Some arrays of the optimizer's state have no negative numbers, and neither have variances.
void check_state_values(std::string_view name, std::span<const float> values,
                        const std::vector<StateSpec>& state, const std::string& path,
                        ErrorKind kind) {
  const std::string_view array = optimizer_array_of(name);
  const bool non_negative = std::any_of(state.begin(), state.end(), [&](const StateSpec& spec) {
    return spec.name == array && spec.non_negative;
  });
  if (!non_negative && !name.ends_with("/moving_variance")) return;
  const auto negative = std::find_if(values.begin(), values.end(), [](float x) { return x < 0; });
  if (negative == values.end()) return;
  throw Error(kind, fmt::format("{}: tensor \"{}\": value {} is negative; expected at least 0",
                                shown_path(path), name, negative - values.begin()));
}

const Tensor* find_tensor(const CheckpointContents& contents, const std::string& name) {
  const auto found = std::lower_bound(
      contents.tensors.begin(), contents.tensors.end(), name,
      [](const Tensor& tensor, const std::string& wanted) { return tensor.name < wanted; });
  return found != contents.tensors.end() && found->name == name ? &*found : nullptr;
}

// A sentence about these tensors. It names only a few of them.
std::string sentence(const std::vector<std::string>& names, std::string_view of_one,
                     std::string_view of_many) {
  constexpr std::size_t kShown = 4;
  if (names.size() == 1) return fmt::format("tensor \"{}\" {}", names[0], of_one);
  const std::size_t shown = std::min(names.size(), kShown);
  const std::string more =
      names.size() > shown ? fmt::format(" and {} more", names.size() - shown) : "";
  return fmt::format("tensors \"{}\"{} {}", fmt::join(names.data(), names.data() + shown, "\", \""),
                     more, of_many);
}

// Throws if the network or the optimizer needs a tensor that the file does not have, or the other
// way round.
void require_same_tensors(const CheckpointContents& contents, const std::vector<Place>& wanted,
                          bool with_optimizer, const std::string& path) {
  std::set<std::string_view> names;
  std::vector<std::string> missing, unknown, foreign;
  for (const Place& place : wanted) {
    names.insert(place.name);
    if (find_tensor(contents, place.name) == nullptr) missing.push_back(place.name);
  }
  for (const Tensor& tensor : contents.tensors) {
    if (names.contains(tensor.name)) continue;
    if (!is_optimizer_tensor_name(tensor.name)) {
      unknown.push_back(tensor.name);
    } else if (with_optimizer) {
      foreign.push_back(tensor.name);
    }
  }
  std::vector<std::string> faults;
  if (!missing.empty()) faults.push_back(sentence(missing, "is missing", "are missing"));
  if (!unknown.empty()) {
    faults.push_back(sentence(unknown, "belongs to no layer of the network",
                              "belong to no layer of the network"));
  }
  if (!foreign.empty()) {
    faults.push_back(sentence(foreign, "belongs to another optimizer than the config's",
                              "belong to another optimizer than the config's"));
  }
  if (faults.empty()) return;
  throw Error(ErrorKind::checkpoint,
              fmt::format("{}: {}", shown_path(path), fmt::join(faults, "; ")));
}

// Removes an entry and returns it, "" if there is none.
std::string take_metadata(CheckpointContents& contents, const std::string& key) {
  auto entry = contents.extra_metadata.extract(key);
  return entry.empty() ? "" : std::move(entry.mapped());
}

// Removes the best checkpoint that the contents carry and returns it.
std::optional<CarriedCheckpoint> take_best(CheckpointContents& contents, const std::string& path) {
  const std::string state = take_metadata(contents, kUnwrittenBest);
  if (state.empty()) return std::nullopt;
  CarriedCheckpoint best{read_state(state, shown_path(path) + ": " + kUnwrittenBest), {}};
  // The names are sorted, so those of one prefix stand together.
  const auto is_best = [](const Tensor& tensor) { return tensor.name.starts_with(kBestPrefix); };
  const auto first = std::find_if(contents.tensors.begin(), contents.tensors.end(), is_best);
  const auto last = std::find_if_not(first, contents.tensors.end(), is_best);
  std::move(first, last, std::back_inserter(best.contents.tensors));
  contents.tensors.erase(first, last);
  for (Tensor& tensor : best.contents.tensors) tensor.name.erase(0, kBestPrefix.size());
  return best;
}

}  // namespace

void save_checkpoint(const std::string& path, const Json& config, const TrainingState& state,
                     const ParameterLayout& layout, const ModelArrays& arrays,
                     const UnwrittenOutputs& unwritten) {
  std::vector<StateSpec> optimizer;
  for (const StateArray& array : arrays.optimizer) optimizer.push_back(array.spec);
  std::vector<TensorView> views;
  for (const Place& place : places(layout, arrays)) {
    check_state_values(place.name, place.values, optimizer, path, ErrorKind::numerical);
    views.push_back({place.name, place.variable->shape, place.values});
  }
  std::map<std::string, std::string> metadata = {{"blas_kernel", blas_kernel()},
                                                 {"multiply_add", multiply_add_name()}};
  if (!unwritten.metrics.empty()) metadata.emplace(kUnwrittenMetrics, unwritten.metrics);
  if (unwritten.best_state != nullptr) {
    metadata.emplace(kUnwrittenBest, state_text(*unwritten.best_state));
    for (const Place& place : places(layout, {unwritten.best_parameters})) {
      views.push_back({std::string(kBestPrefix) + place.name, place.variable->shape, place.values});
    }
  }
  write_checkpoint_file(path, config.dump(), state_text(state), std::move(metadata), views);
}

LoadedCheckpoint load_checkpoint(const std::string& path) {
  InputFile file(path, ErrorKind::checkpoint);
  return load_checkpoint(file);
}

LoadedCheckpoint load_checkpoint(InputFile& file) {
  const std::string& path = file.name();
  CheckpointContents contents = read_checkpoint_file(file);
  const auto kind = contents.extra_metadata.find("kind");
  if (kind != contents.extra_metadata.end()) {
    throw Error(ErrorKind::checkpoint,
                fmt::format("{}: is a file of the kind {}; expected a checkpoint of bnn-train",
                            shown_path(path), json_text(kind->second)));
  }
  const std::string source = shown_path(path) + ": config";
  RunConfig config = read_run_config(
      completed_stored_config(parse_json(contents.config, source, ErrorKind::checkpoint)), source,
      ErrorKind::checkpoint);
  TrainingState state = read_state(contents.state, shown_path(path) + ": state");
  for (const Tensor& tensor : contents.tensors) {
    check_state_values(tensor.name, tensor.values, config.training.optimizer.state, path,
                       ErrorKind::checkpoint);
  }
  std::string metrics = take_metadata(contents, kUnwrittenMetrics);
  std::optional<CarriedCheckpoint> best = take_best(contents, path);
  return {std::move(config), state, std::move(contents), std::move(metrics), std::move(best)};
}

void restore_arrays(const std::string& path, const CheckpointContents& contents,
                    const ParameterLayout& layout, const ModelArrays& arrays) {
  const std::vector<Place> wanted = places(layout, arrays);
  require_same_tensors(contents, wanted, !arrays.optimizer.empty(), path);
  for (const Place& place : wanted) {
    const Tensor& tensor = *find_tensor(contents, place.name);
    if (tensor.shape != place.variable->shape) {
      throw Error(
          ErrorKind::checkpoint,
          fmt::format("{}: tensor \"{}\" has shape {}, expected {}", shown_path(path), place.name,
                      shape_text(tensor.shape), shape_text(place.variable->shape)));
    }
    std::copy(tensor.values.begin(), tensor.values.end(), place.values.begin());
  }
}

}  // namespace bnn
