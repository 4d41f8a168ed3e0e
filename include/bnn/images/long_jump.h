#pragma once
// Calls of C libraries that report errors by longjmp.
//
// A jump must not skip a destructor. So the library is called from a function of its own, whose
// frame, like the library's, holds nothing but plain values; what has a destructor lives in the
// frames above `ends_without_jump`. Nothing between the two may throw.

#include <csetjmp>

namespace bnn {

/// Calls step(argument), which may leave by std::longjmp(jump, 1). Returns whether it ended itself.
bool ends_without_jump(std::jmp_buf& jump, void (*step)(void*), void* argument);

}  // namespace bnn
