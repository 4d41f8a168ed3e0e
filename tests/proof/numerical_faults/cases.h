#pragma once
// The grid: which fault, where, in which network, at which number.

#include <cstdint>
#include <string>
#include <vector>

#include "fault_layer.h"
#include "rows.h"

namespace bnn::proof {

enum class Site {
  input,          // of the layer, in a training step
  output,         // of the network
  gradient,       // of the layer's output
  parameter,      // a variable, before a training step
  state,          // an array of the optimizer
  predict_input,  // in a prediction with samples
  predict_output,
  predict_parameter,
  mean_input,  // in a prediction with mean weights
  mean_parameter,
};

/// Whether no training is part of the case.
bool predicts(Site site);

struct Case {
  const LayerRow* layer;
  const TrainingRow* training;
  Site site;
  float value;
  std::size_t element = 0;
  std::string variable = {}, array = {};

  std::string text() const;
};

std::vector<Case> all_cases();

}  // namespace bnn::proof
