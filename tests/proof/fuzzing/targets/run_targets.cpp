// What a run left in its folder: calibration, event files, metrics.

#include "bnn/checkpoint/calibration_file.h"
#include "bnn/checkpoint/run_folder.h"
#include "bnn/comparison/run_summary.h"
#include "bnn/core/input_file.h"
#include "bnn/core/parse_json.h"
#include "bnn/files/event_file.h"
#include "support/data_files.h"
#include "support/temporary_directory.h"
#include "targets/targets.h"

namespace bnn::fuzzing {
namespace {

using testing::TemporaryDirectory;
using testing::write_text;

constexpr std::size_t kMostFile = std::size_t{1} << 20;

std::string bytes_of(const std::string& path) {
  return read_text_file(path, kMostFile, ErrorKind::internal);
}

// Whether the lines of `part` are lines of `whole`, in their order.
bool are_lines_of(Bytes part, Bytes whole) {
  while (!part.empty()) {
    const std::string_view line = as_text(take_field(part, '\n'));
    do {
      if (whole.empty()) return false;
    } while (as_text(take_field(whole, '\n')) != line);
  }
  return true;
}

}  // namespace

// Read as that of the checkpoint that it names.
void fuzz_calibration(Bytes input) {
  const TemporaryDirectory folder;
  const std::string checkpoint = folder.file("last.safetensors");
  write_text(calibration_path(checkpoint), as_string(input));
  const auto document = try_parse_json(as_text(input));
  const Json* digest = document ? document->find("checkpoint") : nullptr;
  const Json* classes = document ? document->find("classes") : nullptr;
  const bool is_named = digest != nullptr && digest->is_string() && classes != nullptr &&
                        classes->is_number_integer();
  const std::string named = is_named ? digest->text() : "crc32:00000000";
  const int expected = is_named ? static_cast<int>(classes->get<std::int64_t>()) : 10;
  const Calibration calibration = read_calibration(checkpoint, named, expected);
  try {
    write_calibration(calibration_path(checkpoint), calibration);
    const std::string first = bytes_of(calibration_path(checkpoint));
    const Calibration again = read_calibration(checkpoint, named, expected);
    write_calibration(calibration_path(checkpoint), again);
    require(bytes_of(calibration_path(checkpoint)) == first, "a calibration is written otherwise");
  } catch (const Error& error) {
    fail(std::string("an accepted calibration cannot be written and read: ") + error.what());
  }
}

// The first two bytes are the step and how many of its summaries count.
void fuzz_events(Bytes input) {
  if (input.size() < 2) return;
  const std::string_view file = as_text(input.subspan(2));
  const EventFilePart part = events_up_to(file, input[0], input[1]);
  require(part.bytes <= file.size() && part.steps.size() == part.summaries, "an impossible part");
  const EventFilePart again = events_up_to(file.substr(0, part.bytes), input[0], input[1]);
  require(again.bytes == part.bytes && again.steps == part.steps, "a part is not all of itself");
}

// config.json, a zero byte, metrics.jsonl; as bnn-compare, the report and a run that goes on read
// them.
void fuzz_metrics(Bytes input) {
  constexpr std::uint64_t kStep = 20;
  const TemporaryDirectory folder;
  std::filesystem::create_directory(folder.file("checkpoints"));
  write_text(folder.file("checkpoints/last.safetensors"), "");
  write_text(folder.file("config.json"), as_string(take_field(input, 0)));
  const std::string metrics = folder.file("metrics.jsonl");
  write_text(metrics, as_string(input));
  read_training_history(metrics);
  {
    RunFolder run(folder.path(), FolderUse::resume);
    run.open_metrics(kStep);
  }
  const std::string kept = bytes_of(metrics);
  const Bytes lines{reinterpret_cast<const std::uint8_t*>(kept.data()), kept.size()};
  require(are_lines_of(lines, input), "a run that goes on keeps other lines");
  const RunSummary summary = read_run_summary(folder.path());
  require(differing_settings({summary, summary}).empty(), "a run differs from itself");
}

}  // namespace bnn::fuzzing
