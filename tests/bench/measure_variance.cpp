#include "measure_variance.h"

#include <algorithm>
#include <cmath>

#include "bnn/core/error.h"
#include "bnn/core/random.h"

namespace bnn {
namespace {

constexpr auto kPosteriorPart = "/kernel_posterior_";

}  // namespace

VarianceMeasurement::VarianceMeasurement(const Graph& graph, const Targets& targets,
                                         const float* parameters, const TrainingLoader& loader,
                                         std::span<const std::uint32_t> examples,
                                         const TrainingSpec& spec, ThreadPool& pool)
    : parameters_(parameters),
      examples_(examples),
      seed_(spec.seed),
      likelihood_(static_cast<std::size_t>(graph.outputs())),
      gradient_(graph, likelihood_, targets, spec, loader, pool) {
  for (int i = 0; i < kGroup; ++i) rows_.emplace_back(graph.layout().size());
  find_kernels(graph.layout());
}

void VarianceMeasurement::find_kernels(const ParameterLayout& layout) {
  for (const RandomTensor& tensor : layout.random_tensors()) {
    const Variable& loc = layout.variables()[tensor.loc];
    const Variable& scale = layout.variables()[tensor.untransformed_scale];
    const std::size_t end = loc.name.find(kPosteriorPart);
    if (end == std::string::npos || !loc.trainable) continue;
    kernels_.push_back({loc.name.substr(0, end), loc.slice, scale.slice});
  }
  if (kernels_.empty()) {
    throw Error(ErrorKind::config, "the network has no trainable random kernels");
  }
}

std::vector<KernelVariance> VarianceMeasurement::measure(DataMode mode, int batch_size,
                                                         int groups) {
  std::vector<Values> values(kernels_.size() + 1);  // the last for all kernels
  for (int group = 0; group < groups; ++group) {
    run_group(mode, batch_size);
    add_group(values);
  }
  std::vector<KernelVariance> variances;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::string layer = i < kernels_.size() ? kernels_[i].layer : "all";
    variances.push_back({layer, false, mean_estimate(values[i].loc)});
    variances.push_back({layer, true, mean_estimate(values[i].scale)});
  }
  return variances;
}

void VarianceMeasurement::run_group(DataMode mode, int batch_size) {
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    ++repeat_;
    if (mode == DataMode::resampled || i == 0) draw_batch(batch_size);
    gradient_.compute(parameters_, repeat_, batch_);
    const auto gradient = gradient_.gradient();
    std::copy(gradient.begin(), gradient.end(), rows_[i].span().begin());
  }
}

void VarianceMeasurement::draw_batch(int batch_size) {
  const Stream stream{seed_, Site::shuffle, 0, repeat_, 0};
  const auto count = static_cast<std::uint32_t>(examples_.size());
  batch_.resize(static_cast<std::size_t>(batch_size));
  for (std::size_t i = 0; i < batch_.size(); ++i) {
    batch_[i] = examples_[random_below(stream, i, count)];
  }
}

void VarianceMeasurement::add_group(std::vector<Values>& values) const {
  double loc_sum = 0.0, scale_sum = 0.0, coordinates = 0.0;
  for (std::size_t i = 0; i < kernels_.size(); ++i) {
    const double loc = group_variance(kernels_[i].loc);
    const double scale = group_variance(kernels_[i].scale);
    if (!std::isfinite(loc + scale)) {
      throw Error(ErrorKind::numerical,
                  "a gradient of layer \"" + kernels_[i].layer + "\" is not finite");
    }
    values[i].loc.push_back(loc);
    values[i].scale.push_back(scale);
    const auto size = static_cast<double>(kernels_[i].loc.size);
    loc_sum += loc * size;
    scale_sum += scale * size;
    coordinates += size;
  }
  values.back().loc.push_back(loc_sum / coordinates);
  values.back().scale.push_back(scale_sum / coordinates);
}

double VarianceMeasurement::group_variance(const Slice& slice) const {
  std::vector<std::span<const float>> rows;
  for (const AlignedArray& row : rows_) {
    rows.push_back(row.span().subspan(slice.offset, slice.size));
  }
  return mean_variance(rows);
}

}  // namespace bnn
