#pragma once
// Which network bnn-train --init proposes, and for how long.
//
// Few images train a preset without normalisation (tests/bench/README.md) in a minute or so.
// Colour images by the ten thousands are enough for a residual network, which takes longer to be
// worth it: 20,000 steps, but no more than an hour, and at least 10,000. resnet20 is for images of
// up to 64 pixels a side, resnet18 for larger ones, both as wide as the hour allows. They have
// batch normalisation, which learns fast (measured in configs/README.md).

#include "bnn/core/json.h"
#include "bnn/training/starter_data.h"

namespace bnn {

struct StarterNetwork {
  Json model;  // of a config
  int epochs = 0;
  int batch_size = 0;
  double minutes = 0;  // of training on two cores that are not of the fastest, by the multiply-adds
};

/// The share of the images that is held out.
double held_out_share(const StarterData& data);

StarterNetwork choose_network(const StarterData& data);

/// "resnet20 for 57 epochs: about 38 minutes on two cores".
std::string network_text(const StarterNetwork& network);

}  // namespace bnn
