#include "bnn/training/start_weights.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <fmt/format.h>

#include "bnn/checkpoint/checkpoint.h"
#include "bnn/checkpoint/initial_weights.h"
#include "bnn/checkpoint/torch_weights.h"
#include "bnn/core/input_file.h"
#include "bnn/data/split.h"
#include "bnn/train/posterior_from_weights.h"

namespace bnn {
namespace {

// torch.save writes a zip archive of pickled objects, which only Python can read.
void refuse_pickle(const std::string& path) {
  InputFile file(path, ErrorKind::checkpoint);
  std::array<std::byte, 4> begin = {};
  const bool is_zip =
      file.read(begin) == begin.size() && std::memcmp(begin.data(), "PK\3\4", begin.size()) == 0;
  if (!is_zip) return;
  throw Error(ErrorKind::checkpoint,
              shown_path(path) +
                  ": a zip archive, as torch.save writes it; expected a safetensors file, which "
                  "safetensors.torch.save_file(model.state_dict(), FILE) writes in Python");
}

bool is_own_checkpoint(const std::string& path) {
  const auto metadata = read_safetensors_metadata(path);
  const auto format = metadata.find("format");
  return format != metadata.end() && format->second == "bnn";
}

// Whether the weights were trained on images that this run holds out.
bool know_held_out(const LoadedCheckpoint& checkpoint, Run& run) {
  const std::vector<std::uint32_t>& held_out = run.data.split.validation;
  if (held_out.empty() || checkpoint.state.data_digest != run.data.digest(run.pool)) return false;
  const Split split = split_validation(run.data.images.labels(), checkpoint.config.data,
                                       checkpoint.config.training.seed);
  return !std::includes(split.validation.begin(), split.validation.end(), held_out.begin(),
                        held_out.end());
}

std::vector<std::string> take_checkpoint(const std::string& path, Run& run) {
  const LoadedCheckpoint checkpoint = load_checkpoint(path);
  start_from_weights(path, checkpoint.contents, run.graph.layout(), run.trainer.parameters());
  if (const auto& spec = run.config.training.posterior_from_weights) {
    set_scales_from_weights(run.graph.layout(), *spec, run.trainer.parameters());
  }
  std::vector<std::string> sentences = {
      fmt::format("{}: weights of epoch {}", shown_path(path), checkpoint.state.epoch)};
  if (know_held_out(checkpoint, run)) {
    sentences.push_back(
        "they were trained on images that this run holds out, so validation flatters it; the same "
        "training.seed and data.validation hold out the same");
  }
  return sentences;
}

}  // namespace

std::vector<std::string> take_start_weights(const std::string& path, const std::string& map,
                                            Run& run) {
  refuse_pickle(path);
  if (is_own_checkpoint(path)) {
    if (!map.empty()) {
      throw Error(ErrorKind::usage, shown_path(path) +
                                        ": a checkpoint of this program, whose tensors are matched "
                                        "by name; expected no --init-map");
    }
    return take_checkpoint(path, run);
  }
  InputFile file(path, ErrorKind::checkpoint);
  const SafetensorsFile weights = read_safetensors(file, TensorNumbers::any);
  const TorchStart start =
      start_from_torch(path, weights.tensors, map.empty() ? TorchMap() : read_torch_map(map),
                       run.graph, run.trainer.parameters());
  if (const auto& spec = run.config.training.posterior_from_weights) {
    set_scales_from_weights(run.graph.layout(), *spec, run.trainer.parameters(), &start.taken);
  }
  return start.sentences;
}

}  // namespace bnn
