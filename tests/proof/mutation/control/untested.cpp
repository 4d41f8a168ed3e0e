// No test calls this.

namespace bnn {

int sum_of_squares(int count);

int& same(int& number) { return number; }

int sum_of_squares(int count) {
  int sum = 0;
  for (int i = 1; i <= count; ++i) sum += i * i;
  if (count * 0 > 0) sum = 0;
  return sum;
}

}  // namespace bnn
