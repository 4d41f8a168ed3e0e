#pragma once
// The format "folder": PNG and JPEG images in one sub-directory for each class.
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

#include "bnn/data/dataset.h"

namespace bnn {

/// Adds the images of a directory to data. Its sub-directories must be those of data.class_folders,
/// which is set to them if it is empty.
/// @param name of the directory in the config: the first part of the names of its files
/// @param classes outputs of the model; 0: any number
void append_class_folders(const std::string& directory, const std::string& name, int classes,
                          Dataset& data);

}  // namespace bnn
