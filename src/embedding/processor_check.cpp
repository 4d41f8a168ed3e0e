// Compiled for every x86-64 processor.

#include "processor_check.h"

#include "bnn/core/missing_feature.h"

namespace bnn {

const char* missing_processor_feature() {
#if defined(BNN_PROCESSOR_NEEDS)
  return missing_feature(BNN_PROCESSOR_NEEDS);
#else
  return nullptr;
#endif
}

}  // namespace bnn
