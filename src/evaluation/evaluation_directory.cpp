#include "bnn/evaluation/evaluation_directory.h"

#include <filesystem>
#include <vector>

#include "bnn/checkpoint/run_folder.h"
#include "bnn/config/run_config.h"
#include "bnn/core/input_file.h"

namespace bnn {
namespace {

bool leads_out(const std::string& name) {
  const std::filesystem::path path(name);
  if (path.is_absolute()) return true;
  for (const auto& part : path) {
    if (part == "..") return true;
  }
  return false;
}

}  // namespace

std::string evaluation_directory(const std::string& checkpoint, const std::string& data_flag) {
  if (!data_flag.empty()) return data_flag;
  const std::string folder = run_folder_of(checkpoint);
  if (!folder.empty()) {
    const std::string path = folder + "/config.json";
    const RunConfig config =
        read_run_config(load_config_document(path), shown_path(path), ErrorKind::config);
    if (!config.data.directory.empty()) {
      return (std::filesystem::path(folder) / config.data.directory).string();
    }
  }
  throw Error(ErrorKind::usage, shown_path(checkpoint) +
                                    ": where are the data files? use --data DIR or --files FILE");
}

void require_plain_names(const std::string& checkpoint, const FileSet& files) {
  std::vector<std::string> names = files.files;
  names.push_back(files.images);
  names.push_back(files.labels);
  for (const std::string& name : names) {
    if (!leads_out(name)) continue;
    throw Error(ErrorKind::checkpoint,
                shown_path(checkpoint) + ": the stored file name " + json_text(Json(name)) +
                    " leads out of the data directory; name the files with --files");
  }
}

}  // namespace bnn
