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

constexpr int kDepth = 256;  // rows of b that are taken at once: a panel of them fits the cache

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
