#include "timed_workload.h"

#include <chrono>
#include <numeric>
#include <string>

#include "bnn/core/error.h"
#include "bnn/core/parse_json.h"
#include "bnn/core/random.h"
#include "bnn/model/read_model.h"

namespace bnn {
namespace {

constexpr int kClasses = 10;
const Standardization kPixels{{0.5, 0.5, 0.5}, {0.3, 0.3, 0.3}};

Graph network(int filters) {
  const std::string text = R"({
    "input": {"height": 16, "width": 16, "channels": 3},
    "defaults": {"padding": "same", "activation": "relu"},
    "layers": [
      {"type": "conv2d_flipout", "filters": 32, "kernel_size": 3},
      {"type": "conv2d_flipout", "filters": )" +
                           std::to_string(filters) + R"(, "kernel_size": 3},
      {"type": "max_pooling2d", "pool_size": 2},
      {"type": "flatten"},
      {"type": "dense_flipout", "units": 10, "activation": null}
    ]
  })";
  const Json document = parse_json(text, "network", ErrorKind::internal);
  Problems problems("network");
  ObjectReader reader(document, "", problems);
  const ModelSpec spec = read_model(reader);
  problems.raise_if_any(ErrorKind::internal);
  return Graph(spec);
}

std::vector<std::uint32_t> first_examples(int count) {
  std::vector<std::uint32_t> examples(static_cast<std::size_t>(count));
  std::iota(examples.begin(), examples.end(), 0u);
  return examples;
}

}  // namespace

Dataset random_images(std::size_t examples) {
  constexpr Shape kShape{16, 16, 3};
  RawImages images;
  const Stream pixels{.site = Site::crop}, labels{.site = Site::shuffle};
  images.pixels.resize(examples * kShape.size());
  for (std::size_t i = 0; i < images.pixels.size(); ++i) {
    images.pixels[i] = static_cast<std::uint8_t>(random_below(pixels, i, 256));
  }
  for (std::size_t i = 0; i < examples; ++i) {
    images.labels.push_back(static_cast<int>(random_below(labels, i, kClasses)));
  }
  return Dataset(kShape, kClasses, std::move(images), {{"random", examples}});
}

TimedWorkload::TimedWorkload(const Workload& workload, const Dataset& data, ThreadPool& pool)
    : data_(data),
      graph_(network(workload.filters)),
      likelihood_(static_cast<std::size_t>(graph_.outputs())),
      examples_(first_examples(workload.examples)),
      standardizer_(kPixels),
      loader_(data, examples_, kPixels, {}, 0) {
  if (workload.predicts) {
    parameters_ = AlignedArray(graph_.layout().size());
    initialize_parameters(graph_.layout(), 0, parameters_);
    const PredictionSpec spec{.samples = workload.samples};
    predictor_ = std::make_unique<Predictor>(graph_, likelihood_, parameters_, spec, pool);
    return;
  }
  const TrainingSpec spec{.batch_size = workload.examples, .samples = workload.samples};
  trainer_ =
      std::make_unique<Trainer>(graph_, likelihood_, Targets(data.labels()), spec, loader_, pool);
}

double TimedWorkload::run() {
  const auto start = std::chrono::steady_clock::now();
  run_once();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void TimedWorkload::run_once() {
  if (trainer_) {
    trainer_->step(++step_, examples_);
  } else {
    predictor_->predict(data_, standardizer_, examples_, [](const PredictedBlock&) {});
  }
}

}  // namespace bnn
