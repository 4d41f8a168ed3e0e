#include "bnn/core/thread_pool.h"

#include <atomic>
#include <chrono>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

using namespace bnn;

TEST_CASE("a pool runs every index exactly once, on workers it has") {
  for (int threads : {1, 2, 3, 4}) {
    ThreadPool pool(threads);
    REQUIRE(pool.size() == threads);
    for (std::size_t count : {0u, 1u, 2u, 3u, 7u, 100u, 1001u}) {
      std::vector<std::atomic<int>> calls(count);
      std::atomic<int> strangers = 0;
      pool.run(count, [&](std::size_t index, int worker) {
        ++calls.at(index);
        if (worker < 0 || worker >= threads) ++strangers;
      });
      for (const auto& n : calls) REQUIRE(n == 1);
      CHECK(strangers == 0);
    }
  }
}

TEST_CASE("a pool of one runs its tasks in order on the calling thread") {
  ThreadPool pool(1);
  std::vector<std::size_t> order;
  const auto caller = std::this_thread::get_id();
  pool.run(5, [&](std::size_t index, int worker) {
    CHECK(worker == 0);
    CHECK(std::this_thread::get_id() == caller);
    order.push_back(index);
  });
  CHECK(order == std::vector<std::size_t>{0, 1, 2, 3, 4});
}

TEST_CASE("tasks of one round run at the same time, one on each worker") {
  ThreadPool pool(3);
  std::atomic<int> inside = 0;
  std::vector<int> workers(3, -1);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  // Each task waits for the two others, so they end only if three threads are inside at once.
  pool.run(3, [&](std::size_t index, int worker) {
    workers[index] = worker;
    ++inside;
    while (inside < 3 && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  });
  CHECK(inside == 3);
  CHECK(std::set<int>(workers.begin(), workers.end()) == std::set<int>{0, 1, 2});
}

TEST_CASE("a pool survives many rounds") {
  ThreadPool pool(4);
  std::vector<int> sums(3, 0);
  for (int round = 0; round < 5000; ++round) {
    pool.run(3, [&](std::size_t index, int) { sums[index] += static_cast<int>(index) + 1; });
  }
  CHECK(sums == std::vector<int>{5000, 10000, 15000});
}

TEST_CASE("what a round wrote is seen by the caller and by the next round") {
  ThreadPool pool(2);
  std::vector<long> values(1000, 1);
  for (int round = 0; round < 200; ++round) {
    std::vector<long> next(values.size());
    pool.run(values.size(), [&](std::size_t i, int) {
      next[i] = (values[i] + values[(i + 1) % values.size()]) % 1000003;
    });
    values = next;
  }
  // Every element has doubled 200 times modulo the prime.
  long expected = 1;
  for (int round = 0; round < 200; ++round) expected = expected * 2 % 1000003;
  CHECK(values == std::vector<long>(1000, expected));
}

TEST_CASE("an exception of a task is rethrown, and the pool works afterwards") {
  for (int threads : {1, 2, 4}) {
    ThreadPool pool(threads);
    for (int round = 0; round < 50; ++round) {
      std::string message;
      try {
        pool.run(20, [](std::size_t index, int) {
          if (index == 7) throw std::runtime_error("task seven");
        });
      } catch (const std::runtime_error& error) {
        message = error.what();
      }
      REQUIRE(message == "task seven");
      std::atomic<int> calls = 0;
      pool.run(20, [&](std::size_t, int) { ++calls; });
      REQUIRE(calls == 20);
    }
  }
}

TEST_CASE("if every task throws, one exception comes out") {
  ThreadPool pool(3);
  for (int round = 0; round < 50; ++round) {
    CHECK_THROWS_AS(pool.run(9, [](std::size_t, int) { throw std::logic_error("no"); }),
                    std::logic_error);
  }
}

TEST_CASE("this process may use at least one CPU, and no more than the machine has") {
  CHECK(usable_cpus() >= 1);
  CHECK(usable_cpus() <= static_cast<int>(std::thread::hardware_concurrency()));
}
