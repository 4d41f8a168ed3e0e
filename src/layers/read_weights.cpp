#include "bnn/layers/read_weights.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <numeric>

namespace bnn {
namespace {

// The square of such a scale, and of its inverse, is a finite number in float32.
constexpr double kMinScale = 1e-15, kMaxScale = 1e15;
// Bounds of a clip that leave every useful number alone.
constexpr double kNoBound = 1e30;

// A number that stays finite when it is squared in float32.
double read_number(ObjectReader& reader, const std::string& key, double fallback) {
  return reader.real(key, {.min = -kMaxScale, .max = kMaxScale, .fallback = fallback});
}

Initializer initializer_of(ObjectReader& reader, const std::string& type) {
  using Kind = Initializer::Kind;
  if (type == "random_normal" || type == "truncated_normal") {
    const double mean = read_number(reader, "mean", 0.0);
    const double stddev = reader.real("stddev", {.min = 0.0, .max = kMaxScale, .fallback = 0.05});
    return {type == "random_normal" ? Kind::random_normal : Kind::truncated_normal, mean, stddev};
  }
  if (type == "constant") return {Kind::constant, read_number(reader, "value", 0.0), 0.0};
  if (type == "he_normal") return {Kind::he_normal, 0.0, 0.0};
  if (type == "glorot_uniform") return {Kind::glorot_uniform, 0.0, 0.0};
  if (type == "glorot_normal") return {Kind::glorot_normal, 0.0, 0.0};
  if (type == "ones") return {Kind::constant, 1.0, 0.0};
  return {};  // zeros
}

Initializer read_initializer(ObjectReader& parent, const std::string& key, const Json& fallback) {
  Initializer result;
  parent.variant(key,
                 {.types = {"random_normal", "truncated_normal", "he_normal", "glorot_uniform",
                            "glorot_normal", "constant", "zeros", "ones"},
                  .fallback = fallback},
                 [&](ObjectReader& reader, const std::string& type) {
                   result = initializer_of(reader, type);
                 });
  return result;
}

Constraint constraint_of(ObjectReader& reader, const std::string& type) {
  using Kind = Constraint::Kind;
  Constraint result;
  if (type == "clip") {
    result.kind = Kind::clip;
    result.min = reader.real("min", {.min = -kNoBound, .max = kNoBound, .fallback = -kNoBound});
    result.max = reader.real("max", {.min = -kNoBound, .max = kNoBound, .fallback = kNoBound});
    if (result.min > result.max) {
      reader.problem("min", fmt::format("expected at most \"max\", which is {}, found {}",
                                        json_text(result.max), json_text(result.min)));
    }
  } else if (type == "max_norm") {
    result.kind = Kind::max_norm;
    result.max = reader.real("max", {.min = 0.0, .max = kNoBound, .fallback = 2.0});
  } else {
    result.kind = type == "non_neg" ? Kind::non_neg : Kind::unit_norm;
  }
  return result;
}

Constraint read_constraint(ObjectReader& parent, const std::string& key) {
  Constraint result;
  parent.variant(
      key, {.types = {"clip", "non_neg", "max_norm", "unit_norm"}, .fallback = Json(nullptr)},
      [&](ObjectReader& reader, const std::string& type) { result = constraint_of(reader, type); });
  return result;
}

Json random_normal(double mean, double stddev) {
  return {{"type", "random_normal"}, {"mean", mean}, {"stddev", stddev}};
}

struct InitialValues {
  Json loc, untransformed_scale;
};

// The presets of a posterior: those of TensorFlow Probability, those of TensorFlow 1.6, and He's
// means (He et al., ICCV 2015) with small scales, softplus(-4) = 0.018, which suit deep networks.
InitialValues initial_values(const std::string& preset, bool is_bias) {
  if (preset == "r1_6") return {"glorot_uniform", "glorot_uniform"};
  if (preset == "he") return {is_bias ? "zeros" : "he_normal", random_normal(-4.0, 0.1)};
  return {random_normal(0.0, 0.1), random_normal(-3.0, 0.1)};
}

// Null, where it is allowed, means that there is no such tensor.
std::optional<TensorSpec> read_posterior(ObjectReader& parent, const std::string& key,
                                         bool nullable, bool singular_by_default) {
  TensorSpec spec;
  const auto type = parent.variant(
      key,
      {.types = {"mean_field_normal"},
       .fallback = Json{{"type", "mean_field_normal"}},
       .nullable = nullable,
       .default_type = "mean_field_normal"},
      [&](ObjectReader& reader, const std::string&) {
        const std::string preset = reader.choice("preset", {"tfp", "r1_6", "he"}, "tfp");
        const bool is_bias = key.starts_with("bias");
        const bool singular = reader.boolean("is_singular", singular_by_default);
        const auto variable = [&](const std::string& name, const Json& initializer) {
          return VariableSpec{read_initializer(reader, name + "_initializer", initializer),
                              read_regularizer(reader, name + "_regularizer"),
                              read_constraint(reader, name + "_constraint")};
        };
        const InitialValues initial = initial_values(preset, is_bias);
        spec.loc = variable("loc", initial.loc);
        const VariableSpec scale = variable("untransformed_scale", initial.untransformed_scale);
        if (!singular) spec.untransformed_scale = scale;
      });
  return type ? std::optional(spec) : std::nullopt;
}

void read_mixture(ObjectReader& reader, Prior& prior) {
  prior.kind = Prior::Kind::scale_mixture_normal;
  prior.probs = reader.reals("probs", {.min = 0.0, .max = 1.0, .above_min = true});
  prior.scales = reader.reals("scales", {.min = kMinScale, .max = kMaxScale});
  if (reader.raw("probs") == Json::array()) {
    reader.problem("probs", "expected at least one number, found []");
  }
  if (prior.probs.empty() || prior.scales.empty()) return;
  if (prior.probs.size() != prior.scales.size()) {
    reader.problem("probs", fmt::format("expected as many as \"scales\", found {} and {}",
                                        prior.probs.size(), prior.scales.size()));
  }
  const double total = std::accumulate(prior.probs.begin(), prior.probs.end(), 0.0);
  if (std::fabs(total - 1.0) > 1e-6) {
    reader.problem("probs", fmt::format("expected numbers that add up to 1, found {} in all",
                                        json_text(Json(total))));
  }
}

Prior prior_of(ObjectReader& reader, const std::string& type) {
  Prior prior;
  const auto read_loc = [&] { prior.loc = read_number(reader, "loc", 0.0); };
  const auto read_scale = [&] {
    prior.scale = reader.real("scale", {.min = kMinScale, .max = kMaxScale, .fallback = 1.0});
  };
  if (type == "scale_mixture_normal") {
    read_mixture(reader, prior);
  } else if (type == "tied_normal") {
    prior.kind = Prior::Kind::tied_normal;
    read_scale();
  } else {
    if (type == "student_t") {
      prior.kind = Prior::Kind::student_t;
      prior.df = reader.real("df", {.min = 1e-3, .max = 1e9});
    } else if (type == "laplace") {
      prior.kind = Prior::Kind::laplace;
    }
    read_loc();
    read_scale();
    if (type == "normal") prior.trainable = reader.boolean("trainable", false);
  }
  return prior;
}

std::optional<Prior> read_prior(ObjectReader& parent, const std::string& key,
                                const Json& fallback) {
  Prior prior;
  const auto type = parent.variant(
      key,
      {.types = {"normal", "laplace", "student_t", "scale_mixture_normal", "tied_normal"},
       .fallback = fallback,
       .nullable = true,
       .default_type = "normal"},
      [&](ObjectReader& reader, const std::string& name) { prior = prior_of(reader, name); });
  return type ? std::optional(prior) : std::nullopt;
}

std::optional<Divergence> read_divergence(ObjectReader& parent, const std::string& key) {
  Divergence divergence;
  const auto type = parent.variant(
      key, {.types = {"kl", "monte_carlo"}, .fallback = Json("kl"), .nullable = true},
      [&](ObjectReader& reader, const std::string& name) {
        if (name != "monte_carlo") return;
        divergence.samples =
            static_cast<int>(reader.integer("samples", {.min = 1, .max = 65536, .fallback = 1}));
      });
  return type ? std::optional(divergence) : std::nullopt;
}

bool read_uses_mean(ObjectReader& reader, const std::string& key) {
  return reader.choice(key, {"sample", "mean"}, "sample") == "mean";
}

// The keys of a tensor begin with this: those of "depthwise_kernel" with "depthwise".
std::string key_prefix(const std::string& tensor) {
  return tensor.substr(0, tensor.find("_kernel"));
}

// The KL exists if there are a prior and a divergence, which need a posterior with a scale.
void set_divergence(ObjectReader& reader, const std::string& prefix,
                    const std::optional<Prior>& prior, const std::optional<Divergence>& divergence,
                    TensorSpec& spec) {
  if (!prior || !divergence) return;
  if (!spec.untransformed_scale) {
    const std::string noun = prefix == "bias" ? "bias" : "kernel";
    reader.problem(prefix + "_prior_fn",
                   fmt::format("a singular {1} has no divergence from a prior; set "
                               "\"{0}_posterior_fn\": {{\"is_singular\": false}}, or "
                               "\"{0}_prior_fn\": null",
                               prefix, noun));
  }
  if (divergence->samples == 0 && !has_closed_form(prior->kind)) {
    reader.problem(prefix + "_divergence_fn",
                   "this prior has no closed form of the divergence; expected {\"type\": "
                   "\"monte_carlo\", \"samples\": 1}");
  }
  spec.prior = prior;
  spec.divergence = *divergence;
}

TensorSpec read_kernel(ObjectReader& reader, const std::string& prefix, Estimator estimator) {
  auto kernel = read_posterior(reader, prefix + "_posterior_fn", false, false);
  const bool uses_mean = read_uses_mean(reader, prefix + "_posterior_tensor_fn");
  const auto prior = read_prior(reader, prefix + "_prior_fn", Json{{"type", "normal"}});
  const auto divergence = read_divergence(reader, prefix + "_divergence_fn");
  if (!kernel) return {};  // reported
  kernel->uses_mean = uses_mean;
  if (!kernel->untransformed_scale && estimator != Estimator::reparameterization) {
    reader.problem(prefix + "_posterior_fn",
                   "only reparameterization can do with a kernel without a scale; expected "
                   "\"is_singular\": false, found true");
  } else {
    set_divergence(reader, prefix, prior, divergence, *kernel);
  }
  return *kernel;
}

std::optional<TensorSpec> read_bias(ObjectReader& reader) {
  auto bias = read_posterior(reader, "bias_posterior_fn", true, true);
  const bool uses_mean = read_uses_mean(reader, "bias_posterior_tensor_fn");
  const auto prior = read_prior(reader, "bias_prior_fn", Json(nullptr));
  const auto divergence = read_divergence(reader, "bias_divergence_fn");
  if (!bias) return std::nullopt;
  bias->uses_mean = uses_mean;
  set_divergence(reader, "bias", prior, divergence, *bias);
  return bias;
}

Estimator read_estimator(ObjectReader& reader, WeightsKind kind) {
  if (kind == WeightsKind::reparameterization) return Estimator::reparameterization;
  if (kind == WeightsKind::local_reparameterization) return Estimator::local_reparameterization;
  const std::vector<std::string> names = {"flipout", "reparameterization",
                                          "local_reparameterization", "independent"};
  const std::string name = reader.choice("estimator", names, "flipout");
  return static_cast<Estimator>(std::find(names.begin(), names.end(), name) - names.begin());
}

WeightsSpec read_bayesian_weights(ObjectReader& reader, Estimator estimator,
                                  const std::vector<std::string>& kernels) {
  WeightsSpec spec;
  spec.bayesian = true;
  spec.estimator = estimator;
  for (const std::string& tensor : kernels) {
    spec.kernels[tensor] = read_kernel(reader, key_prefix(tensor), estimator);
  }
  spec.bias = read_bias(reader);
  return spec;
}

WeightsSpec read_deterministic_weights(ObjectReader& reader,
                                       const std::vector<std::string>& kernels) {
  WeightsSpec spec;
  for (const std::string& tensor : kernels) {
    spec.kernels[tensor] = {.loc = read_variable(reader, key_prefix(tensor), "glorot_uniform")};
  }
  const bool use_bias = reader.boolean("use_bias", true);
  const VariableSpec bias = read_variable(reader, "bias", "zeros");
  if (use_bias) spec.bias = TensorSpec{bias};
  return spec;
}

}  // namespace

Regularizer read_regularizer(ObjectReader& parent, const std::string& key) {
  Regularizer result;
  const auto read = [&](ObjectReader& reader) {
    result.l1 = reader.real("l1", {.min = 0.0, .max = 1e9, .fallback = 0.0});
    result.l2 = reader.real("l2", {.min = 0.0, .max = 1e9, .fallback = 0.0});
  };
  parent.optional(key, [&] { parent.object(key, read); });
  return result;
}

VariableSpec read_variable(ObjectReader& reader, const std::string& name, const Json& initializer) {
  return {read_initializer(reader, name + "_initializer", initializer),
          read_regularizer(reader, name + "_regularizer"),
          read_constraint(reader, name + "_constraint")};
}

WeightsSpec read_weights(ObjectReader& reader, WeightsKind kind,
                         const std::vector<std::string>& kernels) {
  WeightsSpec spec;
  reader.mark([&] {
    spec = kind == WeightsKind::deterministic
               ? read_deterministic_weights(reader, kernels)
               : read_bayesian_weights(reader, read_estimator(reader, kind), kernels);
  });
  return spec;
}

}  // namespace bnn
