// Checkpoints with all that one can hold: the state of the optimizer, averaged weights, and a best
// checkpoint and metrics that could not be written.

#include <algorithm>
#include <cmath>
#include <optional>

#include "bnn/checkpoint/checkpoint.h"
#include "json_mutation.h"
#include "predict.h"
#include "strict_reader.h"
#include "subject.h"
#include "tensor_file.h"
#include "tensor_mutation.h"

namespace bnn::proof {
namespace {

// Numbers that a training cannot have come to, or "".
std::string fault_of(const LoadedCheckpoint& checkpoint) {
  const TrainingState& state = checkpoint.state;
  for (const std::uint64_t count :
       {state.step, state.epoch, state.training_examples, state.epoch_examples, state.best_epoch,
        state.monitored_epoch}) {
    if (count >> 32u != 0) return "accepted, although a count does not fit 32 bits";
  }
  for (const double sum : {state.epoch_nll, state.epoch_correct, state.best_nll}) {
    if (!std::isfinite(sum)) return "accepted, although a sum of its state is not finite";
  }
  for (const Tensor& tensor : checkpoint.contents.tensors) {
    const auto is_negative = [](float x) { return x < 0; };
    if (tensor.name.ends_with("/moving_variance") &&
        std::any_of(tensor.values.begin(), tensor.values.end(), is_negative)) {
      return "accepted, although a variance is negative";
    }
  }
  return "";
}

// What --resume takes out of a checkpoint.
class Restored {
 public:
  explicit Restored(const std::string& path, LoadedCheckpoint checkpoint)
      : checkpoint_(std::move(checkpoint)),
        graph_(make_graph(checkpoint_.config, path, ErrorKind::checkpoint)),
        parameters_(graph_.layout().size()) {
    try {
      take_all(path);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::checkpoint) throw;
      refusal_ = error.what();
      optimizer_.reset();
      best_.reset();
      restore_arrays(path, checkpoint_.contents, graph_.layout(), {&parameters_});
    }
  }

  /// Why --resume refuses what an evaluation accepts, or "".
  const std::string& refusal() const { return refusal_; }

  /// @param metrics that could not be written. A resumed run takes whole lines of JSON alone out of
  ///   what it finds, so what is found here is left out.
  void save(const std::string& path, const std::string& metrics = "") {
    UnwrittenOutputs unwritten{.metrics = metrics};
    if (best_) {
      unwritten.best_state = &checkpoint_.unwritten_best->state;
      unwritten.best_parameters = &*best_;
    }
    ModelArrays arrays{&parameters_};
    if (optimizer_) arrays.optimizer = optimizer_->state();
    save_checkpoint(path, checkpoint_.config.resolved, checkpoint_.state, graph_.layout(), arrays,
                    unwritten);
  }

 private:
  void take_all(const std::string& path) {
    const TrainingSpec& training = checkpoint_.config.training;
    optimizer_ = training.optimizer.make(graph_.layout());
    if (training.average.any()) optimizer_->add_state({.name = "mean"});
    restore_arrays(path, checkpoint_.contents, graph_.layout(),
                   {&parameters_, optimizer_->state()});
    if (checkpoint_.state.step > 0) optimizer_->check_state();
    if (!checkpoint_.unwritten_best) return;
    best_.emplace(graph_.layout().size());
    restore_arrays(path, checkpoint_.unwritten_best->contents, graph_.layout(), {&*best_});
  }

  LoadedCheckpoint checkpoint_;
  Graph graph_;
  AlignedArray parameters_;
  std::unique_ptr<Optimizer> optimizer_;
  std::optional<AlignedArray> best_;
  std::string refusal_;
};

class CheckpointSubject : public Subject {
 public:
  CheckpointSubject(const std::string& checkpoint, const std::string& folder)
      : first_(folder + "/first.safetensors"), second_(folder + "/second.safetensors") {
    ensemble_.push_back(load_model(checkpoint, 1));
    good_ = complete(checkpoint);
    base_ = parse_tensor_file(good_);
  }

  std::string forged(Random& random) const override {
    TensorFile file = base_;
    for (std::size_t i = some_changes(random); i > 0; --i) change(file, random);
    std::string bytes = bytes_of(file);
    if (random.chance(6)) mutate_bytes(bytes, random);
    return sealed(std::move(bytes));
  }

  std::string sealed_again(const std::string& bytes) const override { return sealed(bytes); }

  Verdict judge(const std::string& bytes, bool damaged) override {
    std::vector<ModelCheckpoint> models;
    return judge_reader(
        ErrorKind::checkpoint, kName, bytes.size(),
        [&] {
          InputFile file(std::as_bytes(std::span(bytes)), kName, ErrorKind::checkpoint);
          models.push_back(load_model(file, 1));
        },
        [&] {
          if (damaged) return Verdict{End::accepted, "a damaged checkpoint is accepted"};
          const std::string rule = broken_rule(bytes);
          if (!rule.empty()) return Verdict{End::accepted, "accepted, although " + rule};
          const std::string wrong = saved_again(bytes);
          if (!wrong.empty()) return Verdict{End::accepted, wrong};
          return predict_all(models);
        });
  }

 private:
  // Of the checkpoint as a run leaves it that could not write its metrics and its best checkpoint.
  std::string complete(const std::string& checkpoint) const {
    const std::string bytes = read_bytes(checkpoint);
    LoadedCheckpoint loaded = load_checkpoint(checkpoint);
    loaded.unwritten_best.emplace();
    loaded.unwritten_best->state = loaded.state;
    const auto& tensors = loaded.contents.tensors;
    std::copy_if(tensors.begin(), tensors.end(),
                 std::back_inserter(loaded.unwritten_best->contents.tensors),
                 [](const Tensor& tensor) { return !tensor.name.starts_with("optimizer/"); });
    Restored restored(checkpoint, std::move(loaded));
    if (!restored.refusal().empty()) throw Error(ErrorKind::internal, restored.refusal());
    restored.save(first_, "{\"epoch\":1}\n");
    return read_bytes(first_);
  }

  void change(TensorFile& file, Random& random) const {
    const std::size_t what = random.below(100);
    JsonNode* metadata = file.header.find("__metadata__");
    if (what < 42 && metadata != nullptr) {
      JsonNode* text = metadata->find(what < 30 ? "config" : "state");
      if (text != nullptr) mutate_embedded(*text, random);
    } else if (what < 48 && metadata != nullptr) {
      mutate_json(*metadata, random);
    } else if (what < 54) {
      mutate_json(file.header, random);
    } else {
      mutate_tensors(file, random);
    }
  }

  // What is accepted can be written, and written again without a change.
  std::string saved_again(const std::string& bytes) try {
    InputFile file(std::as_bytes(std::span(bytes)), kName, ErrorKind::checkpoint);
    LoadedCheckpoint checkpoint = load_checkpoint(file);
    const std::string wrong = fault_of(checkpoint);
    if (!wrong.empty()) return wrong;
    Restored restored(kName, std::move(checkpoint));
    restored.save(first_);
    Restored again(first_, load_checkpoint(first_));
    again.save(second_);
    if (again.refusal() != restored.refusal() && restored.refusal().empty()) {
      return "saved, it is refused: " + again.refusal();
    }
    return read_bytes(first_) == read_bytes(second_) ? "" : "saved twice, its bytes differ";
  } catch (const Error& error) {
    return std::string("accepted, but cannot be saved: ") + error.what();
  }

  // Alone, and where that can be as the second member of an ensemble.
  Verdict predict_all(std::vector<ModelCheckpoint>& models) {
    const Verdict alone = predict(models);
    if (alone.end != End::accepted || !alone.wrong.empty()) return alone;
    const ModelCheckpoint &good = ensemble_.front(), &mutant = models.front();
    if (!good.config.model.input.same_size(mutant.config.model.input) ||
        good.graph.outputs() != mutant.graph.outputs()) {
      return alone;
    }
    ensemble_.push_back(std::move(models.front()));
    const Verdict both = predict(ensemble_);
    ensemble_.pop_back();
    return both;
  }

  static constexpr const char* kName = "mutant.safetensors";
  std::string first_, second_;
  std::vector<ModelCheckpoint> ensemble_;  // of the good one, and of a mutant for a while
  TensorFile base_;
};

}  // namespace

std::unique_ptr<Subject> checkpoint_subject(const std::string& checkpoint,
                                            const std::string& folder) {
  return std::make_unique<CheckpointSubject>(checkpoint, folder);
}

}  // namespace bnn::proof
