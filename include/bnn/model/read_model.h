#pragma once
// Reads the "model" object of a config: what a layer leaves out it takes from the layer whose
// variables it reuses, then from the defaults.

#include "bnn/core/json_reader.h"
#include "bnn/model/model_spec.h"

namespace bnn {

/// What is wrong is added to the reader's problems.
ModelSpec read_model(ObjectReader& reader);

}  // namespace bnn
