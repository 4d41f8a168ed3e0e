// Sums over processes, which here are threads, against the tree of one process.

#include "bnn/exchange/exchange.h"

#include <cmath>
#include <numeric>
#include <random>

#include <catch2/catch.hpp>

#include "bnn/core/tree_sum.h"
#include "support/model_fixtures.h"
#include "support/thread_transport.h"

namespace bnn::testing {
namespace {

using Vectors = std::vector<std::vector<float>>;

// Numbers of very different sizes, so that another order of a sum shows, and both zeros.
Vectors random_shards(std::size_t shards, std::size_t size) {
  std::mt19937 generator(7);
  std::uniform_int_distribution<int> exponent(-30, 30);
  std::uniform_real_distribution<float> mantissa(-1.0f, 1.0f);
  Vectors result(shards, std::vector<float>(size));
  for (std::vector<float>& shard : result) {
    for (std::size_t i = 0; i < size; ++i) {
      shard[i] = i % 17 == 0 ? -0.0f : std::ldexp(mantissa(generator), exponent(generator));
    }
  }
  return result;
}

// The tree over the shards [begin, end) as one process adds them up.
std::vector<float> sum_of(const Vectors& shards, std::size_t begin, std::size_t end) {
  const std::size_t size = shards[0].size();
  std::vector<float> partial(size * 12), out(size);
  tree_sum(end - begin, size, out.data(), partial.data(), [&](std::size_t i, float* leaf) {
    std::copy(shards[begin + i].begin(), shards[begin + i].end(), leaf);
  });
  return out;
}

// What a process holds before the exchange; rubbish where it has no shards.
std::vector<float> own_sum(const Vectors& shards, const ShardDeal& deal, int rank) {
  if (!deal.reaches(rank)) return std::vector<float>(shards[0].size(), NAN);
  return sum_of(shards, deal.begin(rank), deal.end(rank));
}

std::vector<std::size_t> uneven_cuts(std::size_t size, int processes) {
  std::vector<std::size_t> cuts;
  for (int i = 0; i <= processes; ++i) {
    const auto p = static_cast<std::size_t>(processes), k = static_cast<std::size_t>(i);
    cuts.push_back(size * k * k / (p * p));
  }
  return cuts;
}

const std::pair<std::size_t, int> kSizes[] = {{8, 1}, {8, 2}, {8, 4},  {8, 8},  {5, 2},
                                              {5, 4}, {5, 8}, {3, 4},  {1, 8},  {2, 8},
                                              {6, 4}, {7, 2}, {16, 8}, {12, 4}, {64, 16}};

}  // namespace

TEST_CASE("a deal gives every shard to one process, and aligned subtrees to all") {
  for (const auto& [shards, processes] : kSizes) {
    const ShardDeal deal(shards, processes);
    std::size_t next = 0;
    for (int rank = 0; rank < processes; ++rank) {
      CHECK(deal.begin(rank) == next);
      CHECK(deal.reaches(rank) == (deal.end(rank) > deal.begin(rank)));
      CHECK(deal.begin(rank) % deal.width() == (deal.reaches(rank) ? 0 : shards % deal.width()));
      next = deal.end(rank);
    }
    CHECK(next == shards);
  }
}

TEST_CASE("sums over processes have the bits of one process's tree, in both ways") {
  constexpr std::size_t size = 1003;
  for (const auto& [count, processes] : kSizes) {
    const Vectors shards = random_shards(count, size);
    const std::vector<float> expected = sum_of(shards, 0, count);
    Vectors whole(static_cast<std::size_t>(processes)), scattered(whole.size());
    run_processes(processes, [&, count = count, processes = processes](Exchange& exchange) {
      const ShardDeal deal(count, processes);
      const auto rank = static_cast<std::size_t>(exchange.rank());
      whole[rank] = own_sum(shards, deal, exchange.rank());
      scattered[rank] = whole[rank];
      exchange.sum(whole[rank], deal);
      const auto cuts = uneven_cuts(size, processes);
      exchange.scatter_sum(scattered[rank], cuts, deal);
      exchange.gather(std::span(scattered[rank]), cuts, Wait::step);
    });
    for (const std::vector<float>& result : whole) CHECK(same_bits(result, expected));
    for (const std::vector<float>& result : scattered) CHECK(same_bits(result, expected));
  }
}

TEST_CASE("scattered sums cost a process 2 n (P-1)/P numbers and 2 log2 P messages") {
  constexpr std::size_t size = 1024;
  constexpr int processes = 8;
  std::vector<Traffic> traffic(processes);
  run_processes(processes, [&](Exchange& exchange) {
    std::vector<float> values(size, 1.0f);
    std::vector<std::size_t> cuts(processes + 1);
    for (std::size_t i = 0; i < cuts.size(); ++i) cuts[i] = i * size / processes;
    exchange.scatter_sum(values, cuts, ShardDeal(8, processes));
    exchange.gather(std::span(values), cuts, Wait::step);
    traffic[static_cast<std::size_t>(exchange.rank())] = exchange.traffic();
  });
  for (const Traffic& sent : traffic) {
    CHECK(sent.bytes == sizeof(float) * 2 * size * (processes - 1) / processes);
    CHECK(sent.messages == 6);
  }
}

TEST_CASE("reports of shards are added up like gradients, and the first fault and signals count") {
  for (const auto& [count, processes] : kSizes) {
    const Vectors shards = random_shards(count, 3);
    std::vector<double> partial(12 * 3), expected(3);
    tree_sum(count, 3, expected.data(), partial.data(), [&](std::size_t i, double* leaf) {
      std::copy(shards[i].begin(), shards[i].end(), leaf);
    });
    std::vector<StepReport> reports(static_cast<std::size_t>(processes));
    std::vector<int> signals(reports.size());
    run_processes(
        processes,
        [&, count = count, processes = processes](Exchange& exchange) {
          const ShardDeal deal(count, processes);
          StepReport own{NAN, NAN, NAN};
          if (deal.reaches(exchange.rank())) {
            std::vector<double> sums(3);
            std::vector<double> levels(12 * 3);
            tree_sum(deal.end(exchange.rank()) - deal.begin(exchange.rank()), 3, sums.data(),
                     levels.data(), [&](std::size_t i, double* leaf) {
                       const auto& shard = shards[deal.begin(exchange.rank()) + i];
                       std::copy(shard.begin(), shard.end(), leaf);
                     });
            own = {sums[0], sums[1], sums[2]};
          }
          if (exchange.rank() > 0) own.fault = 10 + exchange.rank();
          reports[static_cast<std::size_t>(exchange.rank())] = exchange.total(own, deal);
          signals[static_cast<std::size_t>(exchange.rank())] = exchange.signal();
        },
        [processes = processes](int rank) { return rank == processes - 1 ? 15 : 0; });
    for (std::size_t i = 0; i < reports.size(); ++i) {
      CHECK(reports[i].nll == expected[0]);
      CHECK(reports[i].correct == expected[1]);
      CHECK(reports[i].activity_penalty == expected[2]);
      CHECK(reports[i].fault == (processes == 1 ? StepReport::kNoFault : 11));
      CHECK(signals[i] == 15);
    }
  }
}

TEST_CASE("parts and texts reach every process, or the first one") {
  for (const int processes : {1, 2, 4, 8, 16}) {
    const auto n = static_cast<std::size_t>(processes);
    std::vector<std::vector<int>> in_first(n);
    std::vector<std::vector<std::string>> texts(n);
    std::vector<std::string> heard(n);
    run_processes(processes, [&](Exchange& exchange) {
      const auto rank = static_cast<std::size_t>(exchange.rank());
      std::vector<std::size_t> cuts;
      for (std::size_t i = 0; i <= n; ++i) cuts.push_back(i * i);
      in_first[rank].assign(n * n, -1);
      for (std::size_t i = cuts[exchange.segment()]; i < cuts[exchange.segment() + 1]; ++i) {
        in_first[rank][i] = static_cast<int>(i);
      }
      exchange.gather_to_first(std::span(in_first[rank]), cuts);
      texts[rank] = exchange.gather_texts(std::string(3 * rank, 'x') + std::to_string(rank));
      heard[rank] = exchange.broadcast_text(exchange.is_first() ? "first" : "another");
    });
    std::vector<int> all(n * n);
    std::iota(all.begin(), all.end(), 0);
    CHECK(in_first[0] == all);
    for (std::size_t rank = 0; rank < n; ++rank) {
      CHECK(heard[rank] == "first");
      REQUIRE(texts[rank].size() == n);
      for (std::size_t i = 0; i < n; ++i) {
        CHECK(texts[rank][i] == std::string(3 * i, 'x') + std::to_string(i));
      }
    }
  }
}

TEST_CASE("processes agree on a signal that one of them got") {
  std::vector<int> agreed(4);
  run_processes(
      4,
      [&](Exchange& exchange) {
        agreed[static_cast<std::size_t>(exchange.rank())] = exchange.agree_on_signal();
      },
      [](int rank) { return rank == 2 ? 10 : 0; });
  CHECK(agreed == std::vector<int>(4, 10));
}

}  // namespace bnn::testing
