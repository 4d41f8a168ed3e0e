#pragma once
// Writes down what a program does to files, with the bytes that it writes, so that the folders
// which a power cut may leave can be made afterwards.
//
//   ops.txt    a line for each call, separated by tabs: number, name, offset, size, the old path of
//              a rename, path. An open with O_TRUNC is called truncate, with size 0.
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
