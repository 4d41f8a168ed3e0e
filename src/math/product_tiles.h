#pragma once
// Matrix products in tiles that stay in registers, with vectors of V floats.
//
// A tile is up to R rows by one or two vectors of columns. One step in depth takes a row of b as
// vectors and multiplies it by one number of each row of a. Each element of the result is thereby
// one chain t = fma(a[k], b[k], t) for ascending k, whatever V and the cut into tiles: the compiler
// contracts x * w + t of vectors to one fma.
//
// Where columns do not fill a vector, a row of b is read on into the next one and what is too much
// is dropped. The last rows of b, where that would leave the matrix, are copied with zeros behind
// them: the tail.

#include "bnn/core/unrolled.h"
#include "product_code.h"

namespace bnn {
namespace {

constexpr int kDepth = 256;  // rows of b that are taken at once: a panel of them fits the cache
constexpr int kSignBit = -0x7fffffff - 1;

/// Rows of a tile: with two vectors to each, enough sums to keep the units busy, and not more than
/// there are registers.
template <int V>
constexpr int kTileRows = V == 16 ? 8 : 6;

inline int smaller(std::ptrdiff_t a, std::ptrdiff_t b) { return static_cast<int>(a < b ? a : b); }

inline int sign_bit(float sign) { return sign < 0 ? kSignBit : 0; }

// Vectors are handed over by reference: by value, their place depends on the instruction set.
template <int V>
struct Lanes {
  using Vector [[gnu::vector_size(V * sizeof(float))]] = float;
  using Bits [[gnu::vector_size(V * sizeof(float))]] = int;

  static void load(const float* from, Vector& to) { __builtin_memcpy(&to, from, sizeof to); }
  static void load(const float* from, Bits& to) { __builtin_memcpy(&to, from, sizeof to); }
  static void store(const Vector& from, float* to) { __builtin_memcpy(to, &from, sizeof from); }

  /// vector ∘ signs, given as sign bits.
  static void flip(Vector& vector, const Bits& signs) {
    Bits bits;
    __builtin_memcpy(&bits, &vector, sizeof bits);
    bits ^= signs;
    __builtin_memcpy(&vector, &bits, sizeof bits);
  }
};

/// The sign bits of N vectors of columns, of which n are there.
template <int V, int N>
struct ColumnSigns {
  typename Lanes<V>::Bits bits[N];

  ColumnSigns(const float* r, int n) {
    float row[N * V];
    if (n < N * V) {
      for (int x = 0; x < N * V; ++x) row[x] = x < n ? r[x] : 1.0f;
      r = row;
    }
    __builtin_memcpy(bits, r, sizeof bits);
    for (auto& vector : bits) vector &= kSignBit;
  }
};

/// A panel of a matrix: `depth` rows of W floats, the first `whole` of them in place, the others in
/// a copy with zeros behind the matrix's last column.
template <int W>
struct Panel {
  const float* rows;
  std::ptrdiff_t stride;
  int whole, depth;
  const float* copy;  // [depth - whole][W]

  const float* row(int k) const {
    return k < whole ? rows + k * stride : copy + static_cast<std::ptrdiff_t>(k - whole) * W;
  }
};

/// Copies n floats, at most W, and puts zeros behind them.
template <int W>
void copy_row(const float* from, int n, float* to) {
  if (n >= W) {
    __builtin_memcpy(to, from, W * sizeof(float));
    return;
  }
  for (int x = 0; x < W; ++x) to[x] = x < n ? from[x] : 0.0f;
}

/// The panel at column `first` of rows [k, k + depth) of a matrix [all][columns]. Rows whose
/// vectors would end outside the matrix are copied.
template <int W>
Panel<W> make_panel(const float* matrix, std::ptrdiff_t stride, int all, int columns, int k,
                    int depth, int first, float* copy) {
  const float* rows = matrix + k * stride + first;
  int whole = depth;
  const std::ptrdiff_t beyond = first + W - columns;
  if (beyond > 0 && k + depth == all) {
    whole = depth - smaller((beyond + stride - 1) / stride, depth);
  }
  for (int i = whole; i < depth; ++i) {
    copy_row<W>(rows + i * stride, columns - first,
                copy + static_cast<std::ptrdiff_t>(i - whole) * W);
  }
  return {rows, stride, whole, depth, copy};
}

/// Floats of the copies: of a matrix of one column, W - 1 rows would end outside.
template <int W>
constexpr int kTailFloats = W* W;

/// Sums in registers. All functions are inlined, because a tile whose address is taken is not.
template <int V, int R, int N>
struct Tile {
  using L = Lanes<V>;
  using Vector = typename L::Vector;
  static constexpr int kWidth = N * V;
  Vector sum[R][N];

  /// f(row, vector) for every vector of the tile.
  template <typename F>
  [[gnu::always_inline]] static void for_each(const F& f) {
    unrolled<R>([&](auto i) __attribute__((always_inline)) {
      unrolled<N>([&](auto j) __attribute__((always_inline)) { f(i, j); });
    });
  }

  [[gnu::always_inline]] void clear() {
    for_each([&](auto i, auto j) __attribute__((always_inline)) { sum[i][j] = Vector{}; });
  }

  [[gnu::always_inline]] void add_step(const float* a, std::ptrdiff_t a_row, const Vector (&w)[N]) {
    unrolled<R>([&](auto i) __attribute__((always_inline)) {
      const float x = a[i * a_row];
      unrolled<N>([&](auto j) __attribute__((always_inline)) { sum[i][j] = x * w[j] + sum[i][j]; });
    });
  }

  [[gnu::always_inline]] void add_products(const float* a, std::ptrdiff_t a_row,
                                           std::ptrdiff_t a_step, const float* b,
                                           std::ptrdiff_t b_row, int depth) {
    for (int k = 0; k < depth; ++k) {
      Vector w[N];
      unrolled<N>([&](auto j) __attribute__((always_inline)) { L::load(b + j * V, w[j]); });
      add_step(a, a_row, w);
      a += a_step;
      b += b_row;
    }
  }

  /// All rows of a panel.
  [[gnu::always_inline]] void add_panel(const float* a, std::ptrdiff_t a_row, std::ptrdiff_t a_step,
                                        const Panel<kWidth>& b) {
    add_products(a, a_row, a_step, b.rows, b.stride, b.whole);
    if (b.whole == b.depth) return;
    add_products(a + b.whole * a_step, a_row, a_step, b.copy, kWidth, b.depth - b.whole);
  }

  /// The same with w = mean + signs ∘ perturbation, which exists in registers alone.
  [[gnu::always_inline]] void add_flipped(const float* a, std::ptrdiff_t a_row, const float* mean,
                                          const float* perturbation, std::ptrdiff_t b_row,
                                          const int* s, const ColumnSigns<V, N>& r, int depth) {
    for (int k = 0; k < depth; ++k) {
      Vector w[N];
      unrolled<N>([&](auto j) __attribute__((always_inline)) {
        Vector d;
        L::load(mean + j * V, w[j]);
        L::load(perturbation + j * V, d);
        L::flip(d, r.bits[j] ^ s[k]);
        w[j] += d;
      });
      add_step(a, a_row, w);
      ++a;
      mean += b_row;
      perturbation += b_row;
    }
  }

  [[gnu::always_inline]] void load(const float* c, std::ptrdiff_t c_row, std::ptrdiff_t c_step,
                                   int n) {
    float copy[R * kWidth];
    if (n < kWidth || c_step != 1) {
      for (int i = 0; i < R; ++i) load_part(c + i * c_row, c_step, n, copy + i * kWidth);
      c = copy;
      c_row = kWidth;
    }
    for_each([&](auto i, auto j)
                 __attribute__((always_inline)) { L::load(c + i * c_row + j * V, sum[i][j]); });
  }

  [[gnu::always_inline]] void store(float* c, std::ptrdiff_t c_row, std::ptrdiff_t c_step,
                                    int n) const {
    const bool is_whole = n == kWidth && c_step == 1;
    float copy[R * kWidth];
    float* to = is_whole ? c : copy;
    const std::ptrdiff_t to_row = is_whole ? c_row : kWidth;
    for_each([&](auto i, auto j)
                 __attribute__((always_inline)) { L::store(sum[i][j], to + i * to_row + j * V); });
    if (is_whole) return;
    for (int i = 0; i < R; ++i) store_part(copy + i * kWidth, n, c + i * c_row, c_step);
  }

  [[gnu::noinline]] static void load_part(const float* c, std::ptrdiff_t c_step, int n,
                                          float* row) {
    for (int x = 0; x < kWidth; ++x) row[x] = x < n ? c[x * c_step] : 0.0f;
  }

  [[gnu::noinline]] static void store_part(const float* row, int n, float* c,
                                           std::ptrdiff_t c_step) {
    int x = 0;
    for (; c_step == 1 && x + 4 <= n; x += 4) __builtin_memcpy(c + x, row + x, 4 * sizeof(float));
    for (; x < n && x < kWidth; ++x) c[x * c_step] = row[x];
  }

  /// c += sum; rows of c lie c_row apart.
  [[gnu::always_inline]] void add_to(float* c, std::ptrdiff_t c_row, int n) const {
    Tile total;
    total.load(c, c_row, 1, n);
    total.add(*this);
    total.store(c, c_row, 1, n);
  }

  [[gnu::always_inline]] void add(const Tile& other) {
    for_each([&](auto i, auto j)
                 __attribute__((always_inline)) { sum[i][j] = other.sum[i][j] + sum[i][j]; });
  }

  /// Row i by the sign s[i], columns by r.
  [[gnu::always_inline]] void flip(const float* s, const ColumnSigns<V, N>& r) {
    unrolled<R>([&](auto i) __attribute__((always_inline)) {
      const int sign = sign_bit(s[i]);
      unrolled<N>([&](auto j)
                      __attribute__((always_inline)) { L::flip(sum[i][j], r.bits[j] ^ sign); });
    });
  }
};

/// visit.operator()<R>(first) for `rows` <= R.
template <int R, typename Visit>
[[gnu::always_inline]] inline void visit_rows(int rows, int first, const Visit& visit) {
  if constexpr (R > 1) {
    if (rows < R) return visit_rows<R - 1>(rows, first, visit);
  }
  visit.template operator()<R>(first);
}

/// Cuts rows into blocks of at most R, all of nearly the same size.
template <int R, typename Visit>
[[gnu::always_inline]] inline void for_row_blocks(int rows, const Visit& visit) {
  int blocks = (rows + R - 1) / R;
  for (int first = 0; blocks > 0; --blocks) {
    const int count = (rows - first + blocks - 1) / blocks;
    visit_rows<R>(count, first, visit);
    first += count;
  }
}

/// Cuts columns into panels of one or two vectors: visit.operator()<V, N>(first, columns).
template <int V, typename Visit>
[[gnu::always_inline]] inline void for_panels(int columns, const Visit& visit) {
  int first = 0;
  for (; columns - first > V; first += 2 * V) {
    visit.template operator()<V, 2>(first, smaller(2 * V, columns - first));
  }
  const int left = columns - first;
  if (left <= 0) return;
  if constexpr (V > 4) {
    if (left <= V / 2) return visit.template operator()<V / 2, 1>(first, left);
  }
  visit.template operator()<V, 1>(first, left);
}

template <int V, int R, int N>
void multiply_tile(const PlainProduct& p, const float* a, const Panel<N * V>& b, float* c, int n,
                   bool add) {
  Tile<V, R, N> tile;
  if (add) {
    tile.load(c, p.c_row, p.c_step, n);
  } else {
    tile.clear();
  }
  tile.add_panel(a, p.a_row, p.a_step, b);
  tile.store(c, p.c_row, p.c_step, n);
}

template <int V>
void multiply(const PlainProduct& p) {
  constexpr int R = kTileRows<V>;
  for (int k = 0; k == 0 || k < p.depth; k += kDepth) {
    const int depth = smaller(kDepth, p.depth - k);
    for_panels<V>(p.columns, [&]<int W, int N>(int first, int n) {
      float copy[kTailFloats<W * N>];
      const auto b = make_panel<W * N>(p.b, p.b_row, p.depth, p.columns, k, depth, first, copy);
      for_row_blocks<R>(p.rows, [&]<int Rows>(int i) {
        multiply_tile<W, Rows, N>(p, p.a + i * p.a_row + k * p.a_step, b,
                                  p.c + i * p.c_row + first * p.c_step, n, p.add || k > 0);
      });
    });
  }
}

// The panels of both matrices of a flipped product.
template <int W>
struct FlippedPanel {
  float copies[2][kTailFloats<W>];
  Panel<W> mean, perturbation;

  FlippedPanel(const FlippedProduct& p, int k, int depth, int first)
      : mean(make_panel<W>(p.mean, p.columns, p.depth, p.columns, k, depth, first, copies[0])),
        perturbation(make_panel<W>(p.perturbation, p.columns, p.depth, p.columns, k, depth, first,
                                   copies[1])) {}
};

template <int V, int R, int N>
void multiply_flipped_tile(const FlippedProduct& p, const float* a, const FlippedPanel<N * V>& w,
                           const int* s, const ColumnSigns<V, N>& r, float* c, int n, bool add) {
  const int whole = w.mean.whole;
  Tile<V, R, N> tile;
  if (add) {
    tile.load(c, p.c_row, 1, n);
  } else {
    tile.clear();
  }
  tile.add_flipped(a, p.a_row, w.mean.rows, w.perturbation.rows, p.columns, s, r, whole);
  if (whole < w.mean.depth) {
    tile.add_flipped(a + whole, p.a_row, w.mean.copy, w.perturbation.copy, N * V, s + whole, r,
                     w.mean.depth - whole);
  }
  tile.store(c, p.c_row, 1, n);
}

template <int V, int N>
void assemble_panel(const FlippedPanel<N * V>& rows, const int* s, const ColumnSigns<V, N>& r,
                    float* panel) {
  using L = Lanes<V>;
  for (int k = 0; k < rows.mean.depth; ++k) {
    for (int j = 0; j < N; ++j) {
      typename L::Vector w, d;
      L::load(rows.mean.row(k) + j * V, w);
      L::load(rows.perturbation.row(k) + j * V, d);
      L::flip(d, r.bits[j] ^ s[k]);
      L::store(w + d, panel + (k * N + j) * V);
    }
  }
}

// Few rows assemble W in registers; for many, a panel of it is assembled once, in the cache.
template <int V>
void multiply_flipped(const FlippedProduct& p) {
  constexpr int R = kTileRows<V>;
  for (int k = 0; k == 0 || k < p.depth; k += kDepth) {
    const int depth = smaller(kDepth, p.depth - k);
    int s[kDepth];
    for (int i = 0; i < depth; ++i) s[i] = sign_bit(p.s[k + i]);
    for_panels<V>(p.columns, [&]<int W, int N>(int first, int n) {
      const ColumnSigns<W, N> r(p.r + first, n);
      const FlippedPanel<W * N> rows(p, k, depth, first);
      const float* a = p.a + k;
      float* c = p.c + first;
      if (p.rows <= 2 * R) {
        for_row_blocks<R>(p.rows, [&]<int Rows>(int i) {
          multiply_flipped_tile<W, Rows, N>(p, a + i * p.a_row, rows, s, r, c + i * p.c_row, n,
                                            k > 0);
        });
        return;
      }
      alignas(64) float panel[kDepth * W * N];
      assemble_panel<W, N>(rows, s, r, panel);
      const Panel<W * N> w{panel, W * N, depth, depth, nullptr};
      const PlainProduct plain{p.rows, depth, n, a, p.a_row, 1, panel, W * N, c, p.c_row, 1, k > 0};
      for_row_blocks<R>(p.rows, [&]<int Rows>(int i) {
        multiply_tile<W, Rows, N>(plain, a + i * p.a_row, w, c + i * p.c_row, n, k > 0);
      });
    });
  }
}

/// g = aᵀ b of example e.
template <int V, int R, int N>
[[gnu::always_inline]] inline void gradient_of(const FlippedGradient& p, std::ptrdiff_t e, int i,
                                               int first, Tile<V, R, N>& g) {
  float tail[kTailFloats<N * V>];
  g.clear();
  g.add_panel(p.a + e * p.a_example + i, 1, p.a_row,
              make_panel<N * V>(p.b + e * p.b_example, p.b_row, p.depth, p.columns, 0, p.depth,
                                first, tail));
}

// A large tile. Its places in the gradients stay in the cache while all examples add to them.
template <int V, int R, int N>
void gradient_tile(const FlippedGradient& p, int i, int first, int n) {
  const std::ptrdiff_t place = static_cast<std::ptrdiff_t>(i) * p.columns + first;
  for (std::ptrdiff_t e = 0; e < p.examples; ++e) {
    Tile<V, R, N> g;
    gradient_of(p, e, i, first, g);
    g.add_to(p.mean + place, p.columns, n);
    g.flip(p.s + e * p.rows + i, ColumnSigns<V, N>(p.r + e * p.columns + first, n));
    g.add_to(p.perturbation + place, p.columns, n);
  }
}

// A tile so small that both gradients stay in registers beside it: for sums of few terms, which the
// loads and stores of a large tile would outweigh.
template <int V, int R, int N>
void short_gradient_tile(const FlippedGradient& p, int i, int first, int n) {
  const std::ptrdiff_t place = static_cast<std::ptrdiff_t>(i) * p.columns + first;
  Tile<V, R, N> mean, perturbation;
  mean.load(p.mean + place, p.columns, 1, n);
  perturbation.load(p.perturbation + place, p.columns, 1, n);
  for (std::ptrdiff_t e = 0; e < p.examples; ++e) {
    Tile<V, R, N> g;
    gradient_of(p, e, i, first, g);
    mean.add(g);
    g.flip(p.s + e * p.rows + i, ColumnSigns<V, N>(p.r + e * p.columns + first, n));
    perturbation.add(g);
  }
  mean.store(p.mean + place, p.columns, 1, n);
  perturbation.store(p.perturbation + place, p.columns, 1, n);
}

template <int V>
void add_flipped_gradient(const FlippedGradient& p) {
  constexpr int kShort = 32;
  for_panels<V>(p.columns, [&]<int W, int N>(int first, int n) {
    if constexpr (V == 16) {  // 32 registers
      if (p.depth <= kShort) {
        return for_row_blocks<4>(
            p.rows, [&]<int R>(int i) { short_gradient_tile<W, R, N>(p, i, first, n); });
      }
    }
    for_row_blocks<kTileRows<V>>(p.rows,
                                 [&]<int R>(int i) { gradient_tile<W, R, N>(p, i, first, n); });
  });
}

// A tile of Σ aᵀ b, added up in the order of core/tree_sum.h: bit l of the number of terms so far
// says whether level l of the stack holds a sum of 2^l of them.
template <int V, int R, int N>
void summed_tile(const SummedProduct& p, int i, int first, int n) {
  constexpr int kLevels = 32;
  Tile<V, R, N> levels[kLevels];
  const auto term_sum = [&](int term, Tile<V, R, N>& sum) __attribute__((always_inline)) {
    const ConstMatrix a = p.terms[term].a, m = p.terms[term].b;
    float tail[kTailFloats<N * V>];
    sum.clear();
    sum.add_panel(a.data + i, 1, a.stride,
                  make_panel<N * V>(m.data, m.stride, m.rows, p.columns, 0, m.rows, first, tail));
  };
  for (int term = 0; term < p.count; ++term) {
    Tile<V, R, N> sum;
    term_sum(term, sum);
    int level = 0;
    for (; ((term >> level) & 1) != 0; ++level) sum.add(levels[level]);
    levels[level] = sum;
  }
  int level = 0;
  while (((p.count >> level) & 1) == 0) ++level;
  Tile<V, R, N> sum = levels[level];
  for (++level; (p.count >> level) != 0; ++level) {
    if (((p.count >> level) & 1) != 0) sum.add(levels[level]);
  }
  float* c = p.c + i * p.c_row + first;
  if (p.add) {
    Tile<V, R, N> before;
    before.load(c, p.c_row, 1, n);
    sum.add(before);
  }
  sum.store(c, p.c_row, 1, n);
}

template <int V>
void multiply_summed(const SummedProduct& p) {
  for_panels<V>(p.columns, [&]<int W, int N>(int first, int n) {
    for_row_blocks<kTileRows<V>>(p.rows,
                                 [&]<int R>(int i) { summed_tile<W, R, N>(p, i, first, n); });
  });
}

template <int V>
constexpr ProductCode product_code(const char* name) {
  return {name, multiply<V>, multiply_flipped<V>, add_flipped_gradient<V>, multiply_summed<V>};
}

}  // namespace
}  // namespace bnn
