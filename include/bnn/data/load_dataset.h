#pragma once
// From the files of a config to a data set.
//
// Every file is checked before it is used: sizes against the record or header, labels against their
// range, shapes against the model's input. Memory grows with the size of the files, never with a
// number in them. Image files are fitted to the model's input instead, and
// Dataset::changes says so.
//
// Errors name the file (ErrorKind::data, or io for failing reads); a format that cannot give the
// model's input shape is ErrorKind::config. Thread-safe: no state.

#include <string>

#include "bnn/core/input_file.h"
#include "bnn/core/thread_pool.h"
#include "bnn/data/data_config.h"
#include "bnn/data/dataset.h"
#include "bnn/data/image_cache.h"

namespace bnn {

struct LoadOptions {
  ThreadPool* pool = nullptr;  // reads several files at the same time; without one, one by one
  BrokenImages broken = BrokenImages::refuse;  // of class folders
  ImageCache cache = {};                       // of image files
};

/// Loads the files of a set in order, and all of them or none. Relative names lie in `directory`;
/// the name "-" is standard input.
/// @param shape the model's input.
/// @param classes outputs of the model; 0 accepts every label that the format can hold, for data
///   whose labels do not matter.
Dataset load_dataset(const DataConfig& config, const FileSet& set, const std::string& directory,
                     const Shape& shape, int classes, const LoadOptions& options = {});

/// The same of one file that is open already, of which peek may have looked at the first bytes.
/// For idx it holds images; the format "folder" is refused. @param name of the file in the result
Dataset load_stream(const DataConfig& config, InputFile file, const std::string& name,
                    const Shape& shape, int classes);

}  // namespace bnn
