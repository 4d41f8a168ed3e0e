#include "bnn/layers/dense.h"

#include <deque>

#include <catch2/catch.hpp>

#include "support/layer_fixture.h"

using namespace bnn;
using namespace bnn::testing;

namespace {

// A dense layer is a convolution over an image of one pixel.
NaiveWindow dense_window(int inputs, int units) { return {{1, 1, inputs}, units}; }

MadeLayer make_dense(const std::string& type, int inputs, int units,
                     const std::string& activation = "linear", const std::string& more = "") {
  return make_layer_from(dense_text(type, units, activation, more), {flat_shape(inputs)});
}

// dM = sum of x_b g_bᵀ and dD = sum of (s_b ∘ x_b) (r_b ∘ g_b)ᵀ over the examples of all runs.
Numbers naive_weight_gradient(const std::deque<LayerRun>& runs, int inputs, int units) {
  const ParameterLayout& layout = runs[0].made.layout;
  const auto rows = static_cast<std::size_t>(inputs), columns = static_cast<std::size_t>(units);
  Numbers gradient(layout.size(), 0.0);
  for (const LayerRun& run : runs) {
    const NaivePass pass = run.naive_pass();
    for (std::size_t b = 0; b < run.noise_examples.size(); ++b) {
      const auto s = pass.signs(Site::sign_input, b, inputs);
      const auto r = pass.signs(Site::sign_output, b, units);
      for (std::size_t i = 0; i < rows * columns; ++i) {
        const std::size_t row = i / columns, column = i % columns;
        const double product = static_cast<double>(run.inputs[0][b * rows + row]) *
                               run.output_gradient.span()[b * columns + column];
        gradient[layout.variables()[0].slice.offset + i] += product;
        if (layout.variables().size() == 1 || !pass.noisy) continue;
        gradient[layout.variables()[1].slice.offset + i] += s[row] * r[column] * product;
      }
    }
  }
  return gradient;
}

// Runs shards of the given sizes and returns the error of the deferred gradient of all of them.
double deferred_gradient_error(const MadeLayer& made, int units, const std::vector<int>& shards,
                               bool noisy = true, ProductsKind products = ProductsKind::own) {
  std::deque<LayerRun> runs;
  std::vector<ShardView> views;
  int most = 0;
  for (const int examples : shards) {
    const auto number = static_cast<std::uint32_t>(runs.size());
    LayerRun& run = runs.emplace_back(made, examples, 1 + 100 * number);
    for (std::uint32_t& name : run.noise_examples) name += 1000 * number;
    if (!noisy) run.pass.draws = nullptr;
    run.pass.products = Products(products);
    run.output_gradient.copy(random_numbers(run.output_gradient.span().size(), 50 + number));
    views.push_back({&run.pass, run.inputs[0].data(), run.output_gradient.data()});
    most = std::max(most, examples);
  }
  GuardedFloats gradient(made.layout.size(), 0.0f);
  const auto& variables = made.layout.variables();
  for (std::size_t v = 0; v < (noisy ? variables.size() : 1); ++v) {  // must be overwritten
    std::fill_n(gradient.data() + variables[v].slice.offset, variables[v].slice.size, kUnset);
  }
  for (int block = 0; block < made.layer->weight_gradient_blocks(); ++block) {
    GuardedFloats scratch(made.layer->weight_gradient_scratch(shards.size(), most), kUnset);
    made.layer->weight_gradient({views, block, false, gradient.data(), scratch.data()});
    REQUIRE((scratch.intact() && gradient.intact()));
  }
  return worst_error(gradient.span(), naive_weight_gradient(runs, made.inputs[0].channels, units));
}

const std::string kNoBias = R"(, "bias_posterior_fn": null)";

}  // namespace

TEST_CASE("dense layers equal their formula") {
  for (const std::string type : {"dense", "dense_flipout"}) {
    for (const int inputs : {1, 3, 40}) {
      for (const int units : {1, 5, 33}) {
        for (const std::string activation : {"linear", "gelu"}) {
          const MadeLayer made = make_dense(type, inputs, units, activation);
          INFO(type << " " << inputs << " to " << units << ", " << activation);
          REQUIRE(made.layer->output_shape() == flat_shape(units));
          LayerRun run(made, 4);
          const auto naive = naive_weights_layer(dense_window(inputs, units), activation,
                                                 made.layout, run.naive_pass());
          CHECK(worst_error(run.forward(), naive(run.naive_state())) < 1e-5);
        }
      }
    }
  }
}

TEST_CASE("the deferred gradient of many examples is summed in groups of shards, by any products") {
  const MadeLayer made = make_dense("dense_flipout", 7, 5, "linear", kNoBias);
  for (const ProductsKind products : {ProductsKind::own, ProductsKind::openblas}) {
    for (const std::vector<int>& shards : std::vector<std::vector<int>>{
             {100, 100, 100, 100, 100}, {130, 130, 7}, {300, 20}, {40, 40, 40, 40, 40, 40, 40}}) {
      CHECK(deferred_gradient_error(made, 5, shards, true, products) < 1e-4);
    }
  }
}

TEST_CASE("a sampled bias is shared by all examples and not flipped") {
  const MadeLayer made = make_dense("dense_flipout", 3, 4, "linear", kSampledBias);
  LayerRun run(made, 5);
  run.inputs[0].assign(run.inputs[0].size(), 0.0f);
  const auto y = run.forward();
  const auto& variables = made.layout.variables();
  REQUIRE(variables[3].name == "layer/bias_posterior_untransformed_scale");
  for (std::size_t i = 0; i < y.size(); ++i) {
    CHECK(y[i] == run.draws[variables[3].slice.offset + i % 4]);
  }
}

TEST_CASE("without a perturbation a dense flipout layer uses its means") {
  const MadeLayer made = make_dense("dense_flipout", 6, 4, "relu", kSampledBias);
  LayerRun run(made, 3);
  run.pass.draws = nullptr;
  run.pass.noise = {};  // no streams are drawn from
  const auto naive =
      naive_weights_layer(dense_window(6, 4), "relu", made.layout, {.noise = {}, .noisy = false});
  CHECK(worst_error(run.forward(), naive(run.naive_state())) < 1e-5);
}

TEST_CASE("the signs of prediction come from the sites that the pass names") {
  const MadeLayer made = make_dense("dense_flipout", 6, 4);
  LayerRun run(made, 3);
  const Numbers training = to_numbers(run.forward());
  run.pass.noise.predicting = true;
  const auto naive =
      naive_weights_layer(dense_window(6, 4), "linear", made.layout, run.naive_pass());
  CHECK(worst_error(run.forward(), naive(run.naive_state())) < 1e-5);
  CHECK(worst_error(run.output.span(), training) > 0.1);
}

TEST_CASE("the weight gradient adds up shards of unequal sizes") {
  const std::vector<std::vector<int>> cuts = {
      {1}, {4}, {3, 1}, {2, 5, 1}, {3, 3, 2, 2, 2, 1, 4}, {1, 1, 1, 1, 1, 1, 1, 2, 3}};
  for (const auto& shards : cuts) {
    INFO(shards.size() << " shards");
    const MadeLayer flipout = make_dense("dense_flipout", 9, 7, "linear", kNoBias);
    CHECK(deferred_gradient_error(flipout, 7, shards) < 1e-5);
    CHECK(deferred_gradient_error(flipout, 7, shards, /*noisy=*/false) < 1e-5);
    const MadeLayer plain = make_dense("dense", 9, 7, "linear", R"(, "use_bias": false)");
    CHECK(deferred_gradient_error(plain, 7, shards) < 1e-5);
  }
}

TEST_CASE("the blocks of the weight gradient cover the kernel once") {
  struct Row {
    int inputs, units, blocks;
  };
  // A block holds at most 32768 weights in whole rows, and at least one row.
  for (const Row& row : {Row{300, 110, 2}, Row{700, 100, 3}, Row{3, 33000, 3}, Row{128, 256, 1}}) {
    INFO(row.inputs << " x " << row.units);
    const MadeLayer made = make_dense("dense_flipout", row.inputs, row.units, "linear", kNoBias);
    CHECK(made.layer->weight_gradient_blocks() == row.blocks);
    CHECK(deferred_gradient_error(made, row.units, {2, 1, 3}) < 1e-5);
  }
}

TEST_CASE("backward of a dense layer leaves kernels and unwanted input gradients alone") {
  const MadeLayer made = make_dense("dense_flipout", 6, 4, "swish");
  LayerRun run(made, 3);
  const auto weights = random_numbers(run.forward().size(), 4);
  run.output_gradient.copy(weights);
  const std::vector<const float*> inputs = {run.inputs[0].data()};
  const std::vector<float*> none = {nullptr};
  made.layer->backward({run.pass, inputs, run.output.data(), run.output_gradient.data(), none,
                        run.gradient.data(), run.saved.data(), nullptr});
  for (std::size_t v = 0; v < 2; ++v) {
    CHECK(made.layout.variables()[v].deferred);
    const Slice slice = made.layout.variables()[v].slice;
    const auto part = run.gradient.span().subspan(slice.offset, slice.size);
    CHECK(std::count(part.begin(), part.end(), 0.0f) == 24);
  }
  CHECK(!made.layout.variables()[2].deferred);
}

TEST_CASE("multiply-adds of dense layers count the products made") {
  CHECK(make_dense("dense", 6, 4).layer->multiply_adds() == 24.0);
  CHECK(make_dense("dense_flipout", 6, 4).layer->multiply_adds() == 48.0);
}
