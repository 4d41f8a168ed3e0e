#include "layer_run.h"

#include <algorithm>
#include <numeric>

#include "bnn/core/parse_json.h"
#include "bnn/layers/read_layer.h"
#include "workload.h"

namespace bnn {
namespace {

LayerSpec read_layer_text(const std::string& text) {
  const Json document = parse_json(text, "layer", ErrorKind::internal);
  Problems problems("layer");
  ObjectReader reader(document, "", problems);
  LayerSpec spec = read_layer(reader);
  reader.finish();
  problems.raise_if_any(ErrorKind::internal);
  return spec;
}

}  // namespace

LayerRun::LayerRun(const std::string& config, const Shape& input, int examples)
    : examples_(examples),
      layer_(make_layer(read_layer_text(config), "layer", {}, {input}, layout_)),
      names_(static_cast<std::size_t>(examples)),
      parameters_(random_array(layout_.size(), 1)),
      draws_(random_array(std::max<std::size_t>(layout_.size(), 1), 2)),
      gradient_(layout_.size()) {
  const auto count = static_cast<std::size_t>(examples);
  std::iota(names_.begin(), names_.end(), 0u);
  input_ = random_array(count * input.size(), 3);
  input_gradient_ = AlignedArray(count * input.size());
  output_ = AlignedArray(count * layer_->output_shape().size());
  output_gradient_ = random_array(output_.size(), 4);
  saved_ = AlignedArray(count * layer_->saved_size());
  scratch_ = AlignedArray(layer_->scratch_size(examples));
  pass_ = {examples, parameters_.data(), draws_.data(), PassNoise{.examples = names_}};
  prepared_ = AlignedArray(layer_->prepared_size(/*input_gradients=*/true));
  for (int task = 0; task < layer_->prepare_tasks(true); ++task) {
    layer_->prepare({pass_, true, task, prepared_.data()});
  }
}

void LayerRun::forward() {
  const float* input = input_.data();
  layer_->forward({.pass = pass_,
                   .inputs = {&input, 1},
                   .output = output_.data(),
                   .saved = saved_.data(),
                   .scratch = scratch_.data(),
                   .prepared = prepared_.data()});
}

void LayerRun::backward() {
  const float* input = input_.data();
  float* input_gradient = input_gradient_.data();
  layer_->backward({pass_,
                    {&input, 1},
                    output_.data(),
                    output_gradient_.data(),
                    {&input_gradient, 1},
                    gradient_.data(),
                    saved_.data(),
                    scratch_.data(),
                    prepared_.data()});
}

void LayerRun::weight_gradient(std::size_t shards) {
  const std::vector<ShardView> views(shards, {&pass_, input_.data(), output_gradient_.data()});
  AlignedArray scratch(layer_->weight_gradient_scratch(shards, examples_));
  for (int block = 0; block < layer_->weight_gradient_blocks(); ++block) {
    layer_->weight_gradient({views, block, false, gradient_.data(), scratch.data()});
  }
}

}  // namespace bnn
