#include "product_tiles.h"

namespace bnn {

const ProductCode kAvx2Products = product_code<8>("AVX2");

}  // namespace bnn
