// Two threads write one number without a lock. ThreadSanitizer must find it.
#include <thread>

int main() {
  int shared = 0;
  const auto count = [&shared] {
    for (int i = 0; i < 10000; ++i) ++shared;
  };
  std::thread other(count);
  count();
  other.join();
  return shared < 0 ? 1 : 0;
}
