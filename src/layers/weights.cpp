#include "bnn/layers/weights.h"

#include <utility>

namespace bnn {
namespace {

using Kind = Initializer::Kind;

const std::vector<std::string>& initializer_names() {
  static const std::vector<std::string> names = {"random_normal",  "truncated_normal", "he_normal",
                                                 "glorot_uniform", "glorot_normal",    "constant",
                                                 "zeros"};
  return names;
}

// `{"type": "random_normal", "mean": 0, "stddev": 0.1}`, or the bare name of one without options.
Initializer read_initializer(ObjectReader& parent, const std::string& key, Initializer fallback,
                             const std::string& fallback_name) {
  const Json given = parent.raw(key);
  Json value = given;
  if (given.is_null()) value = {{"type", fallback_name}};
  if (given.is_string()) value = {{"type", given}};
  ObjectReader reader(value, parent.pointer() + "/" + key, parent.problems());
  const std::string type = reader.choice("type", initializer_names(), std::nullopt);
  // Options left out of the default initialiser keep the default's values.
  const double mean = given.is_null() ? fallback.a : 0.0;
  const double stddev = given.is_null() ? fallback.b : 0.05;
  Initializer result;
  if (type == "random_normal" || type == "truncated_normal") {
    result.kind = type == "random_normal" ? Kind::random_normal : Kind::truncated_normal;
    result.a = reader.real("mean", {.fallback = mean});
    result.b = reader.real("stddev", {.min = 0.0, .fallback = stddev});
  } else if (type == "constant") {
    result.a = reader.real("value", {.fallback = given.is_null() ? fallback.a : 0.0});
  } else if (type == "he_normal") {
    result.kind = Kind::he_normal;
  } else if (type == "glorot_uniform") {
    result.kind = Kind::glorot_uniform;
  } else if (type == "glorot_normal") {
    result.kind = Kind::glorot_normal;
  }
  reader.finish();
  parent.record(key, reader.resolved());
  return result;
}

TensorSpec read_posterior(ObjectReader& parent, const std::string& key, bool singular_by_default) {
  ObjectReader reader = parent.object(key);
  reader.choice("type", {"mean_field_normal"}, "mean_field_normal");
  const bool singular = reader.boolean("is_singular", singular_by_default);
  TensorSpec spec;
  spec.loc =
      read_initializer(reader, "loc_initializer", {Kind::random_normal, 0.0, 0.1}, "random_normal");
  const Initializer scale = read_initializer(reader, "untransformed_scale_initializer",
                                             {Kind::random_normal, -3.0, 0.1}, "random_normal");
  if (!singular) spec.untransformed_scale = scale;
  reader.finish();
  parent.record(key, reader.resolved());
  return spec;
}

std::optional<NormalPrior> read_prior(ObjectReader& parent, const std::string& key,
                                      bool none_by_default) {
  if (parent.is_null(key) || (!parent.has(key) && none_by_default)) {
    parent.raw(key);
    parent.record(key, nullptr);
    return std::nullopt;
  }
  ObjectReader reader = parent.object(key);
  reader.choice("type", {"normal"}, "normal");
  NormalPrior prior;
  prior.loc = reader.real("loc", {.fallback = 0.0});
  prior.scale = reader.real("scale", {.min = 1e-15, .max = 1e15, .fallback = 1.0});
  reader.finish();
  parent.record(key, reader.resolved());
  return prior;
}

// "kl", the closed form, or null for no divergence at all.
bool read_divergence(ObjectReader& parent, const std::string& key) {
  if (parent.is_null(key)) {
    parent.raw(key);
    parent.record(key, nullptr);
    return false;
  }
  parent.choice(key, {"kl"}, "kl");
  return true;
}

std::optional<TensorSpec> read_bias(ObjectReader& reader) {
  const bool has_bias = !reader.is_null("bias_posterior_fn");
  std::optional<TensorSpec> bias;
  if (has_bias) {
    bias = read_posterior(reader, "bias_posterior_fn", true);
  } else {
    reader.raw("bias_posterior_fn");
    reader.record("bias_posterior_fn", nullptr);
  }
  const auto prior = read_prior(reader, "bias_prior_fn", true);
  const bool divergence = read_divergence(reader, "bias_divergence_fn");
  if (!has_bias || !prior || !divergence) return bias;
  if (!bias->untransformed_scale) {
    reader.problem("bias_prior_fn",
                   "a singular bias has no divergence from a prior; set \"bias_posterior_fn\": "
                   "{\"is_singular\": false} as well");
  }
  bias->prior = prior;
  return bias;
}

WeightTensor declare(const WeightDeclarations& where, const std::string& tensor,
                     const TensorSpec& spec, std::vector<std::int64_t> shape, bool deferred) {
  const bool trainable = where.spec.trainable;
  const std::string name =
      where.layer + "/" + tensor + (where.spec.bayesian ? "_posterior_loc" : "");
  WeightTensor result;
  result.value = where.layout.add({name, shape, spec.loc, trainable, deferred});
  if (!spec.untransformed_scale) return result;
  result.perturbation =
      where.layout.add({where.layer + "/" + tensor + "_posterior_untransformed_scale",
                        std::move(shape), *spec.untransformed_scale, trainable, deferred});
  where.layout.pair_last_two(spec.prior);
  return result;
}

}  // namespace

WeightsSpec read_bayesian_weights(ObjectReader& reader) {
  WeightsSpec spec;
  spec.bayesian = true;
  spec.trainable = reader.boolean("trainable", true);
  spec.kernel = read_posterior(reader, "kernel_posterior_fn", false);
  if (!spec.kernel.untransformed_scale) {
    reader.problem(
        "kernel_posterior_fn",
        "flipout needs a kernel posterior with a scale; expected \"is_singular\": false");
  }
  spec.kernel.prior = read_prior(reader, "kernel_prior_fn", false);
  if (!read_divergence(reader, "kernel_divergence_fn")) spec.kernel.prior.reset();
  spec.bias = read_bias(reader);
  return spec;
}

WeightsSpec read_deterministic_weights(ObjectReader& reader) {
  WeightsSpec spec;
  spec.trainable = reader.boolean("trainable", true);
  spec.kernel.loc =
      read_initializer(reader, "kernel_initializer", {Kind::glorot_uniform}, "glorot_uniform");
  const bool use_bias = reader.boolean("use_bias", true);
  const Initializer bias = read_initializer(reader, "bias_initializer", {}, "zeros");
  if (use_bias) spec.bias = TensorSpec{bias};
  return spec;
}

WeightTensor declare_kernel(const WeightDeclarations& where, std::vector<std::int64_t> shape,
                            bool deferred) {
  return declare(where, "kernel", where.spec.kernel, std::move(shape), deferred);
}

WeightTensor declare_bias(const WeightDeclarations& where, std::int64_t size) {
  if (!where.spec.bias) return {};
  return declare(where, "bias", *where.spec.bias, {size}, false);
}

}  // namespace bnn
