#pragma once
// Writes the layers of a preset, one after the other, as a config would list them.

#include <string>

#include "bnn/core/json.h"
#include "bnn/core/shape.h"

namespace bnn {

class PresetBuilder {
 public:
  /// @param estimator one of preset_estimators()
  /// @param width a factor of all filters and units
  PresetBuilder(const Shape& shape, std::string estimator, double width);

  void convolution(int filters, int kernel_size);
  void pooling();
  bool may_pool() const;
  /// Global average pooling where maps are large, else a vector of all numbers.
  void flatten();
  void flatten_all();
  void hidden(int units);
  void output(int classes);
  /// Any layer. A type that has weights gets those of the estimator.
  void layer(Json layer);
  void weighted(const std::string& type, Json layer);

  bool is_deterministic() const;
  int scaled(int size) const;
  Json layers() const { return layers_; }

 private:
  int height_, width_;
  std::string estimator_;
  double factor_;
  Json layers_;
};

/// The residual networks of residual_presets.cpp.
struct ResidualPreset {
  PresetBuilder& builder;
  const Shape& shape;
  std::string normalization;  // "filter_response", "batch", "group" or "none"
};

void add_resnet20(const ResidualPreset& preset);
void add_resnet18(const ResidualPreset& preset);

}  // namespace bnn
