#include "starter_network.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "bnn/config/model_preset.h"
#include "bnn/config/run_config.h"

namespace bnn {
namespace {

// Multiplications and additions of a minute on two cores that are not of the fastest.
constexpr double kWork = 6e12;
constexpr double kSteps = 4000, kResidualSteps = 20000, kFewestResidualSteps = 10000;
constexpr double kMostResidualMinutes = 60;
constexpr std::size_t kManyImages = 20000;
constexpr int kLargestSmallSide = 64, kFewestPixels = 16;  // a side

// A preset without normalisation.
std::string plain_preset(const StarterData& data) {
  if (std::min(data.shape.height, data.shape.width) < 8) return "mlp";
  if (data.images < kManyImages) return "small";
  return data.shape.channels == 1 && data.shape.height <= 32 ? "lenet5" : "cnn6";
}

int batch_size_for(std::size_t images) {
  if (images < 5000) return 32;
  return images < kManyImages ? 64 : 128;
}

double images_to_train_on(const StarterData& data) {
  return static_cast<double>(data.images) * (1 - held_out_share(data));
}

Json model_of(const StarterData& data, const std::string& preset, double width) {
  const Json input = {{"height", data.shape.height},
                      {"width", data.shape.width},
                      {"channels", data.shape.channels}};
  Json model = {{"preset", preset}, {"estimator", "flipout"}, {"width", width}, {"input", input}};
  if (preset.starts_with("resnet")) model["normalization"] = "batch";
  return model;
}

// Of training one image, in minutes: a forward pass and two products backward.
double minutes_of_an_image(const StarterData& data, const Json& model) {
  const Json expanded =
      expand_preset(model, data.shape, static_cast<int>(data.class_counts.size()), "");
  const Json document = {{"data", {{"format", "cifar"}}}, {"model", expanded}};
  const Graph graph =
      make_graph(read_run_config(document, "", ErrorKind::internal), "", ErrorKind::internal);
  double total = 0;
  for (const Node& node : graph.nodes()) {
    if (node.layer != nullptr) total += 6.0 * static_cast<double>(node.layer->multiply_adds());
  }
  return total / kWork;
}

// @param minutes it should not take more, but for the fewest epochs
StarterNetwork trained_for(const StarterData& data, const Json& model, double steps,
                           double minutes) {
  StarterNetwork network{model};
  network.batch_size = batch_size_for(data.images);
  const double images = images_to_train_on(data);
  const double by_steps = steps * network.batch_size / images;
  const double minutes_of_an_epoch = minutes_of_an_image(data, model) * images;
  const double by_work = minutes / minutes_of_an_epoch;
  network.epochs =
      static_cast<int>(std::clamp(std::floor(std::min(by_steps, by_work)), 10.0, 400.0));
  network.minutes = minutes_of_an_epoch * network.epochs;
  return network;
}

// The widest residual network that gets enough steps within the time, or one without a model.
StarterNetwork residual_network(const StarterData& data) {
  const int largest = std::max(data.shape.height, data.shape.width);
  const std::string preset = largest <= kLargestSmallSide ? "resnet20" : "resnet18";
  const double images = kFewestResidualSteps * batch_size_for(data.images);
  for (const double width : {1.0, 0.5, 0.25}) {
    const Json model = model_of(data, preset, width);
    if (minutes_of_an_image(data, model) * images > kMostResidualMinutes) continue;
    return trained_for(data, model, kResidualSteps, kMostResidualMinutes);
  }
  return {};
}

bool may_be_residual(const StarterData& data) {
  return data.images >= kManyImages && data.shape.channels == 3 &&
         std::min(data.shape.height, data.shape.width) >= kFewestPixels;
}

}  // namespace

double held_out_share(const StarterData& data) { return data.images < 2000 ? 0.2 : 0.1; }

StarterNetwork choose_network(const StarterData& data) {
  if (may_be_residual(data)) {
    StarterNetwork network = residual_network(data);
    if (!network.model.is_null()) return network;
  }
  return trained_for(data, model_of(data, plain_preset(data), 1), kSteps, 1);
}

std::string network_text(const StarterNetwork& network) {
  const double minutes = std::ceil(network.minutes);
  const std::string time = minutes > 1 ? fmt::format("about {:.0f} minutes", minutes)
                                       : std::string("less than a minute");
  return fmt::format("{} for {} epochs: {} on two cores", network.model.at("preset").text(),
                     network.epochs, time);
}

}  // namespace bnn
