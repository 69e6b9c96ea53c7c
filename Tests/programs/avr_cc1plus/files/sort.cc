template <typename T, unsigned N>
struct array {
  T values[N];
  constexpr T &operator[](unsigned i) { return values[i]; }
  T *begin() { return values; }
  T *end() { return values + N; }
};

template <typename T, typename Less>
void sort(T *first, T *last, Less less) {
  for (T *i = first; i != last; ++i) {
    for (T *j = i; j != first && less(*j, *(j - 1)); --j) {
      T t = *j;
      *j = *(j - 1);
      *(j - 1) = t;
    }
  }
}

struct shape {
  virtual long area() const = 0;
};
struct square : shape {
  int side;
  constexpr square(int s) : side(s) {}
  long area() const override { return long(side) * side; }
};
struct circle : shape {
  int radius;
  constexpr circle(int r) : radius(r) {}
  long area() const override { return long(3.14159f * radius * radius); }
};

static constexpr long factorial(int n) { return n < 2 ? 1 : n * factorial(n - 1); }
static_assert(factorial(10) == 3628800L, "evaluated by the compiler");

int total(array<int, 16> &numbers, const shape *const *shapes, unsigned count) {
  sort(numbers.begin(), numbers.end(), [](int a, int b) { return a > b; });
  long sum = factorial(7);
  for (unsigned i = 0; i < count; i++) sum += shapes[i]->area();
  for (int n : numbers) sum = sum * 31 + n;
  return sum % 10007;
}
