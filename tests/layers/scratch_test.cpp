#include "bnn/layers/scratch.h"

#include <catch2/catch.hpp>

#include "bnn/layers/example_weights.h"
#include "bnn/math/packed_matrix.h"

using namespace bnn;

namespace {

struct Pieces {
  float* first;
  std::span<float> second;

  Pieces(std::size_t size, Scratch& scratch)
      : first(scratch.take(size)), second(scratch.span(2 * size)) {}
};

}  // namespace

TEST_CASE("scratch without memory counts what the same code cuts from memory") {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, kAlignment, kAlignment + 1}) {
    const std::size_t floats = count_scratch<Pieces>(size);
    CHECK(floats == round_to_alignment(size) + round_to_alignment(2 * size));
    AlignedArray memory(floats + 1);
    Scratch scratch(memory.data());
    const Pieces pieces(size, scratch);
    CHECK(scratch.taken() == floats);
    CHECK(pieces.first == memory.data());
    CHECK(pieces.second.data() == memory.data() + round_to_alignment(size));
    CHECK(pieces.second.size() == 2 * size);
  }
}

TEST_CASE("weights of each example take memory for noise only where they are drawn one by one") {
  KernelForm form;
  form.kernel.loc = {0, 60};
  form.taps = 3;
  form.inputs = 4;
  form.outputs = 5;
  form.kernel.draw = Draw::perturbation;
  const std::size_t flipout = count_scratch<ExampleWeights>(form);
  CHECK(flipout == 2 * kAlignment + packed_size(5, 12));
  form.kernel.draw = Draw::scale;
  CHECK(count_scratch<ExampleWeights>(form) == flipout + 2 * round_to_alignment(60));
}
