#pragma once
// The layers and the ways to train that faults are put into.

#include <string>
#include <vector>

namespace bnn::proof {

struct LayerRow {
  std::string title;
  std::string layer;        // the keys of its object in a config
  bool is_flat = false;     // it reads a vector
  bool drops = false;       // it leaves out inputs by its meaning
  bool masks = false;       // its derivative is 0 at places, by its meaning
  bool is_control = false;  // a layer of this proof, which hides what it should hand on
};

struct TrainingRow {
  std::string title;
  std::string training;  // the keys of "training" in a config
};

/// Every type with every estimator, activation and kind of window.
const std::vector<LayerRow>& layer_rows();
/// Every optimizer, with and without clipping, averages, several samples, OpenBLAS's products.
const std::vector<TrainingRow>& training_rows();

}  // namespace bnn::proof
