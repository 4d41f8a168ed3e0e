// Rows for the keys of one variable: how it starts, what it is penalised for, where it may be.

#include "layers/layer_argument_rows.h"

namespace bnn::testing {
namespace {

using Rows = std::vector<ArgumentRow>;

Rows initializer_rows(const std::string& key, const GetVariable& variable) {
  const auto is = [=](Initializer::Kind kind, double a, double b) {
    return [=](const LayerSpec& l) { return variable(l).initializer == Initializer{kind, a, b}; };
  };
  using Kind = Initializer::Kind;
  const auto normal = [](const char* option, const Json& value) {
    return Json{{"type", "truncated_normal"}, {option, value}};
  };
  return {
      {key,
       "glorot_normal",
       "uniform",
       {"\"he_normal\"", "found \"uniform\""},
       is(Kind::glorot_normal, 0, 0)},
      {key + "/type",
       {{"type", "he_normal"}},
       {{"type", "he"}},
       {"\"he_normal\"", "found \"he\""},
       is(Kind::he_normal, 0, 0)},
      {key + "/mean",
       normal("mean", 2),
       normal("mean", "two"),
       {"a number", "found \"two\""},
       is(Kind::truncated_normal, 2, 0.05)},
      {key + "/stddev",
       normal("stddev", 2),
       normal("stddev", -2),
       {"at least 0", "found -2"},
       is(Kind::truncated_normal, 0, 2)},
      {key + "/value",
       {{"type", "constant"}, {"value", 3}},
       {{"type", "constant"}, {"value", {}}},
       {"a number", "found null"},
       is(Kind::constant, 3, 0)},
  };
}

Rows regularizer_rows(const std::string& key, const GetVariable& variable) {
  const auto is = [=](double l1, double l2) {
    return [=](const LayerSpec& l) { return variable(l).regularizer == Regularizer{l1, l2}; };
  };
  return {
      {key, {{"l1", 1}, {"l2", 2}}, 3, {"an object", "found 3"}, is(1, 2)},
      {key + "/l1", {{"l1", 0.5}}, {{"l1", -0.5}}, {"at least 0", "found -0.5"}, is(0.5, 0)},
      {key + "/l2", {{"l2", 0.5}}, {{"l2", 1e10}}, {"at most 1000000000", "found 1"}, is(0, 0.5)},
  };
}

Rows constraint_rows(const std::string& key, const GetVariable& variable) {
  const auto is = [=](Constraint::Kind kind, double min, double max) {
    return [=](const LayerSpec& l) {
      const Constraint& c = variable(l).constraint;
      return c.kind == kind && (min == 0 || c.min == min) && (max == 0 || c.max == max);
    };
  };
  using Kind = Constraint::Kind;
  const auto clip = [](const char* option, const Json& value) {
    return Json{{"type", "clip"}, {option, value}};
  };
  return {
      {key, "non_neg", "positive", {"\"max_norm\"", "found \"positive\""}, is(Kind::non_neg, 0, 0)},
      {key + "/type",
       {{"type", "unit_norm"}},
       {{"type", 1}},
       {"\"unit_norm\"", "found 1"},
       is(Kind::unit_norm, 0, 0)},
      {key + "/min",
       clip("min", -4),
       clip("min", "low"),
       {"a number", "found \"low\""},
       is(Kind::clip, -4, 0)},
      {key + "/max",
       clip("max", 4),
       clip("max", true),
       {"a number", "found true"},
       is(Kind::clip, 0, 4)},
      {key + "/max",
       {{"type", "max_norm"}, {"max", 5}},
       {{"type", "max_norm"}, {"max", -5}},
       {"at least 0", "found -5"},
       is(Kind::max_norm, 0, 5)},
  };
}

}  // namespace

std::vector<ArgumentRow> variable_rows(const std::string& prefix, const GetVariable& variable) {
  Rows rows = initializer_rows(prefix + "initializer", variable);
  for (ArgumentRow& row : regularizer_rows(prefix + "regularizer", variable)) {
    rows.push_back(std::move(row));
  }
  for (ArgumentRow& row : constraint_rows(prefix + "constraint", variable)) {
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace bnn::testing
