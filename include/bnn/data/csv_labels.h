#pragma once
// The format "csv": tables of image files and their labels (RFC 4180; the first row has headings).
//
//     file,label                     labels cat = 0, dog = 1
//     images/1.png,dog
//     images/2.png,cat
//
// Names of files are relative to the folder of the table. Labels follow their order: of whole
// numbers by size, of other texts byte by byte, or the order that the config's class_folders lists
// them in; training records it, so that other tables can be read alike. A table may lack some of
// the classes. Errors name the table and the row (ErrorKind::data). Thread-safe: no state.

#include <string>
#include <vector>

#include "bnn/data/data_config.h"
#include "bnn/data/decode_images.h"

namespace bnn {

struct CsvRow {
  std::string path, name;  // of the image: where it lies, and as the table has it
  std::string label;
};

/// The rows of one table.
std::vector<CsvRow> read_csv_rows(const std::string& path, const CsvColumns& columns);

/// The labels in their order: those that the config lists, or those of the tables.
/// @param classes outputs of the model; 0: any number
std::vector<std::string> csv_classes(const std::vector<std::string>& tables,
                                     const DataConfig& config, int classes);

/// The images of tables with these classes. Throws Error(data) that lists every label which is none
/// of them.
std::vector<LabelledFile> list_csv_images(const std::vector<std::string>& tables,
                                          const DataConfig& config,
                                          const std::vector<std::string>& classes);

}  // namespace bnn
