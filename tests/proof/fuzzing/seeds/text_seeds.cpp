#include "seeds/seeds.h"

namespace bnn::fuzzing {
namespace {

std::string config(const std::string& layers, const std::string& training, int channels = 1,
                   const std::string& data = "") {
  return R"({"name": "x", "data": {"format": "cifar", "train": ["a.bin"])" + data +
         R"(}, "model": {"input": {"height": 6, "width": 5, "channels": )" +
         std::to_string(channels) + R"(}, "layers": [)" + layers +
         R"(, {"type": "dense_flipout", "name": "logits", "units": 3}]}, "training": {)" +
         training + R"(}, "evaluation": {"samples": 2}})";
}

std::string preset(const std::string& model, const std::string& training) {
  return R"({"data": {"format": "cifar10", "train": ["a.bin"]}, "model": {)" + model +
         R"(}, "training": {)" + training + "}}";
}

}  // namespace

std::vector<std::string> config_seeds() {
  return {
      config(R"({"type": "conv2d_flipout", "filters": 2, "kernel_size": 3, "strides": 2,
        "padding": "same", "activation": "relu"}, {"type": "max_pooling2d", "pool_size": 2},
        {"type": "flatten"})",
             R"("optimizer": {"type": "adam", "learning_rate": 0.01, "beta_1": 0.9},
        "kl": {"weight": 0.1, "annealing_epochs": 2}, "gradient_clip_norm": 1, "samples": 2)"),
      config(R"({"type": "conv2d_reparameterization", "filters": 2, "kernel_size": [2, 3],
        "dilation_rate": 2, "padding": "same", "activation": "swish"},
        {"type": "average_pooling2d", "pool_size": 3, "strides": 2, "padding": "same"},
        {"type": "flatten"}, {"type": "dense_local_reparameterization", "units": 4,
        "activation": "selu"})",
             R"("optimizer": {"type": "sgd", "momentum": 0.9, "nesterov": true}, "epochs": 4,
        "learning_rate_schedule": {"type": "cosine", "warmup_epochs": 1}, "swa_epochs": 2)",
             3, R"(, "augment": {"flip_horizontal": true, "crop_padding": 1, "mixup": 0.2},
        "validation": 0.2)"),
      config(R"({"type": "conv2d", "name": "a", "filters": 2, "kernel_size": 3, "padding": "same",
        "kernel_regularizer": {"l2": 0.01}, "kernel_constraint": "non_neg"},
        {"type": "conv2d_local_reparameterization", "name": "b", "filters": 2, "kernel_size": 1},
        {"type": "add", "inputs": ["a", "b"], "name": "sum"},
        {"type": "concatenate", "inputs": ["sum", "a", "input"], "axis": -1},
        {"type": "activation", "activation": "leaky_relu"}, {"type": "global_average_pooling2d"})",
             R"("optimizer": {"type": "adamw", "weight_decay": 0.01}, "label_smoothing": 0.1,
        "class_weights": [1, 2, 0.5], "shards": 2)"),
      config(R"({"type": "zero_padding2d", "padding": [[2, 0], [1, 3]], "name": "padded"},
        {"type": "conv2d_flipout", "filters": 3, "kernel_size": 3, "kernel_prior_fn":
        {"type": "scale_mixture_normal", "probs": [0.5, 0.5],
        "scales": [1, 0.1]}, "kernel_divergence_fn": {"type": "monte_carlo", "samples": 1}},
        {"type": "prelu", "name": "x"},
        {"type": "global_average_pooling2d"}, {"type": "dense", "units": 3, "name": "gate"},
        {"type": "multiply", "inputs": ["x", "gate"]},
        {"type": "upsampling2d", "size": [2, 1], "interpolation": "bilinear"},
        {"type": "flatten"})",
             R"("batch_size": 4)"),
      config(R"({"type": "conv2d", "filters": 4, "kernel_size": 3},
        {"type": "batch_normalization", "activation": "relu"},
        {"type": "depthwise_conv2d_flipout", "kernel_size": 2, "depth_multiplier": 2},
        {"type": "group_normalization", "groups": 2},
        {"type": "filter_response_normalization"}, {"type": "dropout", "rate": 0.3},
        {"type": "spatial_dropout2d", "rate": 0.4}, {"type": "flatten"})",
             R"("learning_rate_schedule": {"type": "step", "milestones": [1, 2]}, "shards": 1,
        "optimizer": {"type": "ivon", "learning_rate": 0.1})"),
      config(R"({"type": "separable_conv2d_flipout", "filters": 3, "kernel_size": 2},
        {"type": "conv2d_transpose_flipout", "filters": 2, "kernel_size": [2, 3], "strides": 2},
        {"type": "conv2d_flipout", "name": "c", "filters": 2, "kernel_size": 3, "padding": "same",
        "bias_posterior_fn": {"is_singular": false}},
        {"type": "conv2d_flipout", "name": "c", "filters": 2, "kernel_size": 3, "padding": "same",
        "reuse": true, "bias_posterior_fn": {"is_singular": false}}, {"type": "flatten"})",
             R"("optimizer": {"type": "adam"}, "seed": 7, "epochs": 1)", 3,
             R"(, "standardize": {"mean": [0.5, 0.4, 0.3], "std": [0.2, 0.3, 0.4]},
        "augment": {"rotation": 15, "cutout": 2, "brightness": 0.2})"),
      preset(R"("preset": "mlp", "estimator": "flipout", "width": 0.02)", R"("batch_size": 2)"),
      preset(R"("preset": "small", "width": 0.03, "estimator": "deterministic")",
             R"("optimizer": {"type": "sgd"})"),
      preset(R"("preset": "resnet20", "width": 0.1, "normalization": "batch")", R"("epochs": 1)"),
  };
}

void add_text_seeds(const AddSeed& add) {
  for (const std::string& text : config_seeds()) {
    for (const char* target : {"config", "onnx", "json"}) add(target, bytes_of(text));
  }
  add("json", bytes_of("[1.5e-7, -0, \"\\u00e9\\n\", true, null, {}, 18446744073709551615]"));
  add("override", bytes_of("training.epochs=4\nmodel.layers.0.type=flatten\nname=\"a b\"\n"));
  add("override", bytes_of("data.validation=0.5\ntraining.optimizer={\"type\":\"sgd\"}"));
  add("path_list", bytes_of("a.png\nfolder/b c.jpg\r\n\n/tmp/x"));
  add("class_names", bytes_of("cat\ndog\nna\xc3\xafve\n"));
  add("torch_map", bytes_of(R"({"features.0": "conv1", "classifier": null})"));
  add("metrics", bytes_of(config_seeds()[0] + std::string(1, '\0') +
                          R"({"event": "epoch", "epoch": 1, "step": 5, "nll": 2.1, "kl": 9.5,)"
                          R"( "loss": 3, "accuracy": 0.5, "elapsed_seconds": 1.5})" +
                          "\n" +
                          R"({"event": "validation", "epoch": 1, "step": 5, "nll": 2,)"
                          R"( "accuracy": 0.5, "ece": 0.1})" +
                          "\n" + R"({"event": "epoch", "epoch": 2, "step": 30})" + "\n"));
  add("control", bytes_of("FUZZ\x01"));
}

}  // namespace bnn::fuzzing
