#include "bnn/infer/temperature.h"

#include <algorithm>
#include <cmath>

#include "bnn/core/error.h"

namespace bnn {
namespace {

double floored(double p) { return std::max(p, kSmallestProbability); }

// softmax(b * logs) into `out`; returns the logarithm of the sum of exp(b * logs).
double softmax_at(double b, std::span<const double> logs, std::span<double> out) {
  const double top = b * *std::max_element(logs.begin(), logs.end());
  double sum = 0;
  for (std::size_t k = 0; k < logs.size(); ++k) sum += out[k] = std::exp(b * logs[k] - top);
  for (double& q : out) q /= sum;
  return top + std::log(sum);
}

// The mean NLL as a function of b = 1 / T, with its derivatives.
class Objective {
 public:
  explicit Objective(const LabelledProbabilities& data) : data_(data) {
    logs_.reserve(data.probabilities.size());
    for (const double p : data.probabilities) logs_.push_back(std::log(floored(p)));
  }

  struct Value {
    double nll = 0, slope = 0, curvature = 0;
  };

  Value at(double b) const {
    const auto classes = static_cast<std::size_t>(data_.classes);
    std::vector<double> q(classes);
    Value total;
    for (std::size_t i = 0; i < data_.examples(); ++i) {
      const std::span<const double> logs(logs_.data() + i * classes, classes);
      const double label_log = logs[static_cast<std::size_t>(data_.labels[i])];
      total.nll += softmax_at(b, logs, q) - b * label_log;
      double mean = 0, variance = 0;
      for (std::size_t k = 0; k < classes; ++k) mean += q[k] * logs[k];
      for (std::size_t k = 0; k < classes; ++k) {
        variance += q[k] * (logs[k] - mean) * (logs[k] - mean);
      }
      total.slope += mean - label_log;
      total.curvature += variance;
    }
    const auto count = static_cast<double>(data_.examples());
    return {total.nll / count, total.slope / count, total.curvature / count};
  }

 private:
  const LabelledProbabilities& data_;
  std::vector<double> logs_;  // [examples][classes]
};

// The root of the slope, which rises, between two points where its signs differ.
double find_minimum(const Objective& objective, double low, double high, double start) {
  constexpr int kMaxSteps = 200;
  constexpr double kPrecision = 1e-12;
  double b = start;
  for (int step = 0; step < kMaxSteps; ++step) {
    const Objective::Value value = objective.at(b);
    if (value.slope == 0) return b;
    (value.slope < 0 ? low : high) = b;
    double next = b - value.slope / value.curvature;
    if (!(next > low && next < high)) next = (low + high) / 2;
    if (std::abs(next - b) <= kPrecision * b) return next;
    b = next;
  }
  return b;
}

// Weights p_k^(b - 1), the largest probability's being 1, for floored p.
std::vector<double> tilting_weights(std::span<const double> mean, double b) {
  const double top = std::log(floored(*std::max_element(mean.begin(), mean.end())));
  std::vector<double> weights;
  for (const double p : mean) weights.push_back(std::exp((b - 1) * (std::log(floored(p)) - top)));
  return weights;
}

// The samples after scaling: distributions [samples][classes] and their shares in the mixture.
struct ScaledSamples {
  std::vector<std::vector<double>> distributions;
  std::vector<double> shares;
};

ScaledSamples scale_samples(const float* probabilities, std::size_t samples, std::size_t stride,
                            std::span<const double> mean, double temperature) {
  const std::vector<double> weights = tilting_weights(mean, 1 / temperature);
  ScaledSamples scaled;
  double total = 0;
  for (std::size_t s = 0; s < samples; ++s) {
    std::vector<double> q(mean.size());
    double sum = 0;
    for (std::size_t k = 0; k < mean.size(); ++k) {
      // Where the mean is floored, every sample is.
      const bool tiny = mean[k] < kSmallestProbability;
      const double p =
          tiny ? kSmallestProbability : static_cast<double>(probabilities[s * stride + k]);
      sum += q[k] = p * weights[k];
    }
    // A sample on classes that sharpening removes from the mean has no share in it.
    if (sum > 0) {
      for (double& value : q) value /= sum;
    }
    total += sum;
    scaled.shares.push_back(sum);
    scaled.distributions.push_back(std::move(q));
  }
  for (double& share : scaled.shares) share /= total;
  return scaled;
}

}  // namespace

std::vector<double> scaled_probabilities(std::span<const double> probabilities,
                                         double temperature) {
  std::vector<double> scaled(probabilities.begin(), probabilities.end());
  if (temperature == 1) return scaled;
  for (double& p : scaled) p = std::log(floored(p));
  const std::vector<double> logs = scaled;
  softmax_at(1 / temperature, logs, scaled);
  return scaled;
}

Summary summarize_scaled(const float* probabilities, std::size_t samples, std::size_t stride,
                         int classes, double temperature) {
  Summary summary = summarize(probabilities, samples, stride, classes);
  if (temperature == 1) return summary;
  const ScaledSamples scaled =
      scale_samples(probabilities, samples, stride, summary.probabilities, temperature);
  summary.probabilities = scaled_probabilities(summary.probabilities, temperature);
  summary.confidence = summary.probabilities[static_cast<std::size_t>(summary.predicted)];
  summary.predictive_entropy = entropy(summary.probabilities);
  if (samples == 1) {
    // The sample is the mean. The sums below would give it a mutual information of some rounding
    // errors.
    summary.expected_entropy = summary.predictive_entropy;
    return summary;
  }
  summary.expected_entropy = 0;
  std::fill(summary.probabilities_std.begin(), summary.probabilities_std.end(), 0.0);
  for (std::size_t s = 0; s < samples; ++s) {
    const std::vector<double>& q = scaled.distributions[s];
    summary.expected_entropy += scaled.shares[s] * entropy(q);
    for (std::size_t k = 0; k < q.size(); ++k) {
      const double difference = q[k] - summary.probabilities[k];
      summary.probabilities_std[k] += scaled.shares[s] * difference * difference;
    }
  }
  for (double& deviation : summary.probabilities_std) deviation = std::sqrt(deviation);
  summary.mutual_information = std::max(0.0, summary.predictive_entropy - summary.expected_entropy);
  return summary;
}

void LabelledProbabilities::add(std::span<const double> p, int label) {
  if (p.size() != static_cast<std::size_t>(classes) || label < 0 || label >= classes) {
    throw Error(ErrorKind::internal, "probabilities or a label of another number of classes");
  }
  probabilities.insert(probabilities.end(), p.begin(), p.end());
  labels.push_back(label);
}

double scaled_nll(const LabelledProbabilities& data, double temperature) {
  return Objective(data).at(1 / temperature).nll;
}

TemperatureFit fit_temperature(const LabelledProbabilities& data) {
  // Below this a slope is rounding: logarithms are up to 87 and sums are of many examples.
  constexpr double kFlat = 1e-13;
  if (data.examples() == 0) {
    throw Error(ErrorKind::data, "no examples to fit a temperature to");
  }
  const Objective objective(data);
  const double low = 1 / kMaxTemperature, high = 1 / kMinTemperature;
  const Objective::Value before = objective.at(1);
  const TemperatureFit unchanged{1, before.nll, before.nll, false};
  if (std::abs(before.slope) <= kFlat) return unchanged;
  TemperatureFit fit = unchanged;
  if (objective.at(low).slope >= 0) {
    fit.temperature = kMaxTemperature;
    fit.at_bound = true;
  } else if (objective.at(high).slope <= 0) {
    fit.temperature = kMinTemperature;
    fit.at_bound = true;
  } else {
    fit.temperature = 1 / find_minimum(objective, low, high, 1);
  }
  fit.nll_after = objective.at(1 / fit.temperature).nll;
  return fit.nll_after <= before.nll ? fit : unchanged;
}

}  // namespace bnn
