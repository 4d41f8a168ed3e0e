#include "cases.h"

#include <array>
#include <fmt/format.h>
#include <limits>

#include "rig.h"

namespace bnn::proof {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr auto kValues = std::to_array<float>(
    {kNan, -kNan, kInfinity, -kInfinity, 3.4e38f, -3.4e38f, 1e38f, 1e19f, -1e19f, 1e-45f});
constexpr std::size_t kTrainingsOfGrid = 4;  // the first rows; the others are for states
constexpr std::size_t kImageNumbers = 72, kVectorNumbers = 8, kOutputs = 3;

constexpr auto kNames = std::to_array<const char*>(
    {"input", "output of the network", "gradient of the output", "parameter", "optimizer's state",
     "input in prediction", "output in prediction", "parameter in prediction",
     "input at mean weights", "parameter at mean weights"});

class Grid {
 public:
  std::vector<Case> make() {
    for (const LayerRow& layer : layer_rows()) {
      for (std::size_t i = 0; i < training_rows().size(); ++i) add(layer, training_rows()[i], i);
    }
    return std::move(cases_);
  }

 private:
  void add(const LayerRow& layer, const TrainingRow& training, std::size_t index) {
    const Rig rig(layer, training);
    const std::size_t numbers = layer.is_flat ? kVectorNumbers : kImageNumbers;
    const auto add_elements = [&](Site site, std::size_t elements) {
      for (const float value : kValues) {
        for (std::size_t i = 0; i < elements; ++i) {
          cases_.push_back({&layer, &training, site, value, i});
        }
      }
    };
    if (index < kTrainingsOfGrid) {
      add_elements(Site::input, numbers);
      add_elements(Site::gradient, numbers);
      add_elements(Site::output, kOutputs);
      add_variables(layer, training, Site::parameter, rig, {""});
    }
    if (index == 0) {
      for (const Site site : {Site::predict_input, Site::mean_input}) add_elements(site, numbers);
      add_elements(Site::predict_output, kOutputs);
      for (const Site site : {Site::predict_parameter, Site::mean_parameter}) {
        add_variables(layer, training, site, rig, {""});
      }
    }
    std::vector<std::string> arrays;
    for (const StateSpec& state : rig.config().training.optimizer.state) {
      arrays.push_back(state.name);
    }
    if (rig.config().training.average.any()) arrays.emplace_back("mean");
    add_variables(layer, training, Site::state, rig, arrays);
  }

  void add_variables(const LayerRow& layer, const TrainingRow& training, Site site, const Rig& rig,
                     const std::vector<std::string>& arrays) {
    for (const Variable& variable : rig.graph().layout().variables()) {
      if (site == Site::state && variable.is_state()) continue;
      for (const std::string& array : arrays) {
        for (const float value : kValues) {
          const std::size_t last = variable.slice.size - 1;
          cases_.push_back({&layer, &training, site, value, 0, variable.name, array});
          if (last > 0) {
            cases_.push_back({&layer, &training, site, value, last, variable.name, array});
          }
        }
      }
    }
  }

  std::vector<Case> cases_;
};

}  // namespace

bool predicts(Site site) { return site >= Site::predict_input; }

std::string Case::text() const {
  std::string place = fmt::format("{} {}", kNames[static_cast<std::size_t>(site)], element);
  if (!array.empty()) place += " of " + array;
  if (!variable.empty()) place += " of " + variable;
  return fmt::format("{}, {}, {}: {}", layer->title, training->title, place, value);
}

std::vector<Case> all_cases() { return Grid().make(); }

}  // namespace bnn::proof
