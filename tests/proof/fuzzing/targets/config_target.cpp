// A config, from its text to a training step, a prediction and a checkpoint.

#include <algorithm>
#include <cmath>
#include <numeric>

#include "bnn/checkpoint/checkpoint.h"
#include "bnn/checkpoint/model_checkpoint.h"
#include "bnn/core/parse_json.h"
#include "made_up_run.h"
#include "support/temporary_directory.h"
#include "targets/targets.h"

namespace bnn::fuzzing {
namespace {

constexpr std::size_t kMostText = std::size_t{1} << 14;
constexpr double kMostCost = 1e5;  // multiplications of an image

// The resolved config is a config too, and says everything.
void require_round_trip(const RunConfig& config) {
  const std::string text = config.resolved.dump(2);
  try {
    const Json document = parse_json(text, "resolved", ErrorKind::config);
    const RunConfig again = read_run_config(document, "resolved", ErrorKind::config);
    require(again.resolved == config.resolved, "a resolved config resolves to another one");
    require(again.resolved.dump(2) == text, "a resolved config is written in another way");
  } catch (const Error& error) {
    fail(std::string("a resolved config is refused: ") + error.what());
  }
}

void step(Run& run) {
  std::vector<std::uint32_t> batch = run.loader.epoch_order(0);
  const auto most = static_cast<std::size_t>(run.config.training.batch_size);
  batch.resize(std::min(batch.size(), most));
  const StepStats stats = run.trainer.step(1, batch);
  require(std::isfinite(stats.nll) && std::isfinite(stats.kl), "a step's loss is not finite");
}

// What a run has trained is a checkpoint that loads and is the same network.
void require_saved(Run& run) {
  const testing::TemporaryDirectory folder;
  const std::string path = folder.file("last.safetensors");
  const ParameterLayout& layout = run.graph.layout();
  const TrainingState state{.step = 1, .training_examples = run.loader.examples()};
  save_checkpoint(path, run.checkpoint_config(), state, layout,
                  {&run.trainer.parameters(), run.trainer.optimizer_state()});
  try {
    const ModelCheckpoint model = load_model(path, 1);
    for (const Variable& variable : layout.variables()) {
      const auto part = [&](const AlignedArray& array) {
        return array.span().subspan(variable.slice.offset, variable.slice.size);
      };
      require(std::ranges::equal(part(model.parameters), part(run.trainer.parameters())),
              "a checkpoint holds other parameters");
    }
  } catch (const Error& error) {
    fail(std::string("a checkpoint that was just written is refused: ") + error.what());
  }
}

}  // namespace

void fuzz_config(Bytes input) {
  if (input.size() > kMostText) return;
  const RunConfig config = config_of(as_text(input));
  require_round_trip(config);
  const std::unique_ptr<Run> run = made_up_run(config, kMostCost);
  if (run == nullptr) return;
  step(*run);
  require_saved(*run);
}

}  // namespace bnn::fuzzing
