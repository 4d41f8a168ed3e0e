#pragma once
// Writes down what a program does to files, with the bytes that it writes, so that the folders
// which a power cut may leave can be made afterwards.
//
//   ops.txt    a line for each call: number, name, offset, size, path, and for a rename the old
//   path
//              before the new one, separated by tabs
//   17.data    the bytes of the write with that number

#include <filesystem>
#include <fstream>

#include "call_site.h"

namespace bnn::proof {

class Recorder {
 public:
  explicit Recorder(std::filesystem::path folder);

  /// Of a call that is about to run, and changes a file.
  void add(long number, const CallSite& site, const std::string& path);

 private:
  std::filesystem::path folder_;
  std::ofstream operations_;
};

}  // namespace bnn::proof
