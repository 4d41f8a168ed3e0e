#include "rows.h"

namespace bnn::proof {
namespace {

std::string of_type(const std::string& type, const std::string& keys = "") {
  return "\"type\":\"" + type + "\"" + (keys.empty() ? "" : "," + keys);
}

// A layer with weights, with each estimator and with none.
void add_weighted(std::vector<LayerRow>& rows, const std::string& type, const std::string& keys,
                  const std::string& note = "") {
  const bool is_flat = type == "dense";
  for (const char* suffix : {"", "_flipout", "_reparameterization", "_local_reparameterization"}) {
    rows.push_back({type + suffix + note, of_type(type + suffix, keys), is_flat});
  }
  rows.push_back({type + " independent" + note,
                  of_type(type + "_flipout", keys + ",\"estimator\":\"independent\""), is_flat});
}

std::vector<LayerRow> all_layers() {
  std::vector<LayerRow> rows;
  const std::string filters = "\"filters\":3,";
  const std::string kernel = "\"kernel_size\":3,\"padding\":\"same\"";
  const std::string strides = ",\"strides\":2";
  add_weighted(rows, "conv2d", filters + kernel, " 3x3");
  add_weighted(rows, "conv2d", filters + "\"kernel_size\":1", " 1x1");
  add_weighted(rows, "conv2d", filters + kernel + strides, " strides 2");
  add_weighted(rows, "depthwise_conv2d", kernel);
  add_weighted(rows, "separable_conv2d", filters + kernel);
  add_weighted(rows, "conv2d_transpose", filters + "\"kernel_size\":2,\"strides\":2");
  add_weighted(rows, "dense", "\"units\":4");
  for (const char* name : {"linear", "relu", "leaky_relu", "elu", "selu", "gelu", "swish", "tanh",
                           "sigmoid", "softplus"}) {
    const std::string key = std::string("\"activation\":\"") + name + "\"";
    rows.push_back({std::string("activation ") + name, of_type("activation", key), false, false,
                    std::string(name) == "relu"});
    rows.push_back({std::string("conv2d_flipout ") + name,
                    of_type("conv2d_flipout", filters + kernel + "," + key), false, false,
                    std::string(name) == "relu"});
  }
  const std::vector<LayerRow> others = {
      {"max_pooling2d", of_type("max_pooling2d", "\"pool_size\":2")},
      {"max_pooling2d same",
       of_type("max_pooling2d", "\"pool_size\":3,\"strides\":1,\"padding\":\"same\"")},
      {"average_pooling2d", of_type("average_pooling2d", "\"pool_size\":2")},
      {"average_pooling2d same",
       of_type("average_pooling2d", "\"pool_size\":3,\"strides\":1,\"padding\":\"same\"")},
      {"global_average_pooling2d", of_type("global_average_pooling2d")},
      {"zero_padding2d", of_type("zero_padding2d"), false, false, true},  // of its own zeros
      {"upsampling2d nearest", of_type("upsampling2d")},
      {"upsampling2d bilinear", of_type("upsampling2d", "\"interpolation\":\"bilinear\"")},
      {"flatten", of_type("flatten")},
      {"prelu", of_type("prelu")},
      {"add", of_type("add", "\"inputs\":[\"before\",\"first\"]")},
      {"multiply", of_type("multiply", "\"inputs\":[\"before\",\"first\"]")},
      {"concatenate", of_type("concatenate", "\"inputs\":[\"before\",\"first\"]")},
      {"dropout", of_type("dropout", "\"rate\":0.5"), false, true, true},
      {"spatial_dropout2d", of_type("spatial_dropout2d", "\"rate\":0.5"), false, true, true},
      {"batch_normalization", of_type("batch_normalization")},
      {"batch_normalization frozen", of_type("batch_normalization", "\"trainable\":false")},
      {"batch_normalization relu", of_type("batch_normalization", "\"activation\":\"relu\""), false,
       false, true},
      {"group_normalization", of_type("group_normalization", "\"groups\":1")},
      {"filter_response_normalization", of_type("filter_response_normalization"), false, false,
       true},
      {"trainable prior",
       of_type("dense_flipout",
               "\"units\":4,\"kernel_prior_fn\":{\"type\":\"normal\",\"trainable\":true}"),
       true},
      {"max_norm", of_type("dense", "\"units\":4,\"kernel_constraint\":\"max_norm\""), true},
      {"unit_norm", of_type("dense", "\"units\":4,\"kernel_constraint\":\"unit_norm\""), true},
      {"non_neg", of_type("dense", "\"units\":4,\"kernel_constraint\":\"non_neg\""), true},
      {"control", of_type("activation", "\"name\":\"control\",\"activation\":\"linear\""), false,
       false, false, true},
  };
  rows.insert(rows.end(), others.begin(), others.end());
  return rows;
}

std::vector<TrainingRow> all_trainings() {
  const auto optimizer = [](const std::string& keys) {
    return "\"optimizer\":{\"learning_rate\":0.01," + keys + "}";
  };
  const std::string adam = optimizer("\"type\":\"adam\""), clip = ",\"gradient_clip_norm\":1";
  const std::string ivon = optimizer("\"type\":\"ivon\""), ema = ",\"ema_decay\":0.9";
  const std::string sgd = optimizer("\"type\":\"sgd\",\"momentum\":0.9");
  return {{"adam", adam},
          {"adam clip", adam + clip},
          {"ivon", ivon},
          {"adam openblas", adam + ",\"products\":\"openblas\""},
          {"adam ema", adam + ema},
          {"adam swa", adam + ",\"swa_epochs\":3"},
          {"adam samples", adam + ",\"samples\":2"},
          {"adamw", optimizer("\"type\":\"adamw\",\"weight_decay\":0.1")},
          {"adamw clip", optimizer("\"type\":\"adamw\"") + clip},
          {"sgd", optimizer("\"type\":\"sgd\"")},
          {"sgd momentum", sgd},
          {"sgd momentum clip ema", sgd + clip + ema},
          {"sgd nesterov", optimizer("\"type\":\"sgd\",\"momentum\":0.9,\"nesterov\":true")},
          {"ivon clip", ivon + clip},
          {"ivon clip_radius", optimizer("\"type\":\"ivon\",\"clip_radius\":0.01")},
          {"ivon ema", ivon + ema}};
}

}  // namespace

const std::vector<LayerRow>& layer_rows() {
  static const std::vector<LayerRow> rows = all_layers();
  return rows;
}

const std::vector<TrainingRow>& training_rows() {
  static const std::vector<TrainingRow> rows = all_trainings();
  return rows;
}

}  // namespace bnn::proof
