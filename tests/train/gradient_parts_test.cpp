// Optimizers that take the gradient in parts: the derivatives that they get, and the scales that
// they write.

#include <cmath>
#include <numbers>
#include <vector>

#include <catch2/catch.hpp>

#include "bnn/bayes/mean_field_normal.h"
#include "support/naive_flipout.h"
#include "support/trainer_fixture.h"

using namespace bnn;
using namespace bnn::testing;

namespace {

const std::string kModel = R"({"input": {"height": 4, "width": 4, "channels": 2}, "layers": [
    {"type": "flatten"},
    {"type": "dense_flipout", "name": "hidden", "units": 7, "activation": "tanh",
     "kernel_prior_fn": {"loc": 0.1, "scale": 0.5},
     "kernel_posterior_fn": {"loc_regularizer": {"l2": 0.2},
                             "untransformed_scale_regularizer": {"l1": 0.03}}},
    {"type": "dense_flipout", "name": "logits", "units": 3,
     "kernel_prior_fn": {"loc": 0.2, "scale": 0.7, "trainable": true}}]})";

// What a trainer handed to its optimizer in one step.
struct Seen {
  std::vector<float> nll, regularization;  // arrays of the layout
  std::vector<OptimizerStep> steps;
  float factor = 0.0f;
};

// Notes what it is handed and writes scales of its own, but for those of priors.
class Recorder final : public Optimizer {
 public:
  Recorder(const ParameterLayout& layout, Seen& seen)
      : Optimizer(layout, {{.name = "h", .non_negative = true}}), seen_(seen) {
    seen_.nll.assign(layout.size(), 0.0f);
    seen_.regularization.assign(layout.size(), 0.0f);
  }

  void begin_step(const OptimizerStep& step, AlignedArray&) override {
    seen_.steps.push_back(step);
  }

  void update(const Chunk& chunk, const ChunkGradient& gradient,
              const ChunkParts<float>& values) override {
    seen_.factor = gradient.factor;
    note(chunk, gradient.loss, seen_.nll);
    note(chunk, gradient.regularization, seen_.regularization);
    for (float& u : values.scale) u = untransformed_scale_of(0.25);
  }

 private:
  void note(const Chunk& chunk, const ChunkParts<const float>& from, std::vector<float>& array) {
    const ChunkParts<float> to = parts(layout_, chunk, array.data());
    std::copy(from.loc.begin(), from.loc.end(), to.loc.begin());
    std::copy(from.scale.begin(), from.scale.end(), to.scale.begin());
  }

  Seen& seen_;
};

TrainingSpec recording(Seen& seen) {
  TrainingSpec spec = small_spec();
  spec.optimizer = {.learning_rate = 0.03,
                    .form = GradientForm::parts,
                    .state = {{.name = "h", .non_negative = true}},
                    .make = [&seen](const ParameterLayout& layout) -> std::unique_ptr<Optimizer> {
                      return std::make_unique<Recorder>(layout, seen);
                    }};
  return spec;
}

constexpr std::size_t kBatch = 12;

// The mean NLL of the first step's batch under its noise, in double.
double mean_nll(const TrainerFixture& f, const TrainingSpec& spec, const Flat& p) {
  NaiveFlipout network(
      f.graph, {naive_dense("hidden", 2, 32, 7, true), naive_dense("logits", 3, 7, 3, false)});
  double nll = 0.0;
  const auto samples = static_cast<std::uint32_t>(spec.samples);
  for (std::uint32_t sample = 0; sample < samples; ++sample) {
    network.draw(p, {.seed = spec.seed, .draw = samples + sample});
    for (std::uint32_t b = 0; b < kBatch; ++b) {
      const Flat q = naive_softmax(network.forward(p, naive_image(f.data, b), b));
      nll -= std::log(q[static_cast<std::size_t>(f.data.labels()[b])]);
    }
  }
  return nll / (static_cast<double>(kBatch) * spec.samples);
}

bool is_scale(const std::string& name) { return name.ends_with("untransformed_scale"); }

}  // namespace

TEST_CASE("an optimizer gets the gradient of the NLL by means and sigma, apart from the rest") {
  for (const int samples : {1, 2}) {
    Seen seen;
    TrainingSpec spec = recording(seen);
    spec.samples = samples;
    TrainerFixture f(kModel, spec);
    Flat p(f.trainer.parameters().span().begin(), f.trainer.parameters().span().end());
    f.trainer.step(1, indices(kBatch));
    for (const Variable& variable : f.graph.layout().variables()) {
      INFO(variable.name);
      for (std::size_t i = 0; i < variable.slice.size; i += 5) {
        double& x = p[variable.slice.offset + i];
        const double middle = x;
        const auto at = [&](double offset) {
          x = middle + offset;
          return mean_nll(f, spec, p);
        };
        const double step = 1e-3;
        const double rise = at(step) - at(-step);
        x = middle;
        const double run = is_scale(variable.name)
                               ? exact_sigma(middle + step) - exact_sigma(middle - step)
                               : 2 * step;
        CHECK(seen.nll[variable.slice.offset + i] == Approx(rise / run).epsilon(1e-3).margin(1e-5));
      }
    }
  }
}

TEST_CASE("an optimizer gets the gradient of KL and penalties by means and sigma, apart") {
  Seen seen;
  TrainerFixture f(kModel, recording(seen));
  const std::vector<float> p(f.trainer.parameters().span().begin(),
                             f.trainer.parameters().span().end());
  f.trainer.step(1, indices(kBatch));
  const double weight = 0.7 / 30;
  REQUIRE(seen.steps.size() == 1);
  CHECK(seen.steps[0].number == 1);
  CHECK(seen.steps[0].learning_rate == 0.03);
  CHECK(seen.steps[0].kl_scale == Approx(weight));
  CHECK(seen.factor == 1.0f);
  const auto check = [&](const std::string& name, const auto& expected) {
    INFO(name);
    const Slice slice = f.slice(name);
    for (std::size_t i = slice.offset; i < slice.offset + slice.size; ++i) {
      CHECK(seen.regularization[i] ==
            Approx(expected(static_cast<double>(p[i]))).epsilon(1e-4).margin(1e-7));
    }
  };
  check("hidden/kernel_posterior_loc",
        [&](double mu) { return weight * (mu - 0.1) / 0.25 + 2 * 0.2 * mu; });
  check("hidden/kernel_posterior_untransformed_scale", [&](double u) {
    const double sigma = exact_sigma(u), slope = 1 / (1 + std::exp(-u));
    return weight * (sigma / 0.25 - 1 / sigma) + 0.03 * (u > 0 ? 1 : -1) / slope;
  });
  check("logits/kernel_posterior_untransformed_scale", [&](double u) {
    const double sigma = exact_sigma(u);
    return weight * (sigma / 0.49 - 1 / sigma);
  });
  check("hidden/bias_posterior_loc", [](double) { return 0.0; });
  const auto mu = f.slice("logits/kernel_posterior_loc");
  double pull = 0.0;
  for (std::size_t i = mu.offset; i < mu.offset + mu.size; ++i) {
    pull -= weight * (static_cast<double>(p[i]) - 0.2) / 0.49;
  }
  check("logits/kernel_prior_loc", [&](double) { return pull; });
}

TEST_CASE("scales that an optimizer writes are those that the next step draws from") {
  Seen seen;
  TrainerFixture f(kModel, recording(seen));
  f.trainer.step(1, indices(kBatch));
  for (const std::string layer : {"hidden", "logits"}) {
    for (const float u : f.parameter(layer + "/kernel_posterior_untransformed_scale")) {
      REQUIRE(exact_sigma(u) == Approx(0.25).epsilon(1e-6));
    }
  }
  CHECK(f.trainer.step(2, indices(kBatch)).kl ==
        Approx(exact_kl(f, "hidden/kernel", 0.5, 0.1) + exact_kl(f, "logits/kernel", 0.7, 0.2))
            .epsilon(1e-5));
}

TEST_CASE("a norm above the limit is that of the sum of both parts") {
  Seen whole, seen;
  TrainerFixture f(kModel, recording(whole));
  f.trainer.step(1, indices(kBatch));
  double square = 0.0;
  for (std::size_t i = 0; i < whole.nll.size(); ++i) {
    square += std::pow(double{whole.nll[i]} + double{whole.regularization[i]}, 2);
  }
  TrainingSpec spec = recording(seen);
  spec.gradient_clip_norm = 0.01;
  TrainerFixture clipped(kModel, spec);
  clipped.trainer.step(1, indices(kBatch));
  CHECK(seen.factor == Approx(0.01 / std::sqrt(square)).epsilon(1e-5));
  CHECK(same_bits(seen.nll, whole.nll));
}
