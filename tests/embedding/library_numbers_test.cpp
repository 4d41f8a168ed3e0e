// The numbers of libbnn are those of bnn-predict, whatever the threads, calls and sessions.

#include <numeric>
#include <thread>

#include <catch2/catch.hpp>

#include "embedding/library_fixture.h"
#include "support/data_files.h"
#include "support/image_files.h"
#include "support/npy_array.h"

namespace bnn::testing {
namespace {

std::vector<std::uint32_t> indices(std::size_t n) {
  std::vector<std::uint32_t> names(n);
  std::iota(names.begin(), names.end(), 0u);
  return names;
}

std::vector<Json> predicted_lines(const TinyRun& tiny, const Words& arguments) {
  const ProgramRun run = tiny.predict(arguments);
  INFO(run.err);
  REQUIRE(run.exit_code == 0);
  return json_lines(run.out);
}

// Layers that the tiny network does not have: normalisation with its running statistics, a kernel
// in two parts, and the parametric rectifier.
Json with_more_layers(Json config) {
  Json& layers = config["model"]["layers"];
  const Json logits = layers.back();
  layers = {{{"type", "separable_conv2d_flipout"}, {"filters", 4}, {"kernel_size", 3}},
            {{"type", "batch_normalization"}, {"momentum", 0.5}},
            {{"type", "prelu"}},
            {{"type", "conv2d_flipout"}, {"filters", 6}, {"kernel_size", 3}},
            {{"type", "group_normalization"}, {"groups", 2}},
            {{"type", "filter_response_normalization"}},
            {{"type", "flatten"}},
            logits};
  return config;
}

}  // namespace

TEST_CASE("the library predicts what bnn-predict predicts of a data file") {
  const bool has_more_layers = GENERATE(false, true);
  const TrainedRun tiny(has_more_layers ? with_more_layers(tiny_cifar_config())
                                        : tiny_cifar_config());
  const bool has_features_file = GENERATE(false, true);
  if (has_features_file) REQUIRE(tiny.eval({"--fit-features"}).exit_code == 0);
  const ModelHandle model = load_library_model(tiny.last());
  const std::vector<std::uint8_t> images = tiny_test_images();
  struct Case {
    Words arguments;
    bnn_session_options options;
  };
  std::vector<Case> cases;
  cases.push_back({{}, session_options()});
  cases.push_back({{"--samples", "7", "--seed", "0"}, session_options()});
  cases.back().options.samples = 7;
  cases.back().options.has_seed = 1;
  cases.push_back({{"--mean-weights"}, session_options()});
  cases.back().options.mean_weights = 1;
  for (Case& c : cases) {
    c.arguments.insert(c.arguments.end(), {"test.bin", "--save-samples", "samples.npy"});
    const std::vector<Json> lines = predicted_lines(tiny, c.arguments);
    for (const int threads : {1, 3}) {
      c.options.threads = threads;
      const SessionHandle session = new_session(model.get(), c.options);
      const LibraryResults results =
          predict_images(model.get(), session.get(), images, indices(kTinyTestExamples));
      check_equal(results, lines);
      CHECK(results.samples == parse_npy(tiny.read("samples.npy")).values);
    }
  }
}

TEST_CASE("the library leaves a features file aside that is of no use") {
  const TrainedRun tiny(tiny_cifar_config());
  const std::string checkpoint = "run/checkpoints/last.safetensors";
  write_text(tiny.file(checkpoint + ".features.safetensors"), tiny.read(checkpoint));
  const ModelHandle model = load_library_model(tiny.last());
  const SessionHandle session = new_session(model.get(), session_options());
  check_equal(
      predict_images(model.get(), session.get(), tiny_test_images(), indices(kTinyTestExamples)),
      predicted_lines(tiny, {"test.bin"}));
}

TEST_CASE("the library predicts what bnn-predict predicts of image files of any size") {
  const TrainedRun tiny;
  const ModelHandle model = load_library_model(tiny.last());
  const SessionHandle session = new_session(model.get(), session_options());
  std::vector<std::uint8_t> fitted;
  Words names;
  int number = 0;
  for (const auto& [height, width, colour] :
       {std::array{8, 8, 0}, std::array{5, 9, 0}, std::array{30, 17, 2}, std::array{64, 64, 2}}) {
    const int channels = colour == 2 ? 3 : 1;
    Bytes pixels;
    for (int i = 0; i < height * width * channels; ++i) {
      pixels.push_back(static_cast<std::uint8_t>((i * 37 + number * 11) % 251));
    }
    names.push_back("image" + std::to_string(number++) + ".png");
    write_bytes(tiny.file(names.back()),
                png_bytes({.height = height, .width = width, .colour = colour}, pixels));
    std::vector<std::uint8_t> out(64);
    REQUIRE(bnn_model_fit_image(model.get(), pixels.data(), height, width, channels, out.data()) ==
            BNN_OK);
    fitted.insert(fitted.end(), out.begin(), out.end());
  }
  check_equal(predict_images(model.get(), session.get(), fitted), predicted_lines(tiny, names));
}

TEST_CASE("the library scales probabilities by a temperature") {
  const TrainedRun tiny(tiny_cifar_config());
  const ModelHandle model = load_library_model(tiny.last());
  bnn_session_options options = session_options();
  options.mean_weights = 1;
  const SessionHandle plain = new_session(model.get(), options);
  options.temperature = 2;
  const SessionHandle scaled = new_session(model.get(), options);
  const std::vector<std::uint8_t> images = tiny_test_images();
  const LibraryResults p = predict_images(model.get(), plain.get(), images);
  const LibraryResults q = predict_images(model.get(), scaled.get(), images);
  for (std::size_t i = 0; i < kTinyTestExamples; ++i) {
    double sum = 0;  // of p^(1/2)
    for (std::size_t k = 0; k < 10; ++k) sum += std::sqrt(p.probabilities[i * 10 + k]);
    for (std::size_t k = 0; k < 10; ++k) {
      CHECK(q.probabilities[i * 10 + k] ==
            Approx(std::sqrt(p.probabilities[i * 10 + k]) / sum).epsilon(1e-6));
    }
  }
}

TEST_CASE("threads with sessions of their own share a model, which may be freed before them") {
  const TrainedRun tiny(tiny_cifar_config());
  ModelHandle model = load_library_model(tiny.last());
  const std::vector<std::uint8_t> images = tiny_test_images();
  const SessionHandle alone = new_session(model.get(), session_options());
  const LibraryResults expected = predict_images(model.get(), alone.get(), images);
  std::vector<LibraryResults> results(4);
  std::vector<std::thread> threads;
  for (LibraryResults& mine : results) {
    threads.emplace_back([&] {
      const SessionHandle session = new_session(model.get(), session_options());
      // Image by image, in two calls.
      for (int repeat = 0; repeat < 3; ++repeat) {
        mine = predict_images(model.get(), session.get(), images);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const LibraryResults& mine : results) CHECK(mine.probabilities == expected.probabilities);

  const std::vector<std::uint8_t> one(images.begin(), images.begin() + 64);
  std::vector<double> probabilities(10);
  bnn_results wanted = {};
  wanted.struct_size = sizeof wanted;
  wanted.probabilities = probabilities.data();
  model.reset();
  REQUIRE(bnn_predict(alone.get(), one.data(), 1, nullptr, &wanted) == BNN_OK);
  CHECK(std::equal(probabilities.begin(), probabilities.end(), expected.probabilities.begin()));
}

}  // namespace bnn::testing
