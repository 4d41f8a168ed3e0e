#include "completion.h"

namespace bnn {

CompletionWriter completion_writer(Shell shell) {
  switch (shell) {
    case Shell::bash:
      return bash_completion();
    case Shell::zsh:
      return zsh_completion();
    case Shell::fish:
      break;
  }
  return fish_completion();
}

}  // namespace bnn
