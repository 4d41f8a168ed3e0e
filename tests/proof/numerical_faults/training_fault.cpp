#include "training_fault.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "bnn/checkpoint/checkpoint.h"
#include "rig.h"

namespace bnn::proof {
namespace {

constexpr std::uint64_t kFaultStep = 3, kLastStep = 5;

// The first variable with a number that is not finite, or "".
std::string not_finite_in(Rig& rig, AlignedArray& array, bool with_layer_state) {
  for (const Variable& variable : rig.graph().layout().variables()) {
    if (variable.is_state() && !with_layer_state) continue;
    const std::span<float> values = rig.values(array, variable);
    if (!std::all_of(values.begin(), values.end(), [](float x) { return std::isfinite(x); })) {
      return variable.name;
    }
  }
  return "";
}

// The same of all that a checkpoint holds.
std::string not_finite(Rig& rig) {
  std::string name = not_finite_in(rig, rig.trainer().parameters(), true);
  for (StateArray& state : rig.trainer().optimizer_state()) {
    if (!name.empty()) return name;
    name = not_finite_in(rig, state.values, false);
    if (!name.empty()) name = state.spec.name + " of " + name;
  }
  return name;
}

void put(const Case& fault, Rig& rig) {
  switch (fault.site) {
    case Site::input:
      rig.fault = {"before", FaultWay::forward, fault.element, fault.value};
      return;
    case Site::output:
      rig.fault = {"end", FaultWay::forward, fault.element, fault.value};
      return;
    case Site::gradient:
      rig.fault = {"after", FaultWay::backward, fault.element, fault.value};
      return;
    default:
      break;
  }
  AlignedArray* array = &rig.trainer().parameters();
  for (StateArray& state : rig.trainer().optimizer_state()) {
    if (state.spec.name == fault.array) array = &state.values;
  }
  for (const Variable& variable : rig.graph().layout().variables()) {
    if (variable.name == fault.variable) rig.values(*array, variable)[fault.element] = fault.value;
  }
}

// The sentence of the step that failed, or "".
std::string failure(const Case& fault, Rig& rig, std::uint64_t& step) {
  try {
    for (step = 1; step <= kLastStep; ++step) {
      if (step == kFaultStep) put(fault, rig);
      rig.step(step);
      rig.fault.way = FaultWay::none;
    }
    return "";
  } catch (const Error& error) {
    return error.kind() == ErrorKind::numerical ? error.what()
                                                : std::string("another error: ") + error.what();
  }
}

// What is wrong with a sentence.
std::string fault_of(const std::string& sentence, std::uint64_t step, const Case& fault) {
  if (!sentence.starts_with("step " + std::to_string(step) + ": ")) return "said: " + sentence;
  const bool is_forward = fault.site == Site::input || fault.site == Site::output;
  const std::string layer = fault.site == Site::input ? "\"before\"" : "\"end\"";
  if (is_forward && std::isnan(fault.value) && sentence.find(layer) == std::string::npos) {
    return "does not name the layer: " + sentence;
  }
  return "";
}

// Whether the training must end: NaN goes through every layer, unless it is one that leaves
// numbers out.
bool must_end(const Case& fault) {
  if (!std::isnan(fault.value)) return false;
  if (fault.site == Site::input) return !fault.layer->drops;
  if (fault.site == Site::gradient) return !fault.layer->masks;
  return fault.site == Site::output;
}

Verdict save(Rig& rig, const std::string& file) {
  const std::string wrong = not_finite(rig);
  std::filesystem::remove(file);
  try {
    TrainingState state;
    state.step = kLastStep;
    save_checkpoint(file, rig.config().resolved, state, rig.graph().layout(),
                    {&rig.trainer().parameters(), rig.trainer().optimizer_state()});
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::numerical) {
      return {End::refused, std::string("the checkpoint: ") + error.what()};
    }
    const bool is_there = std::filesystem::exists(file);
    return {End::not_finite, is_there ? "a checkpoint that was refused is there" : ""};
  }
  if (!wrong.empty())
    return {End::accepted, "a checkpoint of numbers that are not finite: " + wrong};
  read_checkpoint_file(file);
  return {End::accepted};
}

}  // namespace

Verdict judge_training(const Case& fault, const std::string& file) {
  Rig rig(*fault.layer, *fault.training);
  std::uint64_t step = 0;
  const std::string sentence = failure(fault, rig, step);
  Verdict saved = save(rig, file);
  if (!saved.wrong.empty()) return {saved.end, fault.text() + ": " + saved.wrong};
  if (sentence.empty()) {
    if (must_end(fault)) saved.wrong = fault.text() + ": the training goes on";
    return saved;
  }
  std::string wrong = fault_of(sentence, step, fault);
  if (step > kFaultStep && must_end(fault)) wrong = "is noticed a step later";
  return {End::refused, wrong.empty() ? "" : fault.text() + ": " + wrong};
}

}  // namespace bnn::proof
