#include "bnn/config/model_preset.h"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>

#include "bnn/core/json_schema.h"
#include "preset_builder.h"

namespace bnn {
namespace {

constexpr double kPriorScale = 0.1;
constexpr double kResidualScale = -5;  // softplus(-5) = 0.0067

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
  void (*add_residual)(const ResidualPreset& preset) = nullptr;
  int smallest_side = 1;
};

constexpr Preset kPresets[] = {{"lenet5", add_lenet5},
                               {"cnn6", add_cnn6},
                               {"mlp", add_mlp},
                               {"small", add_small},
                               {"resnet20", nullptr, add_resnet20, 8},
                               {"resnet18", nullptr, add_resnet18, 16}};

const Preset* find_preset(const std::string& name) {
  const auto found = std::find_if(std::begin(kPresets), std::end(kPresets),
                                  [&](const Preset& preset) { return name == preset.name; });
  return found == std::end(kPresets) ? nullptr : found;
}

const std::vector<std::string> kNormalizations = {"filter_response", "batch", "group"};

// The defaults of layers, for one estimator. Deep networks need small first scales.
Json defaults_of(const std::string& estimator, bool is_residual) {
  if (estimator == "deterministic") {
    return is_residual ? Json{{"kernel_initializer", "he_normal"}} : Json::object();
  }
  Json kernel = {{"preset", "he"}};
  if (is_residual) {
    kernel["untransformed_scale_initializer"] = {
        {"type", "random_normal"}, {"mean", kResidualScale}, {"stddev", 0.1}};
  }
  Json defaults = {{"kernel_posterior_fn", kernel},
                   {"kernel_prior_fn", {{"type", "normal"}, {"scale", kPriorScale}}},
                   {"bias_posterior_fn", {{"preset", "he"}}}};
  if (estimator != "flipout") defaults["estimator"] = estimator;
  return defaults;
}

void add_layers(const PresetKeys& keys, const Shape& shape, PresetBuilder& builder,
                ObjectReader& reader) {
  const Preset* preset = find_preset(keys.preset);
  if (preset == nullptr) return;  // reported
  if (std::min(shape.height, shape.width) < preset->smallest_side) {
    reader.problem("preset",
                   fmt::format("{} needs images of at least {}x{} pixels, found {}", keys.preset,
                               preset->smallest_side, preset->smallest_side, to_string(shape)));
  } else if (preset->add_residual != nullptr) {
    preset->add_residual({builder, shape, keys.normalization});
  } else {
    preset->add(builder);
  }
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
  keys.normalization = model.has("normalization") ? "none" : kNormalizations.front();
  model.optional("normalization", [&] {
    keys.normalization = model.choice("normalization", kNormalizations, std::nullopt);
  });
  if (model.describing()) {
    model.describe("preset", choice_schema(preset_names(), std::nullopt));
    model.describe("normalization",
                   or_null(choice_schema(kNormalizations, kNormalizations.front())));
  }
  return keys;
}

Json expand_preset(const Json& model, const Shape& shape, int classes, const std::string& source) {
  Problems problems(source);
  ObjectReader reader(model, "/model", problems);
  const PresetKeys keys = read_preset_keys(reader);
  reader.raw("input");  // as preset_input found it
  const Json& own = reader.raw("defaults");
  reader.finish();
  const Preset* preset = find_preset(keys.preset);
  const bool is_residual = preset != nullptr && preset->add_residual != nullptr;
  if (reader.has("normalization") && !is_residual) {
    reader.problem("normalization", "only resnet20 and resnet18 have normalisation layers");
  }
  PresetBuilder builder(shape, keys.estimator, keys.width);
  add_layers(keys, shape, builder, reader);
  problems.raise_if_any(ErrorKind::config);
  builder.output(classes);
  Json defaults = defaults_of(keys.estimator, is_residual);
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
