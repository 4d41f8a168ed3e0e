// Decides by a number that nobody has set. Memcheck must find it.
#include <cstdio>
#include <cstdlib>

int main() {
  int* numbers = static_cast<int*>(std::malloc(4 * sizeof(int)));
  std::puts(numbers[2] == 17 ? "seventeen" : "another");
  std::free(numbers);
}
