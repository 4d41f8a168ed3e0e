#include "csv_rows.h"

#include <fmt/format.h>
#include <sstream>

#include "bnn/core/error.h"
#include "bnn/core/input_file.h"

namespace bnn {
namespace {

constexpr std::size_t kMaxBytes = std::size_t{64} << 20;

CsvRow fields_of(const std::string& line) {
  CsvRow fields(1);
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '"' && quoted && i + 1 < line.size() && line[i + 1] == '"') {
      fields.back() += line[++i];  // two quotes within a quoted field stand for one
    } else if (line[i] == '"') {
      quoted = !quoted;
    } else if (line[i] == ',' && !quoted) {
      fields.emplace_back();
    } else {
      fields.back() += line[i];
    }
  }
  return fields;
}

}  // namespace

std::string csv_quoted(const std::string& field) {
  if (field.find_first_of(",\"\n\r") == std::string::npos) return field;
  std::string out = "\"";
  for (const char c : field) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

std::vector<CsvRow> read_csv(const std::string& path, const std::string& header) {
  std::istringstream lines(read_text_file(path, kMaxBytes, ErrorKind::io));
  std::string line;
  std::getline(lines, line);
  if (line != header) {
    throw Error(ErrorKind::data, fmt::format("{}: expected the header {}", path, header));
  }
  const std::size_t columns = fields_of(header).size();
  std::vector<CsvRow> rows;
  while (std::getline(lines, line)) {
    rows.push_back(fields_of(line));
    if (rows.back().size() == columns) continue;
    throw Error(ErrorKind::data, fmt::format("{}:{}: expected {} fields, found {}", path,
                                             rows.size() + 1, columns, rows.back().size()));
  }
  return rows;
}

}  // namespace bnn
