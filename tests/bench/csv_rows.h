#pragma once
// The rows of a CSV file as the programs of this folder write it.

#include <string>
#include <vector>

namespace bnn {

using CsvRow = std::vector<std::string>;

/// The field, in quotes if it needs them.
std::string csv_quoted(const std::string& field);

/// All rows below the header. Throws Error(data) if the file does not begin with `header` or a row
/// has another number of fields.
std::vector<CsvRow> read_csv(const std::string& path, const std::string& header);

}  // namespace bnn
