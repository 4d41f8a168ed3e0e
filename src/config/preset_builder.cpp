#include "preset_builder.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace bnn {
namespace {

constexpr int kLargestFlatMap = 64;  // pixels
constexpr int kSmallestPooledSide = 8;

int half(int side) { return (side + 1) / 2; }

}  // namespace

PresetBuilder::PresetBuilder(const Shape& shape, std::string estimator, double width)
    : height_(shape.height),
      width_(shape.width),
      estimator_(std::move(estimator)),
      factor_(width),
      layers_(Json::array()) {}

bool PresetBuilder::is_deterministic() const { return estimator_ == "deterministic"; }

int PresetBuilder::scaled(int size) const {
  return std::max(1, static_cast<int>(std::lround(size * factor_)));
}

void PresetBuilder::layer(Json layer) { layers_.push_back(std::move(layer)); }

void PresetBuilder::weighted(const std::string& type, Json layer) {
  layer["type"] = is_deterministic() ? type : type + "_flipout";
  layers_.push_back(std::move(layer));
}

void PresetBuilder::convolution(int filters, int kernel_size) {
  weighted("conv2d", {{"filters", scaled(filters)},
                      {"kernel_size", kernel_size},
                      {"padding", "same"},
                      {"activation", "relu"}});
}

void PresetBuilder::pooling() {
  layer({{"type", "max_pooling2d"}, {"pool_size", 2}, {"padding", "same"}});
  height_ = half(height_);
  width_ = half(width_);
}

bool PresetBuilder::may_pool() const { return std::min(height_, width_) >= kSmallestPooledSide; }

void PresetBuilder::flatten() {
  const bool is_large = height_ * width_ > kLargestFlatMap;
  layer({{"type", is_large ? "global_average_pooling2d" : "flatten"}});
}

void PresetBuilder::flatten_all() { layer({{"type", "flatten"}}); }

void PresetBuilder::hidden(int units) {
  weighted("dense", {{"units", scaled(units)}, {"activation", "relu"}});
}

void PresetBuilder::output(int classes) {
  weighted("dense", {{"name", "logits"}, {"units", classes}});
}

}  // namespace bnn
