#pragma once
// Reads the "model" object of a config. A key that a layer leaves out is taken from the layer whose
// variables it reuses, or else from the defaults.

#include "bnn/core/json_reader.h"
#include "bnn/model/model_spec.h"

namespace bnn {

/// Errors are added to the reader's problems.
ModelSpec read_model(ObjectReader& reader);

}  // namespace bnn
