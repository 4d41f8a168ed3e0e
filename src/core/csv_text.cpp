#include "bnn/core/csv_text.h"

#include "bnn/core/display_text.h"

namespace bnn {
namespace {

std::string quoted_if_needed(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

}  // namespace

std::string csv_line(const std::vector<std::string>& fields) {
  std::string line;
  for (const std::string& field : fields) line += quoted_if_needed(field) + ',';
  if (!line.empty()) line.pop_back();
  return line + '\n';
}

std::string csv_name(std::string_view name) {
  const std::string text = plain_text(name);
  const bool is_formula = text.find_first_of("=+-@") == 0;
  return is_formula ? "'" + text : text;
}

}  // namespace bnn
