#include "bnn/layers/layer_pair.h"

#include <algorithm>

#include "bnn/layers/scratch.h"

namespace bnn {

// Examples that pass through both layers before the next ones follow: one, or all if a layer does
// something once for all.
struct LayerPair::Group {
  Pass pass;
  std::size_t first;

  static int size(const LayerPair& pair, int examples) {
    return pair.works_by_example() ? 1 : examples;
  }
  std::size_t examples() const { return static_cast<std::size_t>(pass.examples); }
};

template <typename Visit>
void LayerPair::for_each_group(const Pass& pass, const Visit& visit) const {
  const int size = Group::size(*this, pass.examples);
  for (int first = 0; first < pass.examples; first += size) {
    Group group{pass, static_cast<std::size_t>(first)};
    group.pass.examples = size;
    if (!pass.noise.examples.empty()) {
      group.pass.noise.examples = pass.noise.examples.subspan(group.first, group.examples());
    }
    visit(group);
  }
}

// The pieces of scratch memory, and of what is saved, for one group.
struct LayerPair::Buffers {
  float* between;   // outputs of the first layer where the pass saves none
  float* gradient;  // for them
  float* scratch;   // of either layer

  Buffers(const LayerPair& pair, int examples, Scratch& memory) {
    const int size = Group::size(pair, examples);
    const std::size_t floats = static_cast<std::size_t>(size) * pair.between_size();
    between = memory.take(floats);
    gradient = memory.take(floats);
    scratch =
        memory.take(std::max(pair.first_->scratch_size(size), pair.second_->scratch_size(size)));
  }
};

namespace {

// Where a layer saves, or null if it saves nothing.
template <typename Float>
Float* saved_of(const Layer& layer, Float* saved, std::size_t offset) {
  return saved == nullptr || layer.saved_size() == 0 ? nullptr : saved + offset;
}

}  // namespace

std::size_t LayerPair::scratch_size(int examples) const {
  Scratch memory;
  Buffers(*this, examples, memory);
  return memory.taken();
}

std::size_t LayerPair::saved_size() const {
  return between_size() + first_->saved_size() + second_->saved_size();
}

// The second layer's part comes first. Its input gradients are always wanted: they train the first.
std::size_t LayerPair::first_prepared() const {
  return round_to_alignment(second_->prepared_size(true));
}

std::size_t LayerPair::prepared_size(bool input_gradients) const {
  return first_prepared() + first_->prepared_size(input_gradients);
}

int LayerPair::prepare_tasks(bool input_gradients) const {
  return second_->prepare_tasks(true) + first_->prepare_tasks(input_gradients);
}

void LayerPair::prepare(const PrepareArgs& args) const {
  const int tasks = second_->prepare_tasks(true);
  if (args.task < tasks) return second_->prepare({args.pass, true, args.task, args.prepared});
  first_->prepare(
      {args.pass, args.input_gradients, args.task - tasks, args.prepared + first_prepared()});
}

void LayerPair::forward(const ForwardArgs& args) const {
  Scratch memory(args.scratch);
  const Buffers buffers(*this, args.pass.examples, memory);
  for_each_group(args.pass, [&](const Group& group) {
    float* saved = args.saved == nullptr ? nullptr : args.saved + group.first * saved_size();
    float* between = saved == nullptr ? buffers.between : saved;
    const std::size_t first_saved = group.examples() * between_size();
    const std::size_t second_saved = first_saved + group.examples() * first_->saved_size();
    const float* input = args.inputs[0] + group.first * input_size_;
    first_->forward({.pass = group.pass,
                     .inputs = {&input, 1},
                     .output = between,
                     .saved = saved_of(*first_, saved, first_saved),
                     .scratch = buffers.scratch,
                     .prepared = args.prepared + first_prepared()});
    const float* second_input = between;
    second_->forward({.pass = group.pass,
                      .inputs = {&second_input, 1},
                      .output = args.output + group.first * output_shape().size(),
                      .saved = saved_of(*second_, saved, second_saved),
                      .scratch = buffers.scratch,
                      .prepared = args.prepared});
  });
}

void LayerPair::backward(const BackwardArgs& args) const {
  Scratch memory(args.scratch);
  const Buffers buffers(*this, args.pass.examples, memory);
  const std::size_t output_size = output_shape().size();
  for_each_group(args.pass, [&](const Group& group) {
    const float* saved = args.saved + group.first * saved_size();
    const std::size_t first_saved = group.examples() * between_size();
    const std::size_t second_saved = first_saved + group.examples() * first_->saved_size();
    const float* input = args.inputs[0] + group.first * input_size_;
    float* input_gradient = args.input_gradients[0];
    if (input_gradient != nullptr) input_gradient += group.first * input_size_;
    const float* between = saved;
    float* between_gradient = buffers.gradient;
    second_->backward({group.pass,
                       {&between, 1},
                       args.output + group.first * output_size,
                       args.output_gradient + group.first * output_size,
                       {&between_gradient, 1},
                       args.gradient,
                       saved_of(*second_, saved, second_saved),
                       buffers.scratch,
                       args.prepared});
    first_->backward({group.pass,
                      {&input, 1},
                      between,
                      between_gradient,
                      {&input_gradient, 1},
                      args.gradient,
                      saved_of(*first_, saved, first_saved),
                      buffers.scratch,
                      args.prepared + first_prepared()});
  });
}

}  // namespace bnn
