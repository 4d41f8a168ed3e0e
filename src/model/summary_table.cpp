#include "bnn/model/summary_table.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <iomanip>
#include <sstream>

namespace bnn {
namespace {

constexpr std::size_t kWideInput = 50000;

using Row = std::array<std::string, 6>;

std::string with_thousands(double value) {
  std::string digits = std::to_string(static_cast<long long>(value));
  for (std::size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, 1, ',');
  return digits;
}

std::string row_text(const Row& row, const std::array<std::size_t, 6>& widths) {
  std::ostringstream out;
  for (std::size_t column = 0; column < row.size(); ++column) {
    // Names and types are words, the rest numbers.
    out << (column < 2 ? std::left : std::right) << std::setw(static_cast<int>(widths[column]))
        << row[column] << (column + 1 < row.size() ? "  " : "");
  }
  std::string text = out.str();
  text.erase(text.find_last_not_of(' ') + 1);
  return text + "\n";
}

}  // namespace

std::string summary_table(const Graph& graph) {
  std::vector<Row> rows = {{"layer", "type", "output", "parameters", "multiply-adds", "bytes"}};
  double multiply_adds = 0;
  std::size_t bytes = 0;
  for (const Node& node : graph.nodes()) {
    std::size_t parameters = 0;
    const bool shares = &node != &graph.nodes()[static_cast<std::size_t>(node.original)];
    for (std::size_t v = node.variables.begin; !shares && v < node.variables.end; ++v) {
      const Variable& variable = graph.layout().variables()[v];
      if (!variable.is_state()) parameters += variable.slice.size;
    }
    const double work = node.layer ? node.layer->multiply_adds() : 0.0;
    const bool stored = !node.layer || !node.layer->is_view();
    const std::size_t activation = stored ? node.shape.size() * sizeof(float) : 0;
    rows.push_back({node.name, node.layer ? node.type : "", to_string(node.shape),
                    with_thousands(static_cast<double>(parameters)), with_thousands(work),
                    with_thousands(static_cast<double>(activation))});
    multiply_adds += work;
    bytes += activation;
  }
  rows.push_back({"total", "", "", with_thousands(static_cast<double>(graph.layout().parameters())),
                  with_thousands(multiply_adds), with_thousands(static_cast<double>(bytes))});
  std::array<std::size_t, 6> widths{};
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const Row& row : rows) text += row_text(row, widths);
  return text;
}

std::string wide_input_hint(const Graph& graph) {
  for (const Node& node : graph.nodes()) {
    if (!node.type.starts_with("dense")) continue;
    const Node& input = graph.nodes()[static_cast<std::size_t>(node.inputs[0])];
    if (input.shape.size() < kWideInput) continue;
    return fmt::format(
        "layer {} reads {} numbers of each image; a layer \"global_average_pooling2d\" before it, "
        "instead of \"flatten\", needs far fewer weights and images",
        node.name, with_thousands(static_cast<double>(input.shape.size())));
  }
  return "";
}

}  // namespace bnn
