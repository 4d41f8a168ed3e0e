#pragma once
// The products of product_code.h, cut into tiles (product_tile.h) for vectors of V floats.
//
// Columns are cut into panels of one or two vectors, and rows into blocks. The depth is cut where a
// panel would outgrow the cache; a chain of multiply-adds then goes on from what is stored. No cut
// changes a bit.

#include "product_code.h"
#include "product_tile.h"

namespace bnn {
namespace {

/// Rows of b that are taken at once: a panel of them fits half of the first-level cache.
template <int V>
constexpr int kDepth = 2048 / V;
/// Matrices b with more floats are far from the processor: they fill a quarter of a small
/// second-level cache, and few rows of a do not keep them there.
constexpr int kNearFloats = 32 * 1024;
/// Panels that are read for more rows of a than this are packed.
template <int V>
constexpr int kUnpackedRows = 4 * kTileRows<V>;

// What the tiles of a product have in common.
struct TileTask {
  const Operand& a;
  DepthPart part;
  std::ptrdiff_t c_row, c_step;
  bool add;
};

template <int V, int R, int N, bool kIsFar = false>
void multiply_tile(const TileTask& p, const float* a, const Panel<N * V>& b, float* c, int n) {
  Tile<V, R, N> tile;
  if (p.add) {
    tile.load(c, p.c_row, p.c_step, n);
  } else {
    tile.clear();
  }
  tile.template add_panel<kIsFar>(a, p.a, p.part, b);
  tile.store(c, p.c_row, p.c_step, n);
}

// A panel of two vectors lies in one panel of packed columns.
template <int V, bool kIsFar>
void multiply_by_panels(const PlainProduct& p) {
  static_assert(kPanelColumns % (2 * V) == 0);
  constexpr int R = kTileRows<V>;
  for (int k = 0; k == 0 || k < p.depth; k += kDepth<V>) {
    const int depth = smaller(kDepth<V>, p.depth - k);
    const TileTask task{p.a, {p.a, k}, p.c_row, p.c_step, p.add || k > 0};
    for_panels<V>(p.columns, [&]<int W, int N>(int first, int n) {
      alignas(64) float copy[kDepth<V> * W * N];
      const auto b = p.rows > kUnpackedRows<V> && p.b_panels.row > kPanelColumns
                         ? pack_panel<W * N>(p.b, p.b_panels, k, depth, first, copy)
                         : make_panel<W * N>(p.b, p.b_panels, p.depth, k, depth, first, copy);
      for_operand_blocks<R>(p.a, p.rows, [&]<int Rows>(int i, const float* a) {
        multiply_tile<W, Rows, N, kIsFar>(task, a, b, p.c + i * p.c_row + first * p.c_step, n);
      });
    });
  }
}

template <int V>
void multiply(const PlainProduct& p) {
  if (std::ptrdiff_t{p.depth} * p.columns > kNearFloats) return multiply_by_panels<V, true>(p);
  multiply_by_panels<V, false>(p);
}

// The panels of both matrices of a flipped product.
template <int W>
struct FlippedPanel {
  float copies[2][kTailFloats<W>];
  Panel<W> mean, perturbation;

  FlippedPanel(const FlippedProduct& p, int k, int depth, int first)
      : mean(make_panel<W>(p.mean, p.panels, p.depth, k, depth, first, copies[0])),
        perturbation(make_panel<W>(p.perturbation, p.panels, p.depth, k, depth, first, copies[1])) {
  }
};

/// What is multiplied with a panel of W: rows of one example.
template <int V, int N>
struct FlippedRows {
  const float *a, *s;
  ColumnSigns<V, N> r;
  float* c;
};

// R rows of each of E examples, which share every vector that is loaded. W exists in registers
// alone. `first` is a vector of the panel.
template <int V, int R, int N, int E, int W>
void multiply_flipped_tile(const FlippedProduct& p, const FlippedPanel<W>& panel, int first,
                           const FlippedRows<V, N> (&rows)[E], int n, bool add) {
  using L = Lanes<V>;
  Tile<V, R, N> tiles[E];
  unrolled<E>([&](auto e) __attribute__((always_inline)) {
    if (add) {
      tiles[e].load(rows[e].c, p.c_row, 1, n);
    } else {
      tiles[e].clear();
    }
  });
  const auto add_rows = [&](const float* m, const float* d, std::ptrdiff_t stride, int from, int to)
      __attribute__((always_inline)) {
    for (int k = from; k < to; ++k, m += stride, d += stride) {
      typename L::Vector mean[N], perturbation[N];
      unrolled<N>([&](auto j) __attribute__((always_inline)) {
        L::load(m + j * V, mean[j]);
        L::load(d + j * V, perturbation[j]);
      });
      unrolled<E>([&](auto e) __attribute__((always_inline)) {
        tiles[e].add_flipped_step(rows[e].a + k, p.a.row, mean, perturbation, rows[e].s[k],
                                  rows[e].r);
      });
    }
  };
  const int whole = panel.mean.whole, depth = panel.mean.depth, at = first * V;
  add_rows(panel.mean.rows + at, panel.perturbation.rows + at, panel.mean.stride, 0, whole);
  if (whole < depth) {
    add_rows(panel.mean.copy + at, panel.perturbation.copy + at, W, whole, depth);
  }
  unrolled<E>([&](auto e)
                  __attribute__((always_inline)) { tiles[e].store(rows[e].c, p.c_row, 1, n); });
}

// W = mean + (s rᵀ) ∘ perturbation for one example, [depth][N V].
template <int V, int N>
void assemble_panel(const FlippedPanel<N * V>& rows, const float* s, const ColumnSigns<V, N>& r,
                    float* panel) {
  using L = Lanes<V>;
  const auto assemble = [&](const float* m, const float* d, std::ptrdiff_t stride, int from, int to)
      __attribute__((always_inline)) {
    for (int k = from; k < to; ++k, m += stride, d += stride) {
      const int sign = bits_of(s[k]);
      unrolled<N>([&](auto j) __attribute__((always_inline)) {
        typename L::Vector mean, w;
        L::load(m + j * V, mean);
        L::load(d + j * V, w);
        L::flip(w, r.bits[j] ^ sign);
        L::store(w + mean, panel + (k * N + j) * V);
      });
    }
  };
  const int whole = rows.mean.whole, depth = rows.mean.depth;
  assemble(rows.mean.rows, rows.perturbation.rows, rows.mean.stride, 0, whole);
  if (whole < depth) assemble(rows.mean.copy, rows.perturbation.copy, N * V, whole, depth);
}

// One panel of the product for all examples, over rows [k, k + depth) of W.
template <int V, int N, int Depth>
struct FlippedPanelProduct {
  const FlippedProduct& p;
  const FlippedPanel<N * V>& panel;
  int k, first, n;

  template <int M>
  FlippedRows<V, M> rows_of(std::ptrdiff_t e, int row, int vector) const {
    const int column = first + vector * V;
    return {p.a.data + e * p.a_example + row * p.a.row + k, p.s + e * p.depth + k,
            ColumnSigns<V, M>(p.r + e * p.columns + column, n - vector * V),
            p.c + (e * p.rows + row) * p.c_row + column};
  }

  // All rows of two examples, at most half a tile of each. Without many registers, a vector of
  // columns at a time.
  void multiply_pair(std::ptrdiff_t e) const {
    constexpr int M = V == 16 ? N : 1;
    for (int vector = 0; vector < N && vector * V < n; vector += M) {
      const int columns = smaller(n - vector * V, M * V);
      visit_rows<kTileRows<V> / 2>(p.rows, 0, [&]<int R>(int) {
        const FlippedRows<V, M> rows[] = {rows_of<M>(e, 0, vector), rows_of<M>(e + 1, 0, vector)};
        multiply_flipped_tile<V, R, M, 2>(p, panel, vector, rows, columns, k > 0);
      });
    }
  }

  void multiply_one(std::ptrdiff_t e) const {
    for_row_blocks<kTileRows<V>>(p.rows, [&]<int R>(int i) {
      const FlippedRows<V, N> rows[] = {rows_of<N>(e, i, 0)};
      multiply_flipped_tile<V, R, N, 1>(p, panel, 0, rows, n, k > 0);
    });
  }

  // For many rows, W's panel is assembled once, in the cache.
  void multiply_assembled(std::ptrdiff_t e) const {
    const FlippedRows<V, N> rows = rows_of<N>(e, 0, 0);
    Operand example = p.a;
    example.data += e * p.a_example;
    const int depth = panel.mean.depth;
    alignas(64) float numbers[Depth * V * N];
    assemble_panel<V, N>(panel, rows.s, rows.r, numbers);
    const Panel<V * N> w{numbers, V * N, depth, depth, nullptr};
    const TileTask task{example, {example, k}, p.c_row, 1, k > 0};
    for_operand_blocks<kTileRows<V>>(example, p.rows, [&]<int R>(int i, const float* a) {
      multiply_tile<V, R, N>(task, a, w, rows.c + i * p.c_row, n);
    });
  }

  void multiply() const {
    const bool is_grouped = p.a.group_rows < p.rows || p.a.group_steps < p.depth;
    const bool assembles = is_grouped || p.rows > 2 * kTileRows<V>;
    const bool in_pairs = p.rows <= kTileRows<V> / 2;
    for (std::ptrdiff_t e = 0; e < p.examples; ++e) {
      if (assembles) {
        multiply_assembled(e);
      } else if (in_pairs && e + 1 < p.examples) {
        multiply_pair(e++);
      } else {
        multiply_one(e);
      }
    }
  }
};

template <int V>
void multiply_flipped(const FlippedProduct& p) {
  static_assert(kPanelColumns % (2 * V) == 0);
  if (p.rows == 0) return;
  for (int k = 0; k == 0 || k < p.depth; k += kDepth<V>) {
    const int depth = smaller(kDepth<V>, p.depth - k);
    for_panels<V>(p.columns, [&]<int W, int N>(int first, int n) {
      const FlippedPanel<W * N> panel(p, k, depth, first);
      FlippedPanelProduct<W, N, kDepth<V>>{p, panel, k, first, n}.multiply();
    });
  }
}

/// g = aᵀ b of example e.
template <int V, int R, int N>
[[gnu::always_inline]] inline void gradient_of(const FlippedGradient& p, std::ptrdiff_t e,
                                               const float* a, int first, Tile<V, R, N>& g) {
  float tail[kTailFloats<N * V>];
  g.clear();
  g.add_panel(a + e * p.a_example, p.a, {p.a, 0},
              make_panel<N * V>(p.b + e * p.b_example, rows_of(p.b_row, p.columns), p.depth, 0,
                                p.depth, first, tail));
}

// The places of the tile below: whole gradients do not fit the cache, and their rows lie apart.
template <int V, int R, int N>
[[gnu::always_inline]] inline void prefetch_next(const FlippedGradient& p, std::ptrdiff_t place) {
  const std::ptrdiff_t next = place + std::ptrdiff_t{R} * p.columns;
  Tile<V, R, N>::for_each([&](auto i, auto j) __attribute__((always_inline)) {
    const std::ptrdiff_t at = next + i * std::ptrdiff_t{p.columns} + j * V;
    __builtin_prefetch(p.mean + at, 1);
    __builtin_prefetch(p.perturbation + at, 1);
  });
}

// A large tile. Its places in the gradients stay in the cache while all examples add to them.
template <int V, int R, int N>
void gradient_tile(const FlippedGradient& p, int i, const float* a, int first, int n) {
  const std::ptrdiff_t place = static_cast<std::ptrdiff_t>(i) * p.columns + first;
  prefetch_next<V, R, N>(p, place);
  for (std::ptrdiff_t e = 0; e < p.examples; ++e) {
    Tile<V, R, N> g;
    gradient_of(p, e, a, first, g);
    g.add_to(p.mean + place, p.columns, n);
    g.flip(p.s + e * p.rows + i, ColumnSigns<V, N>(p.r + e * p.columns + first, n));
    g.add_to(p.perturbation + place, p.columns, n);
  }
}

// A tile so small that both gradients stay in registers beside it: for sums of few terms, which the
// loads and stores of a large tile would outweigh.
template <int V, int R, int N>
void short_gradient_tile(const FlippedGradient& p, int i, const float* a, int first, int n) {
  const std::ptrdiff_t place = static_cast<std::ptrdiff_t>(i) * p.columns + first;
  prefetch_next<V, R, N>(p, place);
  Tile<V, R, N> mean, perturbation;
  mean.load(p.mean + place, p.columns, 1, n);
  perturbation.load(p.perturbation + place, p.columns, 1, n);
  for (std::ptrdiff_t e = 0; e < p.examples; ++e) {
    Tile<V, R, N> g;
    gradient_of(p, e, a, first, g);
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
        return for_operand_blocks<4>(p.a, p.rows, [&]<int R>(int i, const float* a) {
          short_gradient_tile<W, R, N>(p, i, a, first, n);
        });
      }
    }
    for_operand_blocks<kTileRows<V>>(p.a, p.rows, [&]<int R>(int i, const float* a) {
      gradient_tile<W, R, N>(p, i, a, first, n);
    });
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
    sum.add_rows(
        a.data + i, 1, a.stride,
        make_panel<N * V>(m.data, rows_of(m.stride, p.columns), m.rows, 0, m.rows, first, tail), 0,
        m.rows);
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
