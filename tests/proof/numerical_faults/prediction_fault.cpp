#include <cmath>
#include <numeric>

#include "bnn/infer/class_summaries.h"
#include "bnn/infer/outlier_scores.h"
#include "bnn/infer/predictor.h"
#include "rig.h"
#include "training_fault.h"

namespace bnn::proof {
namespace {

void put(const Case& fault, Rig& rig) {
  if (fault.site == Site::predict_input || fault.site == Site::mean_input) {
    rig.fault = {"before", FaultWay::forward, fault.element, fault.value};
  } else if (fault.site == Site::predict_output) {
    rig.fault = {"end", FaultWay::forward, fault.element, fault.value};
  } else {
    for (const Variable& variable : rig.graph().layout().variables()) {
      if (variable.name != fault.variable) continue;
      rig.values(rig.trainer().parameters(), variable)[fault.element] = fault.value;
    }
  }
}

// Whether every prediction uses the variable: none looks at priors, at mean weights none at scales,
// and prelu's alpha meets negative numbers alone.
bool is_used(const Case& fault) {
  const std::string& name = fault.variable;
  if (name.find("prior") != std::string::npos || name.ends_with("/alpha")) return false;
  return fault.site != Site::mean_parameter || name.find("scale") == std::string::npos;
}

std::string fault_of(const Summary& summary) {
  double sum = 0;
  for (const double p : summary.probabilities) sum += p;
  for (const double number : {sum, summary.predictive_entropy, summary.expected_entropy,
                              summary.energy, summary.max_logit}) {
    if (!std::isfinite(number)) return "results that are not finite";
  }
  return std::abs(sum - 1) < 1e-3 ? "" : "probabilities that do not add up to 1";
}

}  // namespace

Verdict judge_prediction(const Case& fault) {
  Rig rig(*fault.layer, *fault.training);
  put(fault, rig);
  PredictionSpec spec;
  spec.samples = 2;
  spec.mean_weights = fault.site == Site::mean_input || fault.site == Site::mean_parameter;
  const OutlierScorer scorer(nullptr);
  Predictor predictor(rig.graph(), rig.likelihood(), rig.trainer().parameters(), spec, rig.pool(),
                      &scorer);
  std::vector<std::uint32_t> chosen(4);
  std::iota(chosen.begin(), chosen.end(), 0u);
  std::string wrong;
  try {
    predictor.predict(rig.data(), Standardizer(rig.standardization()), chosen,
                      [&](const PredictedBlock& block) {
                        for (const Summary& summary : summaries_of(block, rig.pool())) {
                          if (wrong.empty()) wrong = fault_of(summary);
                        }
                      });
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::numerical) return {End::refused};
    wrong = std::string("another error: ") + error.what();
  }
  const bool may_drop = fault.layer->drops && fault.site == Site::predict_input;
  if (wrong.empty() && std::isnan(fault.value) && !may_drop && is_used(fault)) {
    wrong = "the prediction hides it";
  }
  return {End::accepted, wrong.empty() ? "" : fault.text() + ": " + wrong};
}

}  // namespace bnn::proof
