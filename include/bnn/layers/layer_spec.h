#pragma once
// The description of one layer in a config, and what is needed to make it.
//
// Each layer type has a struct of its options in its own header, with two functions beside it: one
// that reads the options from JSON and one that makes the layer. LayerOptions holds any such
// struct, so that nothing here lists the types; layer_types.cpp has the one list.

#include <any>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bnn/layers/layer.h"
#include "bnn/layers/weights.h"

namespace bnn {

/// What a layer is made of besides its options.
struct LayerArguments {
  const std::string& variables;  // whose variables they are: its own name or one that it shares
  const LayerNoise& noise;
  const std::vector<Shape>& inputs;
  ParameterLayout& layout;

  /// The shape of the one input. Throws Error(config) if there are more.
  const Shape& input() const;
  /// The same, if it is an image. Throws Error(config) for a vector.
  const Shape& image() const;
  /// The shapes of two or more inputs. Throws Error(config) if there are fewer.
  const std::vector<Shape>& several_inputs() const;
};

/// The options of one layer type: a copyable struct with `make(const LayerArguments&) const` and,
/// if the layer has weights, a member `WeightsSpec weights`. If it has other trained variables: a
/// member `bool trainable`, and `variables()`, what describes them, to be compared.
class LayerOptions {
 public:
  LayerOptions() = default;
  template <typename Spec>
  explicit LayerOptions(Spec spec)
      : spec_(std::move(spec)),
        make_(&make_from<Spec>),
        weights_(&weights_of<Spec>),
        set_trainable_(&set_trainable_of<Spec>),
        same_variables_(&same_variables_of<Spec>) {}

  /// The struct, or null if the options are of another type.
  template <typename Spec>
  const Spec* get_if() const {
    return std::any_cast<Spec>(&spec_);
  }

  std::unique_ptr<Layer> make(const LayerArguments& arguments) const {
    return make_(spec_, arguments);
  }
  /// The description of the layer's variables, or null if it has none.
  WeightsSpec* weights() { return weights_ == nullptr ? nullptr : weights_(spec_); }
  const WeightsSpec* weights() const { return const_cast<LayerOptions*>(this)->weights(); }
  /// Whether another layer of this type can share the variables.
  bool same_variables(const LayerOptions& other) const {
    return same_variables_ == nullptr || same_variables_(spec_, other.spec_);
  }
  /// Nothing happens to options without variables.
  void set_trainable(bool trainable) {
    if (set_trainable_ != nullptr) set_trainable_(spec_, trainable);
  }

 private:
  template <typename Spec>
  static std::unique_ptr<Layer> make_from(const std::any& spec, const LayerArguments& arguments) {
    return std::any_cast<const Spec&>(spec).make(arguments);
  }
  template <typename Spec>
  static WeightsSpec* weights_of(std::any& spec) {
    if constexpr (requires(Spec & options) { options.weights; }) {
      return &std::any_cast<Spec&>(spec).weights;
    } else {
      return nullptr;
    }
  }

  template <typename Spec>
  static void set_trainable_of(std::any& spec, bool trainable) {
    auto& options = std::any_cast<Spec&>(spec);
    if constexpr (requires { options.weights; }) {
      options.weights.trainable = trainable;
    } else if constexpr (requires { options.trainable; }) {
      options.trainable = trainable;
    }
  }

  template <typename Spec>
  static bool same_variables_of(const std::any& a, const std::any& b) {
    const auto& one = std::any_cast<const Spec&>(a);
    const auto& other = std::any_cast<const Spec&>(b);
    if constexpr (requires { one.weights; }) {
      return one.weights == other.weights;
    } else if constexpr (requires { one.variables(); }) {
      return one.variables() == other.variables();
    } else {
      return true;
    }
  }

  std::any spec_ = {};
  std::unique_ptr<Layer> (*make_)(const std::any&, const LayerArguments&) = nullptr;
  WeightsSpec* (*weights_)(std::any&) = nullptr;
  void (*set_trainable_)(std::any&, bool) = nullptr;
  bool (*same_variables_)(const std::any&, const std::any&) = nullptr;
};

/// One element of `model.layers`, as a user wrote it.
struct LayerSpec {
  std::string type;
  std::string name;                        // empty: named after the type
  std::vector<std::string> inputs;         // empty: the layer before
  std::optional<std::uint64_t> seed = {};  // of the noise that each example has for itself
  bool reuse = false;                      // shares the variables of the layer of this name
  Regularizer activity_regularizer = {};
  std::optional<bool> channels_first = {};  // how the layer reads an image; none: as it comes
  LayerOptions options = {};

  /// The description of the layer's variables, or null if it has none.
  const WeightsSpec* weights() const { return options.weights(); }
};

}  // namespace bnn
