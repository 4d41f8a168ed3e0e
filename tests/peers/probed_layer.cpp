#include "probed_layer.h"

#include <algorithm>
#include <numeric>

#include "bnn/bayes/flipout.h"
#include "bnn/core/error.h"
#include "bnn/layers/make_layer.h"
#include "bnn/train/parameter_loss.h"

namespace bnn {
namespace {

constexpr std::uint64_t kSeed = 9;
constexpr std::uint32_t kStep = 3;
constexpr std::uint32_t kLayer = 1;  // its number in a graph, where the input is 0

const Tensor& find(const std::vector<Tensor>& tensors, const std::string& name) {
  const auto found = std::find_if(tensors.begin(), tensors.end(),
                                  [&](const Tensor& tensor) { return tensor.name == name; });
  if (found == tensors.end()) throw Error(ErrorKind::data, "expected a tensor " + name);
  return *found;
}

void require_shape(const Tensor& tensor, const std::vector<std::int64_t>& shape) {
  if (tensor.shape == shape) return;
  throw Error(ErrorKind::data, tensor.name + ": expected the shape " + shape_text(shape) +
                                   ", found " + shape_text(tensor.shape));
}

// Of one example; [N][channels] is a vector, [N][height][width][channels] an image.
Shape input_shape(const Tensor& inputs, const LayerSpec& spec) {
  const auto size = [&](std::size_t i) { return static_cast<int>(inputs.shape[i]); };
  if (inputs.shape.size() == 2) return flat_shape(size(1));
  if (inputs.shape.size() != 4) {
    throw Error(ErrorKind::data,
                "inputs: expected 2 or 4 dimensions, found " + std::to_string(inputs.shape.size()));
  }
  return {size(1), size(2), size(3), false, spec.channels_first.value_or(false)};
}

std::vector<std::int64_t> batch_shape(std::int64_t examples, const Shape& shape) {
  if (shape.flat) return {examples, shape.channels};
  return {examples, shape.height, shape.width, shape.channels};
}

}  // namespace

ProbedLayer::ProbedLayer(const LayerSpec& spec, const std::vector<Tensor>& tensors)
    : spec_(spec),
      inputs_(find(tensors, "inputs")),
      output_gradient_(find(tensors, "output_gradient")),
      noise_name_{kLayer, spec.seed} {
  layer_ = make_layer(spec_, "layer", noise_name_, {input_shape(inputs_, spec)}, layout_);
  require_shape(output_gradient_, batch_shape(inputs_.shape[0], layer_->output_shape()));
  chunks_ = cut_into_chunks(layout_);
  parameters_ = AlignedArray(layout_.size());
  noise_ = AlignedArray(layout_.size());
  draws_ = AlignedArray(std::max<std::size_t>(layout_.size(), 1));
  gradient_ = AlignedArray(layout_.size());
  for (const Variable& variable : layout_.variables()) {
    const Tensor& tensor = find(tensors, variable.name);
    require_shape(tensor, variable.shape);
    std::copy(tensor.values.begin(), tensor.values.end(),
              parameters_.data() + variable.slice.offset);
  }
  examples_.resize(static_cast<std::size_t>(inputs_.shape[0]));
  std::iota(examples_.begin(), examples_.end(), 0u);
  pass_ = {static_cast<int>(examples_.size()), parameters_.data(), draws_.data(),
           PassNoise{kSeed, kStep, false, examples_}, true};
}

std::vector<Tensor> ProbedLayer::run() {
  draw_weights();
  forward();
  backward(output_gradient_.values);
  collect_gradients();
  collect_divergence();
  collect_noise_of_weights();
  collect_noise_of_examples();
  return results_;
}

void ProbedLayer::draw_weights() {
  for (const Chunk& chunk : chunks_) {
    if (!chunk.scale) continue;
    draw_chunk(layout_, chunk, parameters_.data(), kSeed, Site::weight_noise, kStep, noise_.data(),
               draws_.data());
  }
}

// What the layer makes of its weights for all shards of a batch.
std::vector<float> ProbedLayer::prepared() const {
  std::vector<float> made(layer_->prepared_size(true));
  for (int task = 0; task < layer_->prepare_tasks(true); ++task) {
    layer_->prepare({pass_, true, task, made.data()});
  }
  return made;
}

void ProbedLayer::forward() {
  const std::size_t examples = examples_.size();
  outputs_.resize(examples * layer_->output_shape().size());
  saved_.resize(examples * layer_->saved_size());
  scratch_.resize(layer_->scratch_size(pass_.examples));
  const std::vector<float> for_all = prepared();
  const float* const input = inputs_.values.data();
  layer_->forward({.pass = pass_,
                   .inputs = {&input, 1},
                   .output = outputs_.data(),
                   .saved = saved_.empty() ? nullptr : saved_.data(),
                   .scratch = scratch_.data(),
                   .prepared = for_all.data()});
  add("outputs", output_gradient_.shape, outputs_);
  const double penalty_of_outputs = penalty(spec_.activity_regularizer, outputs_);
  add("activity_penalty", {1},
      {static_cast<float>(penalty_of_outputs / static_cast<double>(examples))});
}

void ProbedLayer::backward(std::vector<float> output_gradient) {
  const float weight = 1.0f / static_cast<float>(examples_.size());
  add_penalty_gradient(spec_.activity_regularizer, outputs_, weight, output_gradient);
  const std::vector<float> for_all = prepared();
  inputs_gradient_.resize(inputs_.values.size());
  const float* const input = inputs_.values.data();
  float* const input_gradient = inputs_gradient_.data();
  layer_->backward({pass_,
                    {&input, 1},
                    outputs_.data(),
                    output_gradient.data(),
                    {&input_gradient, 1},
                    gradient_.data(),
                    saved_.empty() ? nullptr : saved_.data(),
                    scratch_.data(),
                    for_all.data()});
  const ShardView shard{&pass_, input, output_gradient.data()};
  scratch_.resize(layer_->weight_gradient_scratch(1, pass_.examples));
  for (int block = 0; block < layer_->weight_gradient_blocks(); ++block) {
    layer_->weight_gradient({{&shard, 1}, block, false, gradient_.data(), scratch_.data()});
  }
  add("inputs_gradient", inputs_.shape, inputs_gradient_);
}

void ProbedLayer::collect_gradients() {
  for (const Chunk& chunk : chunks_) {
    if (!chunk.scale) continue;
    draw_gradient_to_posterior(layout_, chunk, parameters_.data(), noise_.data(), gradient_.data());
  }
  add_variables("gradient/", gradient_);
}

void ProbedLayer::collect_divergence() {
  ParameterLoss loss(layout_, chunks_, kSeed, 1);
  AlignedArray gradient(layout_.size());
  loss.begin(parameters_.data(), kStep);
  for (std::size_t i = 0; i < chunks_.size(); ++i) {
    loss.add_gradient(i, 0, parameters_.data(), 1.0f, gradient.data());
  }
  loss.finish(1.0f, gradient.data());
  add_variables("kl_gradient/", gradient);
  add("kl", {1}, {static_cast<float>(loss.kl())});
  add("penalty", {1}, {static_cast<float>(loss.penalty())});
}

void ProbedLayer::collect_noise_of_weights() {
  for (const RandomTensor& tensor : layout_.random_tensors()) {
    const Variable& scale = layout_.variables()[tensor.untransformed_scale];
    const auto values = noise_.span().subspan(scale.slice.offset, scale.slice.size);
    add("noise/" + scale.name, scale.shape, {values.begin(), values.end()});
    if (tensor.divergence.samples == 0) continue;
    const Stream stream{kSeed, Site::divergence,
                        static_cast<std::uint32_t>(tensor.untransformed_scale), kStep, 0};
    std::vector<std::int64_t> shape = scale.shape;
    shape.insert(shape.begin(), tensor.divergence.samples);
    add_rows("noise/" + scale.name + "/divergence", shape, [&](std::uint32_t j, auto row) {
      Stream draw = stream;
      draw.example = j;
      fill_normal(draw, 0, row);
    });
  }
}

void ProbedLayer::collect_noise_of_examples() {
  const auto of_batch = [&](std::vector<std::int64_t> shape) {
    shape.insert(shape.begin(), inputs_.shape[0]);
    return shape;
  };
  const auto normal = [&](NoiseUse use) {
    return [this, use](std::uint32_t b, auto row) {
      fill_normal(example_stream(pass_.noise, noise_name_, use, b), 0, row);
    };
  };
  const auto signs = [&](const auto& draw) {
    return [&](std::uint32_t b, auto row) { draw(pass_.noise, noise_name_, b, 0, row); };
  };
  add_rows("noise/input_signs", of_batch({inputs_.shape.back()}), signs(input_signs));
  add_rows("noise/output_signs", of_batch({output_gradient_.shape.back()}), signs(output_signs));
  add_rows("noise/outputs", output_gradient_.shape, normal(NoiseUse::output));
  if (layout_.variables().empty()) return;
  add_rows("noise/weights", of_batch(layout_.variables().front().shape), normal(NoiseUse::weights));
}

// A tensor whose first dimension counts rows, each made by fill(row's number, row).
template <typename Fill>
void ProbedLayer::add_rows(const std::string& name, const std::vector<std::int64_t>& shape,
                           const Fill& fill) {
  std::size_t size = 1;
  for (std::size_t i = 1; i < shape.size(); ++i) size *= static_cast<std::size_t>(shape[i]);
  const auto rows = static_cast<std::size_t>(shape[0]);
  std::vector<float> values(rows * size);
  for (std::size_t i = 0; i < rows; ++i) {
    fill(static_cast<std::uint32_t>(i), std::span(values).subspan(i * size, size));
  }
  add(name, shape, values);
}

void ProbedLayer::add(const std::string& name, std::vector<std::int64_t> shape,
                      std::vector<float> values) {
  results_.push_back({name, std::move(shape), std::move(values)});
}

void ProbedLayer::add_variables(const std::string& prefix, const AlignedArray& values) {
  for (const Variable& variable : layout_.variables()) {
    if (!variable.trainable) continue;
    const auto part = values.span().subspan(variable.slice.offset, variable.slice.size);
    add(prefix + variable.name, variable.shape, {part.begin(), part.end()});
  }
}

}  // namespace bnn
