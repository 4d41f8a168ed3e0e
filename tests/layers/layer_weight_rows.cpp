// Rows for the keys that describe weights: those of posteriors, priors and divergences of kernel
// and bias, and those of the two tensors of a deterministic layer.

#include "bnn/layers/prelu.h"
#include "layers/layer_argument_rows.h"

namespace bnn::testing {
namespace {

using Rows = std::vector<ArgumentRow>;
using GetTensor = const TensorSpec& (*)(const LayerSpec&);

const TensorSpec& kernel_of(const LayerSpec& layer) {
  return layer.weights()->kernels.at("kernel");
}
const TensorSpec& depthwise_of(const LayerSpec& layer) {
  return layer.weights()->kernels.at("depthwise_kernel");
}
const TensorSpec& pointwise_of(const LayerSpec& layer) {
  return layer.weights()->kernels.at("pointwise_kernel");
}
const TensorSpec& bias_of(const LayerSpec& layer) { return layer.weights()->bias.value(); }

void append(Rows& rows, const Rows& more) { rows.insert(rows.end(), more.begin(), more.end()); }

// The rows of an object, below a key of an outer one: {"is_singular": false, key: object}.
Rows below(const std::string& outer, const Rows& rows) {
  Rows moved;
  for (ArgumentRow row : rows) {
    const auto wrap = [&](const Json& value) {
      return Json{{"is_singular", false}, {row.key(), value}};
    };
    row.valid = wrap(row.valid);
    row.invalid = wrap(row.invalid);
    row.path = outer + "/" + row.path;
    moved.push_back(std::move(row));
  }
  return moved;
}

Rows posterior_rows(const std::string& key, GetTensor tensor) {
  const auto starts = [=](Initializer::Kind kind) {
    return [=](const LayerSpec& l) { return tensor(l).loc.initializer.kind == kind; };
  };
  Rows rows = {
      {key,
       {{"loc_initializer", "zeros"}},
       "normal",
       {"\"mean_field_normal\"", "found \"normal\""},
       starts(Initializer::Kind::constant)},
      {key + "/type",
       {{"type", "mean_field_normal"}},
       {{"type", "full"}},
       {"\"mean_field_normal\"", "found \"full\""},
       starts(Initializer::Kind::random_normal)},
      {key + "/preset",
       {{"preset", "r1_6"}},
       {{"preset", "tf1"}},
       {"\"r1_6\"", "found \"tf1\""},
       starts(Initializer::Kind::glorot_uniform)},
      {key + "/is_singular",
       {{"is_singular", false}},
       {{"is_singular", 0}},
       {"true or false", "found 0"},
       [=](const LayerSpec& l) { return tensor(l).untransformed_scale.has_value(); }},
  };
  append(rows, below(key, variable_rows("loc_", [=](const LayerSpec& l) -> const VariableSpec& {
                       return tensor(l).loc;
                     })));
  append(rows, below(key, variable_rows("untransformed_scale_",
                                        [=](const LayerSpec& l) -> const VariableSpec& {
                                          return tensor(l).untransformed_scale.value();
                                        })));
  return rows;
}

Rows prior_rows(const std::string& key, GetTensor tensor) {
  const auto is = [=](Prior prior) {
    return [=](const LayerSpec& l) { return tensor(l).prior == prior; };
  };
  const auto of = [](const char* type, Json options) {
    options["type"] = type;
    return options;
  };
  using Kind = Prior::Kind;
  const auto mixture = [&](const Json& probs, const Json& scales) {
    return of("scale_mixture_normal", {{"probs", probs}, {"scales", scales}});
  };
  const Prior mixed = {Kind::scale_mixture_normal, 0, 1, 0, {0.25, 0.75}, {1, 2}};
  return {
      {key, "laplace", "horseshoe", {"\"student_t\"", "found \"horseshoe\""}, is({Kind::laplace})},
      {key + "/type",
       of("tied_normal", {}),
       of("cauchy", {}),
       {"\"laplace\"", "found \"cauchy\""},
       is({Kind::tied_normal})},
      {key + "/loc",
       of("normal", {{"loc", 2}}),
       of("normal", {{"loc", "2"}}),
       {"a number", "found \"2\""},
       is({Kind::normal, 2})},
      {key + "/loc",
       of("laplace", {{"loc", 2}}),
       of("laplace", {{"loc", true}}),
       {"a number", "found true"},
       is({Kind::laplace, 2})},
      {key + "/scale",
       of("normal", {{"scale", 3}}),
       of("normal", {{"scale", 0}}),
       {"a number of at least 1e-15", "found 0"},
       is({Kind::normal, 0, 3})},
      {key + "/scale",
       of("laplace", {{"scale", 3}}),
       of("laplace", {{"scale", -1}}),
       {"a number of at least 1e-15", "found -1"},
       is({Kind::laplace, 0, 3})},
      {key + "/scale",
       of("tied_normal", {{"scale", 3}}),
       of("tied_normal", {{"scale", 1e16}}),
       {"at most 1e+15", "found 1e+16"},
       is({Kind::tied_normal, 0, 3})},
      {key + "/trainable",
       {{"trainable", true}},
       {{"trainable", "yes"}},
       {"true or false", "found \"yes\""},
       is({Kind::normal, 0, 1, 0, {}, {}, true})},
      {key + "/df",
       of("student_t", {{"df", 3}}),
       of("student_t", {{"df", 0}}),
       {"a number of at least 0.001", "found 0"},
       is({Kind::student_t, 0, 1, 3})},
      {key + "/probs",
       mixture({0.25, 0.75}, {1, 2}),
       mixture(3, {1, 2}),
       {"a list whose elements are each a number above 0", "found 3"},
       is(mixed)},
      {key + "/scales",
       mixture({0.25, 0.75}, {1, 2}),
       mixture({0.25, 0.75}, {1, 0}),
       {"a list whose elements are each a number of at least", "found [1,0]"},
       is(mixed)},
  };
}

// Kernel and bias have the same keys but for their names.
Rows tensor_rows(const std::string& name, GetTensor tensor) {
  const std::string divergence = name + "_divergence_fn";
  const Json prior = {{name + "_prior_fn", "normal"}};
  const auto draws = [=](int samples) {
    return [=](const LayerSpec& l) {
      return tensor(l).prior && tensor(l).divergence.samples == samples;
    };
  };
  Rows rows = {
      {name + "_posterior_tensor_fn",
       "mean",
       "mode",
       {"\"sample\", \"mean\"", "found \"mode\""},
       [=](const LayerSpec& l) { return tensor(l).uses_mean; }},
      {divergence,
       nullptr,
       "renyi",
       {"\"monte_carlo\"", "found \"renyi\""},
       [=](const LayerSpec& l) { return !tensor(l).prior; },
       prior},
      {divergence + "/type",
       {{"type", "kl"}},
       {{"type", "mc"}},
       {"\"kl\"", "found \"mc\""},
       draws(0),
       prior},
      {divergence + "/samples",
       {{"type", "monte_carlo"}, {"samples", 4}},
       {{"type", "monte_carlo"}, {"samples", 0}},
       {"an integer from 1 to", "found 0"},
       draws(4),
       prior},
  };
  append(rows, posterior_rows(name + "_posterior_fn", tensor));
  append(rows, prior_rows(name + "_prior_fn", tensor));
  append(rows, variable_rows(name + "_", [=](const LayerSpec& l) -> const VariableSpec& {
           return tensor(l).loc;
         }));
  return rows;
}

}  // namespace

std::vector<ArgumentRow> weight_rows() {
  Rows rows = tensor_rows("kernel", kernel_of);
  append(rows, tensor_rows("depthwise", depthwise_of));
  append(rows, tensor_rows("pointwise", pointwise_of));
  append(rows, tensor_rows("bias", bias_of));
  append(rows, variable_rows("alpha_", [](const LayerSpec& l) -> const VariableSpec& {
           return l.options.get_if<PreluSpec>()->alpha;
         }));
  rows.push_back(
      {"use_bias", false, "false", {"true or false", "found \"false\""}, [](const LayerSpec& l) {
         return !l.weights()->bias;
       }});
  rows.push_back({"bias_posterior_fn",
                  nullptr,
                  3,
                  {"\"mean_field_normal\"", "found 3"},
                  [](const LayerSpec& l) { return !l.weights()->bias; }});
  rows.push_back(
      {"estimator",
       "independent",
       "flipped",
       {"\"local_reparameterization\"", "found \"flipped\""},
       [](const LayerSpec& l) { return l.weights()->estimator == Estimator::independent; }});
  return rows;
}

const std::vector<ArgumentRow>& argument_rows() {
  static const Rows all = [] {
    Rows rows = shape_rows();
    append(rows, weight_rows());
    append(rows, normalization_rows());
    return rows;
  }();
  return all;
}

}  // namespace bnn::testing
