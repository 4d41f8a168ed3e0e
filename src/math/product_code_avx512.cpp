#include "product_tiles.h"

namespace bnn {

const ProductCode kAvx512Products = product_code<16>("AVX-512");

}  // namespace bnn
