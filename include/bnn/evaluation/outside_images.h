#pragma once
// The out-of-distribution images of --ood: files of the checkpoint's own format, idx files, CIFAR
// files (--ood-format says which), image files and folders of them.
//
// Images of another shape than the model's input are refused, unless --ood-resize asks for it to be
// resized and converted between grey and colour (images/resize.h). Before that, what does not fit
// the format that it is taken for is refused, with a hint to --ood-format.

#include <string>
#include <vector>

#include "bnn/checkpoint/model_checkpoint.h"
#include "bnn/data/dataset.h"

namespace bnn {

struct OutsideOptions {
  std::vector<std::string> names;
  std::string format;  // of data files; empty: idx by its header, or else the checkpoint's
  bool resize = false;
};

/// Labels are not kept. What was done to the images stands in Dataset::changes.
Dataset load_outside_data(const OutsideOptions& options, const ModelCheckpoint& model);

}  // namespace bnn
