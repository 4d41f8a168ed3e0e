#pragma once
// A tile of a matrix product: sums in registers, R rows by N vectors of V floats.
//
// One step in depth takes a row of b as vectors and multiplies it by one number of each row of a.
// Each element is thereby one chain t = fma(a[k], b[k], t) for ascending k, whatever R, N and V:
// the compiler contracts x * w + t of vectors to one fma.
//
// Where columns do not fill a vector, a row of b is read on into the next one and what is too much
// is dropped. The last rows of b, where that would leave the matrix, are copied with zeros behind
// them: the tail.

#include <cstddef>

#include "bnn/core/unrolled.h"
#include "product_code.h"

namespace bnn {
namespace {

/// Rows of a tile: with two vectors to each, enough sums to keep the units busy, and not more than
/// there are registers.
template <int V>
constexpr int kTileRows = V == 16 ? 8 : 6;

inline int smaller(std::ptrdiff_t a, std::ptrdiff_t b) { return static_cast<int>(a < b ? a : b); }

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

/// The signs r of N vectors of columns, of which n are there. Exclusive-or with the bits of a row's
/// sign leaves the sign bits of s r alone, since 1 and -1 differ in that bit only.
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
  }
};

/// The bits of 1 or -1.
inline int bits_of(float sign) {
  int bits;
  __builtin_memcpy(&bits, &sign, sizeof bits);
  return bits;
}

/// A panel of a matrix: `depth` rows of W floats, the first `whole` of them in place, the others in
/// a copy with zeros behind the matrix's last column.
template <int W>
struct Panel {
  const float* rows;
  std::ptrdiff_t stride;
  int whole, depth;
  const float* copy;  // [depth - whole][W]
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

/// The rows [k, k + depth) of a matrix of `all` rows at column `first`, whose vectors would leave
/// the matrix in the last of them.
template <int W>
[[gnu::noinline]] Panel<W> make_last_panel(const float* rows, const Panels& panels, int all, int k,
                                           int depth, int first, float* copy) {
  int whole = depth;
  const std::ptrdiff_t beyond = first + W - panels.columns;
  const std::ptrdiff_t last_rows = (beyond + panels.row - 1) / panels.row;  // that end outside
  const std::ptrdiff_t outside = last_rows - (all - (k + depth));
  if (outside > 0) whole = depth - smaller(outside, depth);
  for (int i = whole; i < depth; ++i) {
    copy_row<W>(rows + i * panels.row, panels.columns - first,
                copy + static_cast<std::ptrdiff_t>(i - whole) * W);
  }
  return {rows, panels.row, whole, depth, copy};
}

/// Row k of a matrix from column `first` on.
inline const float* row_at(const float* matrix, const Panels& panels, int k, int first) {
  return matrix + first / kPanelColumns * panels.panel + first % kPanelColumns + k * panels.row;
}

/// The panel at column `first` of rows [k, k + depth) of a matrix of `all` rows.
template <int W>
[[gnu::always_inline]] inline Panel<W> make_panel(const float* matrix, const Panels& panels,
                                                  int all, int k, int depth, int first,
                                                  float* copy) {
  const float* rows = row_at(matrix, panels, k, first);
  if (first + W <= panels.columns) return {rows, panels.row, depth, depth, copy};
  return make_last_panel<W>(rows, panels, all, k, depth, first, copy);
}

/// The same, copied as a whole into `copy`, [depth][W]: for panels that are read many times.
template <int W>
Panel<W> pack_panel(const float* matrix, const Panels& panels, int k, int depth, int first,
                    float* copy) {
  const float* rows = row_at(matrix, panels, k, first);
  for (int i = 0; i < depth; ++i) {
    copy_row<W>(rows + i * panels.row, panels.columns - first,
                copy + static_cast<std::ptrdiff_t>(i) * W);
  }
  return {copy, W, depth, depth, nullptr};
}

/// Floats of the copies: of a matrix of one column, W - 1 rows would end outside.
template <int W>
constexpr int kTailFloats = W* W;

/// A part of an operand's depth: where its first step's group begins, that step within the group,
/// and how many steps of the group are left.
struct DepthPart {
  std::ptrdiff_t group, offset;
  int first_steps;

  DepthPart(const Operand& a, int k)
      : group(k / a.group_steps * a.step_group),
        offset(k % a.group_steps * a.step),
        first_steps(a.group_steps - k % a.group_steps) {}
};

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

  /// Rows of b that are fetched ahead if b is far: if it does not lie in the cache.
  static constexpr int kAhead = 16;

  template <bool kIsFar = false>
  [[gnu::always_inline]] void add_products(const float* a, std::ptrdiff_t a_row,
                                           std::ptrdiff_t a_step, const float* b,
                                           std::ptrdiff_t b_row, int depth) {
    for (int k = 0; k < depth; ++k) {
      Vector w[N];
      unrolled<N>([&](auto j) __attribute__((always_inline)) {
        L::load(b + j * V, w[j]);
        if constexpr (kIsFar) __builtin_prefetch(b + kAhead * b_row + j * V);
      });
      add_step(a, a_row, w);
      a += a_step;
      b += b_row;
    }
  }

  /// The rows [from, to) of a panel; `a` stands at row `from`.
  template <bool kIsFar = false>
  [[gnu::always_inline]] void add_rows(const float* a, std::ptrdiff_t a_row, std::ptrdiff_t a_step,
                                       const Panel<kWidth>& b, int from, int to) {
    const int whole = smaller(b.whole, to);
    if (from < whole) {
      add_products<kIsFar>(a, a_row, a_step, b.rows + from * b.stride, b.stride, whole - from);
      a += (whole - from) * a_step;
      from = whole;
    }
    if (from < to) {
      add_products(a, a_row, a_step, b.copy + static_cast<std::ptrdiff_t>(from - b.whole) * kWidth,
                   kWidth, to - from);
    }
  }

  /// All rows of a panel, for the rows of an operand that begin at `a`.
  template <bool kIsFar = false>
  [[gnu::always_inline]] void add_panel(const float* a, const Operand& o, const DepthPart& part,
                                        const Panel<kWidth>& b) {
    const float* group = a + part.group;
    int done = smaller(part.first_steps, b.depth);
    add_rows<kIsFar>(group + part.offset, o.row, o.step, b, 0, done);
    while (done < b.depth) {
      group += o.step_group;
      const int next = done + smaller(o.group_steps, b.depth - done);
      add_rows<kIsFar>(group, o.row, o.step, b, done, next);
      done = next;
    }
  }

  /// The same with w = mean + (s r) ∘ perturbation, given as vectors, for the sign s of one row.
  [[gnu::always_inline]] void add_flipped_step(const float* a, std::ptrdiff_t a_row,
                                               const Vector (&mean)[N],
                                               const Vector (&perturbation)[N], float s,
                                               const ColumnSigns<V, N>& r) {
    Vector w[N];
    unrolled<N>([&](auto j) __attribute__((always_inline)) {
      w[j] = perturbation[j];
      L::flip(w[j], r.bits[j] ^ bits_of(s));
      w[j] += mean[j];
    });
    add_step(a, a_row, w);
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
      const int sign = bits_of(s[i]);
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

/// The same for the rows of an operand, group by group: visit.operator()<R>(first, a), where `a` is
/// the first row of a block.
template <int R, typename Visit>
[[gnu::always_inline]] inline void for_operand_blocks(const Operand& a, int rows,
                                                      const Visit& visit) {
  const float* group = a.data;
  for (int first = 0; first < rows; first += a.group_rows, group += a.row_group) {
    for_row_blocks<R>(
        smaller(a.group_rows, rows - first), [&]<int Rows>(int i) __attribute__((always_inline)) {
          visit.template operator()<Rows>(first + i, group + i * a.row);
        });
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

}  // namespace
}  // namespace bnn
