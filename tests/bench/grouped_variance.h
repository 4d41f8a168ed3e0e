#pragma once
// Variances estimated from groups of repeats, with an error bar that the groups give.
//
// A group is a few independent gradients of one kind. Its value is the unbiased sample variance of
// each coordinate, averaged over coordinates; groups are independent of each other, so the mean of
// their values is unbiased and its standard error is that of any mean, however the coordinates of
// one gradient depend on each other and however heavy the tails are.

#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

namespace bnn {

/// The unbiased sample variance of every coordinate over the rows, averaged over coordinates.
/// There are at least two rows, all of one length that is not 0.
inline double mean_variance(std::span<const std::span<const float>> rows) {
  const auto count = static_cast<double>(rows.size());
  double squares = 0.0;
  for (std::size_t i = 0; i < rows[0].size(); ++i) {
    double mean = 0.0;
    for (const auto& row : rows) mean += static_cast<double>(row[i]) / count;
    for (const auto& row : rows) {
      const double deviation = static_cast<double>(row[i]) - mean;
      squares += deviation * deviation;
    }
  }
  return squares / ((count - 1.0) * static_cast<double>(rows[0].size()));
}

struct Estimate {
  double value = 0.0;
  double standard_error = 0.0;
};

/// The mean of independent values; with less than two of them the standard error is 0.
inline Estimate mean_estimate(std::span<const double> values) {
  const auto count = static_cast<double>(values.size());
  double mean = 0.0, squares = 0.0;
  for (const double value : values) mean += value / count;
  if (values.size() < 2) return {mean, 0.0};
  for (const double value : values) squares += (value - mean) * (value - mean);
  return {mean, std::sqrt(squares / (count - 1.0) / count)};
}

/// Something positive that was estimated at some x.
struct Measured {
  double x = 0.0;
  Estimate y = {};
};

/// The exponent k of y = c xᵏ, by least squares on logarithms. A point's weight is the inverse of
/// its squared relative error; all of them need an error above 0, and there are at least two x.
inline Estimate log_log_slope(std::span<const Measured> points) {
  double weights = 0.0, x_sum = 0.0, y_sum = 0.0, xx = 0.0, xy = 0.0;
  const auto weight = [](const Measured& point) {
    return std::pow(point.y.value / point.y.standard_error, 2.0);
  };
  for (const Measured& point : points) {
    weights += weight(point);
    x_sum += weight(point) * std::log(point.x);
    y_sum += weight(point) * std::log(point.y.value);
  }
  for (const Measured& point : points) {
    const double x = std::log(point.x) - x_sum / weights;
    xx += weight(point) * x * x;
    xy += weight(point) * x * (std::log(point.y.value) - y_sum / weights);
  }
  return {xy / xx, std::sqrt(1.0 / xx)};
}

}  // namespace bnn
