#pragma once
// Whether the processor has the instructions that the library was compiled for.

namespace bnn {

/// The name of a feature that is missing, or null.
const char* missing_processor_feature();

}  // namespace bnn
