#pragma once
// The run's one config file: data, model, training and evaluation as plain structs.
//
// Precedence: defaults < file < --set < named flags. `resolved` is the same config with every
// default filled in; it is itself a valid config and is what run folders and checkpoints store.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bnn/bayes/likelihood.h"
#include "bnn/core/enum_names.h"
#include "bnn/core/json_reader.h"
#include "bnn/data/data_config.h"
#include "bnn/data/training_loader.h"
#include "bnn/model/model_spec.h"
#include "bnn/train/trainer.h"

namespace bnn {

struct EarlyStoppingSpec {
  enum class Monitor { nll, accuracy, ece };  // of the validation after each epoch

  Monitor monitor = Monitor::nll;
  int patience = 0;        // epochs without an improvement of it; 0: never stops early
  double min_delta = 0.0;  // what counts as an improvement is larger than this
};

constexpr EnumNames<EarlyStoppingSpec::Monitor, 3> kMonitorNames = {
    {{EarlyStoppingSpec::Monitor::nll, "validation_nll"},
     {EarlyStoppingSpec::Monitor::accuracy, "validation_accuracy"},
     {EarlyStoppingSpec::Monitor::ece, "validation_ece"}}};

struct EvaluationSpec {
  int samples = 32;
  int validation_samples = 8;  // for the validation after each epoch
};

/// Weights of the examples' losses, by their class. At most one of the two is set.
struct ClassWeightsSpec {
  bool balanced = false;
  std::vector<double> given = {};

  bool any() const { return balanced || !given.empty(); }
};

struct RunConfig {
  std::string name;
  DataConfig data;
  ModelSpec model;
  TrainingSpec training;
  ClassWeightsSpec class_weights;
  double label_smoothing = 0.0;
  Sampling sampling = Sampling::shuffle;
  EarlyStoppingSpec early_stopping;
  std::uint64_t checkpoint_steps = 0;  // 0: at the end of each epoch only
  EvaluationSpec evaluation;
  Json resolved;
};

/// The JSON document in a file. Throws Error(config).
Json load_config_document(const std::string& path);

/// A config that a run has stored, with the keys that programs before this one did not know, set to
/// what those programs did. The document need not be a valid config.
Json completed_stored_config(Json document);

/// A config with those keys as a stored one has them, unless it has them itself.
Json completed_as_stored(const Json& stored, Json document);

/// Applies `key=value` of --set: the key is a path as in set_key; the value is JSON, or else a
/// string. Throws Error(usage) if the path does not fit the document.
void apply_override(Json& document, const std::string& assignment);

/// Sets the value at a path of object keys and list indices joined by dots. Throws Error(usage),
/// which begins with `option`, if the path does not fit the document.
void set_key(Json& document, const std::string& path, Json value, const std::string& option);

/// Checks and converts a document. Throws Error(kind) that lists everything that is wrong.
RunConfig read_run_config(const Json& document, const std::string& source, ErrorKind kind);

/// A JSON Schema (draft 2020-12) of the document, made by the functions that read it. A config that
/// read_run_config accepts satisfies it; the reverse fails only where rules tie keys together.
Json run_config_schema();

/// The graph of the config; errors name the source. Also checks the number of classes that the
/// data format fixes.
Graph make_graph(const RunConfig& config, const std::string& source, ErrorKind kind);

/// How the outputs of the config's network are read: all networks are softmax classifiers.
/// @param class_weights of their losses (bayes/softmax_classifier.h); empty: all weigh the same
/// @param label_smoothing of their losses
std::unique_ptr<const Likelihood> make_likelihood(const Graph& graph,
                                                  std::vector<float> class_weights = {},
                                                  double label_smoothing = 0.0);

/// The first key whose value differs between two resolved configs and matters for continuing a
/// run, as a JSON pointer; empty if there is none.
std::string differing_key(const Json& stored, const Json& now);

}  // namespace bnn
