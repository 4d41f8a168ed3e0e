#include "bnn/config/model_preset.h"

#include <algorithm>
#include <cmath>

#include "bnn/core/json_schema.h"

namespace bnn {
namespace {

constexpr int kLargestFlatMap = 64;  // pixels
constexpr int kSmallestPooledSide = 8;
constexpr double kPriorScale = 0.1;

int half(int side) { return (side + 1) / 2; }

// The layers of a preset, for images of one shape.
class PresetBuilder {
 public:
  PresetBuilder(const Shape& shape, std::string estimator, double width)
      : height_(shape.height),
        width_(shape.width),
        estimator_(std::move(estimator)),
        factor_(width) {}

  void convolution(int filters, int kernel_size) {
    layers_.push_back({{"type", typed("conv2d")},
                       {"filters", scaled(filters)},
                       {"kernel_size", kernel_size},
                       {"padding", "same"},
                       {"activation", "relu"}});
  }
  void pooling() {
    layers_.push_back({{"type", "max_pooling2d"}, {"pool_size", 2}, {"padding", "same"}});
    height_ = half(height_);
    width_ = half(width_);
  }
  bool may_pool() const { return std::min(height_, width_) >= kSmallestPooledSide; }
  void flatten() {
    const bool is_large = height_ * width_ > kLargestFlatMap;
    layers_.push_back({{"type", is_large ? "global_average_pooling2d" : "flatten"}});
  }
  void flatten_all() { layers_.push_back({{"type", "flatten"}}); }
  void hidden(int units) {
    layers_.push_back({{"type", typed("dense")}, {"units", scaled(units)}, {"activation", "relu"}});
  }
  void output(int classes) {
    layers_.push_back({{"type", typed("dense")}, {"name", "logits"}, {"units", classes}});
  }

  Json layers() const { return layers_; }

 private:
  std::string typed(const std::string& layer) const {
    return estimator_ == "deterministic" ? layer : layer + "_flipout";
  }
  int scaled(int size) const { return std::max(1, static_cast<int>(std::lround(size * factor_))); }

  int height_, width_;
  std::string estimator_;
  double factor_;
  Json layers_ = Json::array();
};

void add_lenet5(PresetBuilder& builder) {
  builder.convolution(6, 5);
  builder.pooling();
  builder.convolution(16, 5);
  builder.pooling();
  builder.convolution(120, 5);
  builder.flatten();
  builder.hidden(84);
}

void add_cnn6(PresetBuilder& builder) {
  for (const int filters : {32, 64, 128}) {
    builder.convolution(filters, 3);
    builder.convolution(filters, 3);
    builder.pooling();
  }
  builder.flatten();
}

void add_mlp(PresetBuilder& builder) {
  builder.flatten_all();
  builder.hidden(400);
  builder.hidden(400);
}

void add_small(PresetBuilder& builder) {
  int blocks = 0;
  for (const int filters : {32, 64, 128, 128}) {
    if (blocks++ >= 2 && !builder.may_pool()) break;
    builder.convolution(filters, 3);
    builder.pooling();
  }
  builder.flatten();
}

struct Preset {
  const char* name;
  void (*add)(PresetBuilder& builder);
};

constexpr Preset kPresets[] = {
    {"lenet5", add_lenet5}, {"cnn6", add_cnn6}, {"mlp", add_mlp}, {"small", add_small}};

Json defaults_of(const std::string& estimator) {
  if (estimator == "deterministic") return Json::object();
  Json defaults = {{"kernel_posterior_fn", {{"preset", "he"}}},
                   {"kernel_prior_fn", {{"type", "normal"}, {"scale", kPriorScale}}},
                   {"bias_posterior_fn", {{"preset", "he"}}}};
  if (estimator != "flipout") defaults["estimator"] = estimator;
  return defaults;
}

}  // namespace

bool has_preset(const Json& document) {
  const Json* model = document.find("model");
  return model != nullptr && model->is_object() && model->contains("preset");
}

std::vector<std::string> preset_names() {
  std::vector<std::string> names;
  for (const Preset& preset : kPresets) names.emplace_back(preset.name);
  return names;
}

std::vector<std::string> preset_estimators() {
  return {"flipout", "reparameterization", "local_reparameterization", "independent",
          "deterministic"};
}

std::optional<Shape> preset_input(const Json& model) {
  const Json* input = model.find("input");
  if (input == nullptr || !input->is_object()) return std::nullopt;
  Shape shape;
  for (const auto& [key, side] : {std::pair<const char*, int*>{"height", &shape.height},
                                  {"width", &shape.width},
                                  {"channels", &shape.channels}}) {
    const Json* value = input->find(key);
    if (value == nullptr || !value->is_number_integer()) return std::nullopt;
    const auto number = value->get<std::int64_t>();
    if (number < 1 || number > 1 << 20) return std::nullopt;
    *side = static_cast<int>(number);
  }
  return shape;
}

PresetKeys read_preset_keys(ObjectReader& model) {
  PresetKeys keys;
  keys.preset = model.choice("preset", preset_names(), std::nullopt);
  keys.estimator = model.choice("estimator", preset_estimators(), "flipout");
  keys.width = model.real("width", {.min = 0, .max = 64, .fallback = 1.0, .above_min = true});
  if (model.describing()) model.describe("preset", choice_schema(preset_names(), std::nullopt));
  return keys;
}

Json expand_preset(const Json& model, const Shape& shape, int classes, const std::string& source) {
  Problems problems(source);
  ObjectReader reader(model, "/model", problems);
  const auto [name, estimator, width] = read_preset_keys(reader);
  reader.raw("input");  // as preset_input found it
  const Json& own = reader.raw("defaults");
  reader.finish();
  problems.raise_if_any(ErrorKind::config);

  PresetBuilder builder(shape, estimator, width);
  for (const Preset& preset : kPresets) {
    if (name == preset.name) preset.add(builder);
  }
  builder.output(classes);
  Json defaults = defaults_of(estimator);
  if (own.is_object()) {
    for (const auto& [key, value] : own.items()) defaults[key] = value;
  }
  Json expanded;
  const Json* input = model.find("input");
  expanded["input"] =
      input != nullptr
          ? *input
          : Json{{"height", shape.height}, {"width", shape.width}, {"channels", shape.channels}};
  expanded["defaults"] = std::move(defaults);
  expanded["layers"] = builder.layers();
  return expanded;
}

}  // namespace bnn
