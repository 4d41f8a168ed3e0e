// Batch normalisation through training steps: its running statistics against moments in double.
#include <cmath>

#include <catch2/catch.hpp>

#include "support/trainer_fixture.h"

using namespace bnn;
using namespace bnn::testing;

namespace {

constexpr double kMomentum = 0.75;

// The first layer normalises the pixels, so that its moments are those of the data.
const std::string kOfPixels = R"({"input": {"height": 4, "width": 4, "channels": 2}, "layers": [
    {"type": "batch_normalization", "name": "norm", "momentum": 0.75},
    {"type": "conv2d_flipout", "filters": 3, "kernel_size": 3, "activation": "tanh"},
    {"type": "batch_normalization", "name": "deep"}, {"type": "flatten"},
    {"type": "dense_flipout", "name": "logits", "units": 3}]})";

// A layer that is used twice: on the pixels, and on three times the pixels.
const std::string kShared = R"({"input": {"height": 4, "width": 4, "channels": 2}, "layers": [
    {"type": "add", "name": "more", "inputs": ["input", "input", "input"]},
    {"type": "batch_normalization", "name": "norm", "momentum": 0.75, "inputs": ["input"]},
    {"type": "batch_normalization", "name": "norm", "momentum": 0.75, "inputs": ["more"],
     "reuse": true},
    {"type": "add", "inputs": ["norm", "norm_1"]}, {"type": "flatten"},
    {"type": "dense_flipout", "name": "logits", "units": 3}]})";

// A layer that is used on the pixels and on the means of four.
const std::string kOfTwoSizes = R"({"input": {"height": 4, "width": 4, "channels": 2}, "layers": [
    {"type": "average_pooling2d", "name": "means", "pool_size": 2},
    {"type": "batch_normalization", "name": "norm", "momentum": 0.75, "inputs": ["input"]},
    {"type": "flatten", "name": "large"},
    {"type": "batch_normalization", "name": "norm", "momentum": 0.75, "inputs": ["means"],
     "reuse": true},
    {"type": "flatten", "name": "small"},
    {"type": "concatenate", "inputs": ["large", "small"]},
    {"type": "dense_flipout", "name": "logits", "units": 3}]})";

// A vector for each image, so that a shard of one image has one value a channel.
const std::string kOfVectors = R"({"input": {"height": 4, "width": 4, "channels": 2}, "layers": [
    {"type": "flatten"}, {"type": "batch_normalization", "name": "norm"},
    {"type": "dense_flipout", "name": "logits", "units": 3}]})";

struct Moments {
  double mean = 0, variance = 0;
};

Moments moments_of(const std::vector<double>& values) {
  Moments found;
  for (const double x : values) found.mean += x / static_cast<double>(values.size());
  for (const double x : values) {
    found.variance += (x - found.mean) * (x - found.mean) / static_cast<double>(values.size());
  }
  return found;
}

// Of one channel of these images, times each of the factors.
Moments moments(const Dataset& data, const std::vector<std::uint32_t>& examples,
                std::size_t channel, const std::vector<double>& factors) {
  std::vector<double> values;
  for (const std::uint32_t example : examples) {
    for (std::size_t i = channel; i < data.shape().size(); i += 2) {
      for (const double factor : factors) values.push_back(factor * data.image(example)[i] / 255.0);
    }
  }
  return moments_of(values);
}

// Three steps, and the statistics that they should leave behind.
void check_statistics(const std::string& model, const TrainingSpec& spec,
                      const std::vector<double>& factors) {
  TrainerFixture f(model, spec);
  Moments expected[2] = {{0, 1}, {0, 1}};
  for (std::uint32_t step = 1; step <= 3; ++step) {
    const auto examples = indices(11, 3 * step);
    f.trainer.step(step, examples);
    for (std::size_t c = 0; c < 2; ++c) {
      const Moments batch = moments(f.data, examples, c, factors);
      expected[c].mean = kMomentum * expected[c].mean + (1 - kMomentum) * batch.mean;
      expected[c].variance = kMomentum * expected[c].variance + (1 - kMomentum) * batch.variance;
      CHECK(f.parameter("norm/moving_mean")[c] == Approx(expected[c].mean).epsilon(1e-6));
      CHECK(f.parameter("norm/moving_variance")[c] == Approx(expected[c].variance).epsilon(1e-6));
    }
  }
}

TrainingSpec with_samples(int samples) {
  TrainingSpec spec = small_spec();
  spec.samples = samples;
  return spec;
}

}  // namespace

TEST_CASE("a batch normalisation of maps of two sizes counts every number once") {
  TrainerFixture f(kOfTwoSizes, small_spec());
  const auto examples = indices(11, 3);
  f.trainer.step(1, examples);
  for (std::size_t c = 0; c < 2; ++c) {
    std::vector<double> values;
    for (const std::uint32_t example : examples) {
      const auto pixel = [&](std::size_t y, std::size_t x) {
        return f.data.image(example)[(y * 4 + x) * 2 + c] / 255.0;
      };
      for (std::size_t y = 0; y < 4; ++y) {
        for (std::size_t x = 0; x < 4; ++x) values.push_back(pixel(y, x));
      }
      for (std::size_t y = 0; y < 4; y += 2) {
        for (std::size_t x = 0; x < 4; x += 2) {
          values.push_back((pixel(y, x) + pixel(y, x + 1) + pixel(y + 1, x) + pixel(y + 1, x + 1)) /
                           4);
        }
      }
    }
    const Moments batch = moments_of(values);
    CHECK(f.parameter("norm/moving_mean")[c] == Approx((1 - kMomentum) * batch.mean).epsilon(1e-6));
    CHECK(f.parameter("norm/moving_variance")[c] ==
          Approx(kMomentum + (1 - kMomentum) * batch.variance).epsilon(1e-6));
  }
}

TEST_CASE("running statistics follow the moments of whole batches, whatever the shards") {
  check_statistics(kOfPixels, small_spec(), {1});
  TrainingSpec one = small_spec();
  one.shards = 1;
  check_statistics(kOfPixels, one, {1});
}

TEST_CASE("running statistics are updated once a step, also with several samples") {
  check_statistics(kOfPixels, with_samples(3), {1});
}

TEST_CASE("a batch normalisation that is used twice merges the moments of both inputs") {
  check_statistics(kShared, small_spec(), {1, 3});
  check_statistics(kShared, with_samples(2), {1, 3});
}

TEST_CASE("batch normalisation in several layers trains to the same bits on 1, 2 and 3 threads") {
  for (const std::string& model : {kOfPixels, kShared}) {
    const auto train = [&](int threads) {
      TrainerFixture f(model, with_samples(2), threads);
      for (std::uint32_t step = 1; step <= 4; ++step) f.trainer.step(step, indices(11, step));
      const auto all = f.trainer.parameters().span();
      return std::vector<float>(all.begin(), all.end());
    };
    const auto expected = train(1);
    CHECK(same_bits(train(2), expected));
    CHECK(same_bits(train(3), expected));
  }
}

TEST_CASE("shards are virtual batches: another number of them is another training") {
  const auto kernel_after_a_step = [](int shards) {
    TrainingSpec spec = small_spec();
    spec.shards = shards;
    TrainerFixture f(kOfPixels, spec);
    f.trainer.step(1, indices(12));
    const auto kernel = f.parameter("logits/kernel_posterior_loc");
    return std::vector<float>(kernel.begin(), kernel.end());
  };
  const auto one = kernel_after_a_step(1), four = kernel_after_a_step(4);
  double largest = 0;
  for (std::size_t i = 0; i < one.size(); ++i) {
    largest = std::max(largest, std::abs(static_cast<double>(one[i]) - four[i]));
  }
  CHECK(largest > 1e-5);
}

TEST_CASE("batch normalisation that is not trainable keeps its statistics") {
  std::string frozen = kOfPixels;
  frozen.replace(frozen.find("\"momentum\": 0.75"), 16, "\"trainable\": false");
  TrainerFixture f(frozen, small_spec());
  f.parameter("norm/moving_mean")[1] = 0.25f;
  f.trainer.step(1, indices(12));
  CHECK(f.parameter("norm/moving_mean")[1] == 0.25f);
  CHECK(f.parameter("norm/moving_variance")[0] == 1.0f);
  CHECK(f.parameter("norm/gamma")[0] == 1.0f);
  CHECK(f.parameter("deep/moving_mean")[0] != 0.0f);
}

TEST_CASE("a shard of one vector is refused with a sentence, also in the last batch") {
  const auto refused = [](int batch_size, int shards) {
    TrainingSpec spec = small_spec();
    spec.batch_size = batch_size;
    spec.shards = shards;
    return error_message(ErrorKind::config, [&] { TrainerFixture(kOfVectors, spec); });
  };
  CHECK(refused(6, 6) ==
        "layer \"norm\": training.shards cuts a batch of 6 into shards of 1 example, but this "
        "layer needs 2 in each; expected fewer shards or another training.batch_size");
  CHECK(refused(29, 4).find("a batch of 1 into shards of 1 example") != std::string::npos);
  CHECK(refused(12, 4).find("a batch of 6 into shards of 1 example") != std::string::npos);
  CHECK(refused(12, 3) == "no error");
}
