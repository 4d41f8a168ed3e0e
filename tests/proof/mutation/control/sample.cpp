// A sample of all that is changed: a < b in a comment is not.
#include <vector>
#define LIMIT (1 + 2)
template <int N = 3>
struct Sample {
  static_assert(N > 0, "1 + 1");
  std::vector<int> values = std::vector<int>(4);
  virtual int size() const = 0;
};
void fill(int* to, int n) {
  for (int i = 0; i < n; i += 1) to[i] = -i;
  if (n > 2 && !to[0]) throw Error("more than " + std::to_string(n + 1));
  sort(to, [&](int a, int b) { return a < b; });
}
double half(double x) { return std::max(0.5 * x, 0.0) + R"(1 + 1)"[0]; }
bool is_even(int n) { return n % 2 == 0 ? true : false; }
