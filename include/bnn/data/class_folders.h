#pragma once
// The format "folder": images in one sub-directory for each class.
//
//     train/cat/1.png   train/cat/2.jpg   train/dog/1.png        labels cat = 0, dog = 1
//
// Labels follow the order of the sub-directories' names, byte by byte, or the order that the
// config's class_folders lists them in; training records it, so that other directories must have
// the same sub-directories. Images are read class by class in the order of their names and fitted
// to the model's input (resize.h). Every sub-directory must hold images and nothing else; names
// that begin with a dot are ignored, and so are files next to the sub-directories that are no
// images. Errors name the file or folder (ErrorKind::data).

#include <string>
#include <vector>

#include "bnn/data/decode_images.h"

namespace bnn {

/// The sub-directories of data directories, which must have the same. What differs is an Error
/// (data) that lists every difference.
/// @param expected what they must be, in the order of the labels; empty: whatever the first
///   directory has, in the order of the names
/// @param classes outputs of the model; 0: any number
std::vector<std::string> find_class_folders(const std::vector<std::string>& directories,
                                            const std::vector<std::string>& expected, int classes);

/// A data directory, and its name in the config: the first part of the names of its files.
struct ClassDirectory {
  std::string path, name;
};

/// The images of the directories with these sub-directories, in the order of the labels.
std::vector<LabelledFile> list_class_images(const std::vector<ClassDirectory>& directories,
                                            const std::vector<std::string>& class_folders);

}  // namespace bnn
