// Reads memory that it has given back. AddressSanitizer must find it.
#include <memory>

int main() {
  auto value = std::make_unique<int>(0);
  const int* place = value.get();
  value.reset();
  return *place;
}
