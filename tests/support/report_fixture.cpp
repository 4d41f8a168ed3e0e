#include "support/report_fixture.h"

#include <cmath>

#include "support/data_files.h"

namespace bnn::testing {
namespace {

constexpr std::size_t kSamples = 4;

// A number in [0, 1) that is a pure function of its arguments.
double uniform(std::size_t a, std::size_t b, std::size_t c) {
  const std::size_t hash = (a * 2654435761u + b * 40503u + c * 9176u + 12345u) * 2246822519u;
  return static_cast<double>(hash >> 7 & 0xFFFFu) / 65536.0;
}

// Every sample of the network leans towards a favourite, which is the label in most cases.
Summary summary_of(std::size_t example, std::size_t label, const FixtureSize& size) {
  const auto classes = static_cast<std::size_t>(size.classes);
  const bool right = size.always_right || uniform(example, 1, 1) < 0.8;
  const std::size_t favourite = right ? label : (label + 1 + example % 3) % classes;
  std::vector<float> probabilities;
  for (std::size_t s = 0; s < kSamples; ++s) {
    double sum = 0;
    std::vector<double> weights;
    for (std::size_t k = 0; k < classes; ++k) {
      weights.push_back(std::exp(3 * uniform(example, k, s + 2) +
                                 (k == favourite ? 7 * uniform(example, 0, 9) + 3 : 0.0)));
      sum += weights.back();
    }
    for (const double weight : weights) probabilities.push_back(static_cast<float>(weight / sum));
  }
  return summarize(probabilities.data(), kSamples, classes, size.classes);
}

Dataset dataset_of(const FixtureSize& size) {
  RawImages images;
  for (int example = 0; example < size.examples; ++example) {
    for (int i = 0; i < static_cast<int>(size.shape.size()); ++i) {
      images.pixels.push_back(
          pattern_pixel(example, 1, static_cast<int>(size.shape.size()), i, 0, 0));
    }
    images.labels.push_back(example % size.classes);
  }
  return Dataset(size.shape, size.classes, std::move(images),
                 {{"test-images", static_cast<std::size_t>(size.examples)}});
}

TensorPosterior tensor_of(const std::string& name, std::size_t shift) {
  TensorPosterior tensor{name, 480, 0.012, 1.4, 0.4, {}, {}};
  for (std::size_t bin = 0; bin < 48; ++bin) {
    const std::size_t distance = bin > shift ? bin - shift : shift - bin;
    tensor.scale_counts.push_back(distance < 10 ? 10 - distance : 0);
    tensor.ratio_counts.push_back(distance < 20 ? 20 - distance : 0);
  }
  return tensor;
}

void add_training(ReportContents& contents) {
  for (int epoch = 1; epoch <= 12; ++epoch) {
    const double x = epoch;
    contents.history.nll.push_back({x, 0.3 + 1 / x});
    contents.history.loss.push_back({x, 0.8 + 1 / x});
    contents.history.kl.push_back({x, 0.5 - 0.02 * x});
    contents.history.accuracy.push_back({x, 0.9 - 0.5 / x});
    contents.history.validation_nll.push_back({x, 0.35 + 0.9 / x});
    contents.history.validation_accuracy.push_back({x, 0.88 - 0.4 / x});
  }
}

// Points: each number is its own interval.
IntervalSet intervals_around(const Metrics& metrics) {
  IntervalSet intervals;
  const auto point = [](double value) { return Bounds{value, value}; };
  for (const NamedMetric& metric : kNamedMetrics) {
    intervals.of(metric.value) = point(metrics.*metric.value);
  }
  for (std::size_t i = 0; i < kBrierParts.size(); ++i) {
    intervals.brier_parts[i] = point(metrics.brier_decomposition.*kBrierParts[i].value);
  }
  for (const RiskPoint& risk : metrics.risk_at_coverage) {
    intervals.risks.push_back(point(risk.risk));
  }
  for (const ClassMetrics& one : metrics.per_class) {
    const double none = std::nan("");
    intervals.per_class.push_back({point(one.accuracy), point(one.precision.value_or(none)),
                                   point(one.recall.value_or(none))});
  }
  return intervals;
}

void add_corruptions(Evaluation& evaluation) {
  for (const char* name : {"gaussian_noise", "shot_noise", "impulse_noise", "blur", "brightness",
                           "contrast", "saturation", "pixelate", "jpeg", "translation"}) {
    for (int severity = 1; severity <= 5; ++severity) {
      const double loss = 0.1 * severity;
      evaluation.corruptions.push_back(
          {name, severity, {.accuracy = 0.9 - loss, .nll = 0.4 + loss, .ece = 0.02 + loss / 3}});
    }
  }
}

}  // namespace

std::vector<std::string> hostile_names(int classes) {
  std::vector<std::string> names = {
      "<script>alert(1)</script>",
      "\" onload=\"alert(1)",
      "</title><b>'&amp;",
      std::string(300, 'W'),
      "\u05E9\u05DC\u05D5\u05DD \u05E2\u05D5\u05DC\u05DD",
      "\u202Eright-to-left override",
      "\U0001F40D\U0001F9EA\U0001F468\u200D\U0001F469\u200D\U0001F467",
      "",
      "two\nlines\tand \x1b[31m",
      "not \xFF utf-8"};
  const std::size_t kinds = names.size();
  for (std::size_t k = kinds; k < static_cast<std::size_t>(classes); ++k) {
    names.push_back(names[k % kinds] + " " + std::to_string(k));
  }
  names.resize(static_cast<std::size_t>(classes));
  return names;
}

ReportContents plain_report(const FixtureSize& size) {
  const Dataset data = dataset_of(size);
  MetricsCollector metrics(size.classes);
  ReportCollector examples;
  for (std::size_t i = 0; i < data.size(); ++i) {
    const Summary summary = summary_of(i, static_cast<std::size_t>(data.labels()[i]), size);
    metrics.add(summary, data.labels()[i]);
    examples.add(summary, static_cast<std::uint32_t>(i), data.labels()[i]);
  }
  ReportContents contents;
  contents.source = {"tiny", "last.safetensors", "test: test-images", 7, false};
  contents.evaluation.metrics = metrics.finish();
  contents.evaluation.samples = kSamples;
  contents.inside = examples.inside();
  contents.galleries = {make_gallery("Wrong", "note", examples.certain_and_wrong(), data),
                        make_gallery("Uncertain", "note", examples.most_uncertain(), data),
                        make_gallery("Disputed", "note", examples.most_disputed(), data)};
  return contents;
}

ReportContents full_report(const FixtureSize& size) {
  ReportContents contents = plain_report(size);
  Evaluation& evaluation = contents.evaluation;
  evaluation.class_names = hostile_names(size.classes);
  for (ExampleScore score : contents.inside) {
    score.confidence *= 0.7;
    contents.outside.push_back(score);
  }
  evaluation.ood = OodMetrics{static_cast<std::size_t>(size.examples),
                              Detection{0.81, 0.71, 0.61},
                              Detection{0.82, 0.72, 0.62},
                              Detection{0.83, 0.73, 0.63},
                              Detection{0.84, 0.74, 0.64},
                              Detection{0.85, 0.75, 0.65},
                              Detection{0.86, 0.76, 0.66},
                              Detection{0.87, 0.77, 0.67}};
  evaluation.intervals = intervals_around(evaluation.metrics);
  evaluation.intervals->of(&Metrics::accuracy) = {0.75, 0.85};
  evaluation.mean_weights = evaluation.metrics;
  for (const std::size_t samples : {1u, 2u, 4u, 8u, 16u, 32u}) {
    const double excess = 0.1 / static_cast<double>(samples);
    evaluation.sweep.push_back({samples,
                                {.accuracy = 0.8 - excess,
                                 .nll = 0.5 + excess,
                                 .brier = 0.3 + excess,
                                 .ece = 0.05,
                                 .mutual_information = 0.1}});
  }
  add_corruptions(evaluation);
  evaluation.temperature = 1.25;
  evaluation.conformal =
      ConformalResult{{ConformalScore::lac, 0.9, 0.95, 500}, 0.912, 1.6, {3, 250, 100, 47}};
  evaluation.pruning = {{1.0, {.accuracy = 0.8, .nll = 0.5, .ece = 0.05}},
                        {0.5, {.accuracy = 0.79, .nll = 0.52, .ece = 0.06}},
                        {0.1, {.accuracy = 0.4, .nll = 1.6, .ece = 0.2}}};
  contents.posterior.scale_low = -3;
  contents.posterior.scale_high = 0;
  contents.posterior.tensors = {tensor_of("conv1/kernel", 12), tensor_of("logits/kernel", 30)};
  add_training(contents);
  return contents;
}

}  // namespace bnn::testing
