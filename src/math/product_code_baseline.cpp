#include "product_tiles.h"

namespace bnn {

const ProductCode kBaselineProducts = product_code<4>("vectors of 4");

}  // namespace bnn
