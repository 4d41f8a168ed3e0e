#include "bnn/images/long_jump.h"

namespace bnn {

bool ends_without_jump(std::jmp_buf& jump, void (*step)(void*), void* argument) {
  if (setjmp(jump) != 0) return false;
  step(argument);
  return true;
}

}  // namespace bnn
