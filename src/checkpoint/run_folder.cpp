#include "bnn/checkpoint/run_folder.h"

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>
#include <unistd.h>
#include <unordered_set>
#include <utility>

#include "bnn/checkpoint/calibration_file.h"
#include "bnn/checkpoint/features_file.h"
#include "bnn/core/input_file.h"
#include "bnn/core/io_error.h"
#include "bnn/core/parse_json.h"
#include "bnn/files/durable_folder.h"
#include "bnn/files/event_folder.h"

namespace bnn {
namespace {

constexpr std::size_t kMaxMetricsBytes = std::size_t{1} << 30;

[[noreturn]] void fail(const std::string& path, const std::string& action, int error) {
  throw io_error(path, action, error);
}

void remove_file(const std::string& path) {
  if (unlink(path.c_str()) != 0 && errno != ENOENT) fail(path, "cannot remove", errno);
}

bool exists(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

// Whether a config has what a user seldom writes and bnn-train always does.
bool is_stored_config(const std::string& path) {
  constexpr std::size_t kMaxConfig = std::size_t{64} << 20;
  const auto document = try_parse_json(read_text_file(path, kMaxConfig, ErrorKind::io));
  if (!document || !document->is_object()) return false;
  const Json *data = document->find("data"), *training = document->find("training");
  return data != nullptr && data->contains("directory") && training != nullptr &&
         training->contains("shards");
}

std::vector<std::string> files_of(const std::string& run) {
  std::vector<std::string> files = {run + "/config.json", run + "/train.log",
                                    run + "/metrics.jsonl"};
  for (const char* name : {"last", "best"}) {
    files.push_back(run + "/checkpoints/" + name + ".safetensors");
    const std::string checkpoint = files.back();
    files.push_back(calibration_path(checkpoint));
    files.push_back(features_path(checkpoint));
  }
  return files;
}

// The lines up to `step`, each with its newline, without the validation of `step` itself if it was
// not finished. A line that is not whole JSON ends the list: it was being written when the process
// died.
std::string lines_up_to(std::string_view text, std::uint64_t step, bool validated) {
  std::string kept;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) break;
    const Json line = try_parse_json(text.substr(0, end)).value_or(Json());
    const Json* step_of = line.find("step");
    if (step_of == nullptr || !step_of->is_number_unsigned()) break;
    const auto of_step = step_of->get<std::uint64_t>();
    const bool is_undone =
        !validated && of_step == step && line.contains("event") && line["event"] == "validation";
    if (of_step <= step && !is_undone) kept += text.substr(0, end + 1);
    text.remove_prefix(end + 1);
  }
  return kept;
}

// The lines of a text in which each ends with a newline.
std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    lines.push_back(text.substr(0, text.find('\n') + 1));
    text.remove_prefix(lines.back().size());
  }
  return lines;
}

// The lines that `kept` does not hold.
std::string lines_missing(std::string_view lines, std::string_view kept) {
  const std::vector<std::string_view> list = lines_of(kept);
  const std::unordered_set<std::string_view> known(list.begin(), list.end());
  std::string missing;
  for (const std::string_view line : lines_of(lines)) {
    if (!known.contains(line)) missing += line;
  }
  return missing;
}

// What a run left that was stopped before its first checkpoint may be replaced.
void require_fresh(const std::string& folder) {
  const auto refuse = [&](const std::string& what, const std::string& way) {
    throw Error(ErrorKind::usage, shown_path(folder) + ": the folder holds " + what + "; use " +
                                      way + "--overwrite to replace it, or another --out");
  };
  std::error_code error;
  const std::string config = folder + "/config.json", checkpoints = folder + "/checkpoints/";
  if (exists(checkpoints + "last.safetensors")) {
    refuse("a checkpoint", "--resume to continue that run, ");
  }
  if (std::filesystem::is_regular_file(checkpoints + "best.safetensors", error)) {
    refuse("the best checkpoint of a run whose last one is gone", "");
  }
  if (exists(config) && !is_stored_config(config)) {
    refuse("a config.json that bnn-train did not write", "");
  }
}

void require_contents(const std::string& folder, FolderUse use) {
  if (use == FolderUse::resume) require_resumable(folder);
  if (use == FolderUse::fresh) require_fresh(folder);
}

FileDescriptor locked_folder(const std::string& path) {
  FileDescriptor folder(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.number() < 0) fail(path, "cannot open the run folder", errno);
  if (flock(folder.number(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) fail(path, "cannot lock the run folder", errno);
    throw Error(ErrorKind::locked,
                shown_path(path) + ": the run folder is in use by another process");
  }
  return folder;
}

}  // namespace

RunFolder::RunFolder(const std::string& path, FolderUse use) : path_(path) {
  if (use == FolderUse::resume) require_resumable(path_);
  if (use != FolderUse::resume) make_durable_folder(path_);
  folder_ = locked_folder(path_);
  require_contents(path_, use);
  if (use != FolderUse::resume) make_durable_folder(path_ + "/checkpoints");
  for (const std::string& file : files_of(path_)) remove_leftovers_of(file);
  if (use == FolderUse::overwrite) {
    for (const std::string& file : files_of(path_)) remove_file(file);
    remove_event_files(tensorboard_folder());
  }
}

bool RunFolder::has_last_checkpoint() const { return exists(last_checkpoint()); }

void RunFolder::open_metrics(std::uint64_t step, bool validated, const std::string& unwritten) {
  std::string kept;
  if (exists(metrics_file())) {
    const std::string text = read_text_file(metrics_file(), kMaxMetricsBytes, ErrorKind::io);
    kept = lines_up_to(text, step, validated);
    if (kept.size() != text.size()) write_file_atomically(metrics_file(), kept);
  }
  // Not in append mode, in which Linux would ignore the place that a record is written to.
  FileDescriptor file(
      open(metrics_file().c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666));
  if (file.number() < 0) fail(metrics_file(), "cannot open", errno);
  sync_folder(path_);
  metrics_ =
      RecordFile(metrics_file(), std::move(file), kept.size(), RecordFile::Durability::synced);
  metrics_.hold(lines_missing(lines_up_to(unwritten, step, validated), kept));
}

void RunFolder::hold_metrics(const Json& line) { metrics_.hold(line.dump() + "\n"); }

void RunFolder::append_metrics(const Json& line) { metrics_.append(line.dump() + "\n"); }

std::string RunFolder::metrics_text() const {
  return read_text_file(metrics_file(), kMaxMetricsBytes, ErrorKind::io) + metrics_.waiting();
}

bool is_run(const std::string& folder) { return exists(folder + "/checkpoints/last.safetensors"); }

void require_usable(const std::string& folder, FolderUse use) {
  std::error_code error;
  std::filesystem::path there = std::filesystem::absolute(folder, error);
  while (!exists(there.string()) && there.has_relative_path()) there = there.parent_path();
  FileDescriptor lock;
  if (exists(folder)) lock = locked_folder(folder);
  require_contents(folder, use);
  if (!std::filesystem::is_directory(there, error))
    fail(folder, "cannot create the folder", ENOTDIR);
  if (access(there.c_str(), W_OK | X_OK) != 0) fail(there.string(), "cannot write into it", errno);
}

void require_resumable(const std::string& folder) {
  const std::string checkpoint = folder + "/checkpoints/last.safetensors";
  if (exists(checkpoint)) return;
  throw Error(ErrorKind::checkpoint,
              shown_path(checkpoint) + ": there is no checkpoint to resume from");
}

std::vector<std::string> run_files(const std::string& checkpoint) {
  const std::string run = run_folder_of(checkpoint);
  std::vector<std::string> files = run.empty() ? std::vector<std::string>() : files_of(run);
  files.push_back(checkpoint);
  files.push_back(calibration_path(checkpoint));
  files.push_back(features_path(checkpoint));
  return files;
}

std::string run_folder_of(const std::string& checkpoint) {
  const std::filesystem::path folder = std::filesystem::absolute(checkpoint).parent_path();
  if (folder.filename() != "checkpoints") return "";
  const std::string run = folder.parent_path().string();
  return exists(run + "/config.json") ? run : "";
}

}  // namespace bnn
