#include "bnn/data/csv_labels.h"

#include <algorithm>
#include <csv.h>
#include <filesystem>
#include <fmt/format.h>
#include <map>
#include <memory>
#include <set>

#include "bnn/core/error.h"
#include "bnn/core/input_file.h"
#include "bnn/core/json_reader.h"
#include "bnn/core/utf8.h"

namespace bnn {
namespace {

constexpr std::size_t kMaxTableBytes = std::size_t{1} << 30;
constexpr std::size_t kMaxLabel = 256;  // bytes

using Row = std::vector<std::string>;

[[noreturn]] void refuse_table(const std::string& path, const std::string& sentence) {
  throw Error(ErrorKind::data, fmt::format("{}: {}", shown_path(path), sentence));
}

// What libcsv's functions fill. No exception may pass through them.
struct Table {
  std::vector<Row> rows = {Row()};
  bool is_out_of_memory = false;

  template <typename Work>
  void guarded(const Work& work) noexcept {
    try {
      if (!is_out_of_memory) work();
    } catch (...) {
      is_out_of_memory = true;
    }
  }
};

extern "C" void add_csv_field(void* text, std::size_t size, void* table) {
  auto& read = *static_cast<Table*>(table);
  read.guarded([&] { read.rows.back().emplace_back(static_cast<const char*>(text), size); });
}

extern "C" void end_csv_row(int, void* table) {
  auto& read = *static_cast<Table*>(table);
  read.guarded([&] { read.rows.emplace_back(); });
}

std::vector<Row> parse_table(const std::string& path) {
  std::string text = read_text_file(path, kMaxTableBytes, ErrorKind::data);
  if (text.starts_with("\xef\xbb\xbf")) text.erase(0, 3);  // a byte order mark
  if (!is_utf8(text)) refuse_table(path, "expected UTF-8 text");
  csv_parser parser;
  if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI) != 0) throw std::bad_alloc();
  const std::unique_ptr<csv_parser, decltype(&csv_free)> freed(&parser, csv_free);
  Table table;
  const std::size_t parsed =
      csv_parse(&parser, text.data(), text.size(), add_csv_field, end_csv_row, &table);
  const bool is_whole =
      parsed == text.size() && csv_fini(&parser, add_csv_field, end_csv_row, &table) == 0;
  if (table.is_out_of_memory) throw std::bad_alloc();
  if (!is_whole) {
    refuse_table(path, fmt::format("row {}: a quotation mark is missing or stands within a field",
                                   table.rows.size()));
  }
  table.rows.pop_back();
  return std::move(table.rows);
}

// The place of a column, by its heading or by default.
std::size_t place_of(const std::string& path, const Row& headings, const std::string& heading,
                     std::size_t otherwise) {
  if (heading.empty()) return otherwise;
  const auto found = std::find(headings.begin(), headings.end(), heading);
  if (found == headings.end()) {
    refuse_table(path, fmt::format("no column {}; found {}", json_text(Json(heading)),
                                   json_text(Json(headings))));
  }
  return static_cast<std::size_t>(found - headings.begin());
}

bool is_file(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(path, ignored);
}

bool is_whole_number(const std::string& text) {
  return !text.empty() && text.size() <= 18 &&
         text.find_first_not_of("0123456789") == std::string::npos;
}

std::vector<std::string> sorted_labels(const std::set<std::string>& labels) {
  std::vector<std::string> sorted(labels.begin(), labels.end());
  if (!std::all_of(sorted.begin(), sorted.end(), is_whole_number)) return sorted;
  std::sort(sorted.begin(), sorted.end(), [](const std::string& a, const std::string& b) {
    return std::pair(std::stoull(a), a) < std::pair(std::stoull(b), b);
  });
  return sorted;
}

}  // namespace

std::vector<CsvRow> read_csv_rows(const std::string& path, const CsvColumns& columns) {
  const std::vector<Row> table = parse_table(path);
  if (table.empty()) refuse_table(path, "expected a row of headings, found nothing");
  const std::size_t width = table[0].size();
  const std::size_t file = place_of(path, table[0], columns.file, 0);
  const std::size_t label = place_of(path, table[0], columns.label, 1);
  if (label >= width) {
    const bool is_other = table[0][0].find_first_of(";\t") != std::string::npos;
    refuse_table(path, std::string("expected two columns, of files and of labels, found one") +
                           (is_other ? "; columns are separated by commas" : ""));
  }
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  if (is_file(folder / (table[0][file] + columns.suffix))) {
    refuse_table(path, "row 1: expected headings, found the name of a file");
  }
  std::vector<CsvRow> rows;
  for (std::size_t i = 1; i < table.size(); ++i) {
    const Row& row = table[i];
    const auto refuse = [&](const std::string& sentence) {
      refuse_table(path, fmt::format("row {}: {}", i + 1, sentence));
    };
    if (row.size() != width) {
      refuse(fmt::format("expected {} columns, found {}", width, row.size()));
    }
    const std::string name = row[file] + columns.suffix;
    if (row[file].empty() || name.find('\0') != std::string::npos) refuse("expected a file's name");
    if (row[label].empty() || row[label].size() > kMaxLabel) {
      refuse(fmt::format("expected a label of 1 to {} bytes", kMaxLabel));
    }
    rows.push_back({(folder / name).string(), name, row[label]});
  }
  if (rows.empty()) refuse_table(path, "expected a row for each image, found headings alone");
  return rows;
}

std::vector<std::string> csv_classes(const std::vector<std::string>& tables,
                                     const DataConfig& config, int classes) {
  if (!config.class_folders.empty()) return config.class_folders;
  std::set<std::string> labels;
  for (const std::string& table : tables) {
    for (const CsvRow& row : read_csv_rows(table, config.csv)) labels.insert(row.label);
  }
  if (classes > 0 && labels.size() != static_cast<std::size_t>(classes)) {
    refuse_table(tables.at(0),
                 fmt::format("expected {} different labels, as many as the model has outputs, "
                             "found {}",
                             classes, labels.size()));
  }
  return sorted_labels(labels);
}

std::vector<LabelledFile> list_csv_images(const std::vector<std::string>& tables,
                                          const DataConfig& config,
                                          const std::vector<std::string>& classes) {
  std::map<std::string, int> label_of;
  for (const std::string& name : classes) {
    label_of.emplace(name, static_cast<int>(label_of.size()));
  }
  std::vector<LabelledFile> files;
  std::map<std::string, std::string> label_of_file;
  std::vector<std::string> unknown;
  for (const std::string& table : tables) {
    std::set<std::string> told;
    for (const CsvRow& row : read_csv_rows(table, config.csv)) {
      const std::string file = std::filesystem::path(row.path).lexically_normal().string();
      const std::string& known = label_of_file.emplace(file, row.label).first->second;
      if (known != row.label) {
        refuse_table(table,
                     fmt::format("{} has the labels {} and {}; expected one", shown_path(row.name),
                                 json_text(Json(known)), json_text(Json(row.label))));
      }
      const auto found = label_of.find(row.label);
      if (found != label_of.end()) {
        files.push_back({row.path, row.name, found->second});
      } else if (told.insert(row.label).second) {
        unknown.push_back(fmt::format("{}: the label {} is no class of the training images",
                                      shown_path(table), json_text(Json(row.label))));
      }
    }
  }
  if (unknown.size() == 1) throw Error(ErrorKind::data, unknown[0]);
  if (!unknown.empty()) {
    const std::string sentence =
        fmt::format("{} labels are none of the {} classes", unknown.size(), classes.size());
    throw Error(ErrorKind::data, sentence, std::move(unknown));
  }
  return files;
}

}  // namespace bnn
