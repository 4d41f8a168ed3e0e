#include "bnn/checkpoint/checkpoint.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <optional>

#include "bnn/core/input_file.h"
#include "bnn/core/parse_json.h"
#include "bnn/math/blas.h"

namespace bnn {
namespace {

constexpr std::string_view kFirstMoment = "optimizer/m/", kSecondMoment = "optimizer/v/";

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

// One list of (name, array, variable) for writing and for reading.
void for_each_tensor(
    const ParameterLayout& layout, const ModelArrays& arrays,
    const std::function<void(const std::string&, const Variable&, std::span<float>)>& visit) {
  const auto visit_array = [&](std::string_view prefix, AlignedArray* array) {
    if (array == nullptr) return;
    for (const Variable& variable : layout.variables()) {
      visit(std::string(prefix) + variable.name, variable,
            array->span().subspan(variable.slice.offset, variable.slice.size));
    }
  };
  visit_array("", arrays.parameters);
  visit_array(kFirstMoment, arrays.first_moments);
  visit_array(kSecondMoment, arrays.second_moments);
}

std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::string text = "[";
  for (const std::int64_t dimension : shape) {
    text += (text.size() > 1 ? ", " : "") + std::to_string(dimension);
  }
  return text + "]";
}

const Tensor* find_tensor(const CheckpointContents& contents, const std::string& name) {
  const auto found = std::lower_bound(
      contents.tensors.begin(), contents.tensors.end(), name,
      [](const Tensor& tensor, const std::string& wanted) { return tensor.name < wanted; });
  return found != contents.tensors.end() && found->name == name ? &*found : nullptr;
}

bool is_optimizer_tensor(const std::string& name) { return name.starts_with("optimizer/"); }

}  // namespace

void save_checkpoint(const std::string& path, const Json& config, const TrainingState& state,
                     const ParameterLayout& layout, const ModelArrays& arrays) {
  std::vector<TensorView> views;
  for_each_tensor(layout, arrays,
                  [&](const std::string& name, const Variable& variable, std::span<float> values) {
                    views.push_back({name, variable.shape, values});
                  });
  write_checkpoint_file(path, config.dump(), state_text(state), {{"blas_kernel", blas_kernel()}},
                        views);
}

LoadedCheckpoint load_checkpoint(const std::string& path) {
  CheckpointContents contents = read_checkpoint_file(path);
  const std::string source = shown_path(path) + ": config";
  RunConfig config = read_run_config(parse_json(contents.config, source, ErrorKind::checkpoint),
                                     source, ErrorKind::checkpoint);
  TrainingState state = read_state(contents.state, shown_path(path) + ": state");
  return {std::move(config), state, std::move(contents)};
}

void restore_arrays(const std::string& path, const CheckpointContents& contents,
                    const ParameterLayout& layout, const ModelArrays& arrays) {
  const std::string source = shown_path(path) + ": ";
  std::size_t used = 0;
  for_each_tensor(
      layout, arrays,
      [&](const std::string& name, const Variable& variable, std::span<float> values) {
        const Tensor* tensor = find_tensor(contents, name);
        if (tensor == nullptr) {
          throw Error(ErrorKind::checkpoint, source + "tensor \"" + name + "\" is missing");
        }
        if (tensor->shape != variable.shape) {
          throw Error(ErrorKind::checkpoint, source + "tensor \"" + name + "\" has shape " +
                                                 shape_text(tensor->shape) + ", expected " +
                                                 shape_text(variable.shape));
        }
        std::copy(tensor->values.begin(), tensor->values.end(), values.begin());
        ++used;
      });
  if (used == contents.tensors.size()) return;
  // Without moments wanted, the optimizer's tensors are the only ones that may be left over.
  for (const Tensor& tensor : contents.tensors) {
    const bool known =
        std::any_of(layout.variables().begin(), layout.variables().end(),
                    [&](const Variable& variable) { return tensor.name == variable.name; });
    if (known || is_optimizer_tensor(tensor.name)) continue;
    throw Error(ErrorKind::checkpoint,
                source + "tensor \"" + tensor.name + "\" belongs to no layer of the network");
  }
}

}  // namespace bnn
