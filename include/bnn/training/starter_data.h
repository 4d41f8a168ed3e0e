#pragma once
// What bnn-train --init finds where a user points: which format, which files are for training and
// which for testing, and what the images are like.
//
//     a folder with train and test, val, valid or validation   class folders in each
//     a folder of class folders                                 no test images
//     a folder of CIFAR-10's or CIFAR-100's binary files, or of MNIST-style pairs
//     such files themselves
//
// Errors say what was found and what was expected (ErrorKind::data).

#include <string>
#include <vector>

#include "bnn/core/json_reader.h"
#include "bnn/core/shape.h"

namespace bnn {

struct StarterData {
  std::string directory;                  // for --data
  Json data;                              // the "data" of a config: format, train, test, resize
  Shape shape;                            // that suits the images
  std::vector<std::string> class_names;   // or none
  std::vector<std::size_t> class_counts;  // of the training images
  std::size_t images = 0;                 // to train on
  std::string sizes;                      // "8 x 8 to 120 x 64 pixels", or "28 x 28 pixels"
  std::vector<std::string> broken = {};   // a sentence for each image that cannot be decoded
  std::string unused = {};                // a folder of images that the config leaves out, or ""
};

/// @param paths one folder, or files
StarterData find_starter_data(const std::vector<std::string>& paths);

}  // namespace bnn
