#include "bnn/training/tensorboard.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

#include "bnn/core/error.h"
#include "bnn/core/input_file.h"
#include "bnn/core/io_error.h"
#include "bnn/core/parse_json.h"
#include "bnn/files/durable_folder.h"
#include "bnn/files/event_file.h"
#include "bnn/files/event_folder.h"

namespace bnn {
namespace {

constexpr std::size_t kMaxFileBytes = std::size_t{1} << 30;

[[noreturn]] void fail(const std::string& path, const std::string& action, int error) {
  throw io_error(path, action, error);
}

double wall_time() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

// Drops what an earlier file holds beyond the step, and the file if nothing is left to show.
// Returns the steps that it shows.
std::vector<std::uint64_t> cut(const std::string& path, std::uint64_t step, bool validated) {
  const std::string bytes = read_text_file(path, kMaxFileBytes, ErrorKind::io);
  // A step has one record of its training and then one of its validation.
  const EventFilePart part =
      step == 0 ? EventFilePart{} : events_up_to(bytes, step, validated ? 2 : 1);
  if (part.summaries == 0) {
    remove_event_file(path);
  } else if (part.bytes < bytes.size() &&
             truncate(path.c_str(), static_cast<off_t>(part.bytes)) != 0) {
    fail(path, "cannot cut off", errno);
  }
  return part.steps;
}

// True for the numbers of a line that say where training stands, and nothing about the network.
bool is_position(const std::string& name) {
  for (const char* position :
       {"event", "epoch", "step", "examples", "samples", "elapsed_seconds"}) {
    if (name == position) return true;
  }
  return false;
}

// The record of a line and its histograms.
std::string record_of(const Json& metrics, const std::vector<PosteriorHistograms>& histograms) {
  const std::string event = metrics.at("event").text();
  const std::string prefix = event == "train" ? "" : event + "/";
  std::vector<SummaryValue> values;
  for (const auto& [name, number] : metrics.items()) {
    if (is_position(name) || !number.is_number()) continue;
    values.push_back({prefix + name, number.get<double>()});
  }
  for (const PosteriorHistograms& one : histograms) {
    values.push_back({"posterior_scale/" + one.tensor, one.scale});
    values.push_back({"signal_to_noise/" + one.tensor, one.signal_to_noise});
  }
  return summary_record(wall_time(), metrics.at("step").get<std::uint64_t>(), values);
}

}  // namespace

TensorBoard::TensorBoard(const std::string& folder, std::uint64_t step, bool validated) {
  make_durable_folder(folder);
  auto time = static_cast<std::uint64_t>(wall_time());
  for (const EventFile& file : event_files(folder)) {
    for (const std::uint64_t shown : cut(file.path, step, validated)) ++shown_[shown];
    // Readers take the files in the order of their names.
    time = std::max(time, file.time + 1);
  }
  const std::string path = folder + "/" + event_file_name(time);
  FileDescriptor file(
      open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666));
  if (file.number() < 0) fail(path, "cannot create", errno);
  file_ = RecordFile(path, std::move(file), 0, RecordFile::Durability::none);
  std::string head = version_record(wall_time());
  if (step > 0) head += start_record(wall_time(), step + 1);
  file_.append(head);
}

void TensorBoard::catch_up(std::string_view metrics) {
  while (!metrics.empty()) {
    const std::string_view text = metrics.substr(0, metrics.find('\n'));
    metrics.remove_prefix(std::min(metrics.size(), text.size() + 1));
    const Json line = try_parse_json(text).value_or(Json());
    if (line.find("step") == nullptr || line.find("event") == nullptr) continue;
    if (shown_[line.at("step").get<std::uint64_t>()]-- <= 0) file_.hold(record_of(line, {}));
  }
}

void TensorBoard::append(const Json& metrics, const std::vector<PosteriorHistograms>& histograms) {
  file_.append(record_of(metrics, histograms));
}

void TensorBoard::hold(const Json& metrics, const std::vector<PosteriorHistograms>& histograms) {
  file_.hold(record_of(metrics, histograms));
}

}  // namespace bnn
