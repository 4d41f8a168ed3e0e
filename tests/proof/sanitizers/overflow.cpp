// Adds 1 to the largest number. UndefinedBehaviorSanitizer must find it.
#include <cstdio>
#include <limits>

int main(int count, char**) {
  int sum = std::numeric_limits<int>::max();
  sum += count;
  std::printf("%d\n", sum);
}
