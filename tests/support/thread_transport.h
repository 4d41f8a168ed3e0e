#pragma once
// Processes that train together, as threads of one process: each gets an Exchange over mailboxes.

#include <condition_variable>
#include <cstring>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "bnn/exchange/exchange.h"

namespace bnn::testing {

/// The letters that are on their way, by sender and receiver.
class Mailboxes {
 public:
  void send(int from, int to, std::span<const std::byte> bytes) {
    {
      const std::lock_guard lock(mutex_);
      letters_[{from, to}].emplace_back(bytes.begin(), bytes.end());
    }
    arrived_.notify_all();
  }

  void receive(int from, int to, std::span<std::byte> bytes) {
    std::unique_lock lock(mutex_);
    auto& waiting = letters_[{from, to}];
    arrived_.wait(lock, [&] { return !waiting.empty() || is_closed_; });
    if (waiting.empty()) throw std::runtime_error("the other process has failed");
    const std::vector<std::byte> letter = std::move(waiting.front());
    waiting.erase(waiting.begin());
    if (letter.size() != bytes.size()) throw std::runtime_error("a letter of another size");
    if (!letter.empty()) std::memcpy(bytes.data(), letter.data(), letter.size());
  }

  /// Ends all waiting.
  void close() {
    {
      const std::lock_guard lock(mutex_);
      is_closed_ = true;
    }
    arrived_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::map<std::pair<int, int>, std::vector<std::vector<std::byte>>> letters_;
  bool is_closed_ = false;
};

class ThreadTransport final : public Transport {
 public:
  ThreadTransport(Mailboxes& mail, int rank, int size) : mail_(mail), rank_(rank), size_(size) {}

  int rank() const override { return rank_; }
  int size() const override { return size_; }
  std::string place() const override {
    return "rank " + std::to_string(rank_) + " of " + std::to_string(size_);
  }
  void swap(int partner, std::span<const std::byte> out, std::span<std::byte> in,
            Wait wait) override {
    if (wait == Wait::step) ++step_waits_;
    if (!out.empty()) mail_.send(rank_, partner, out);
    if (!in.empty()) mail_.receive(partner, rank_, in);
  }

  /// Exchanges that may not take longer than a step.
  int step_waits() const { return step_waits_; }

 private:
  Mailboxes& mail_;
  int rank_, size_, step_waits_ = 0;
};

/// Runs `work` once for each rank, at the same time. Rethrows the exception of the lowest rank.
/// @param work takes the Exchange, and the ThreadTransport below it if it wants to
/// @param signal of each rank
template <typename Work>
void run_processes(
    int processes, const Work& work,
    const std::function<int(int rank)>& signal = [](int) { return 0; }) {
  Mailboxes mail;
  std::vector<std::exception_ptr> failures(static_cast<std::size_t>(processes));
  std::vector<std::thread> threads;
  for (int rank = 0; rank < processes; ++rank) {
    threads.emplace_back([&, rank] {
      try {
        ThreadTransport transport(mail, rank, processes);
        Exchange exchange(transport, [&signal, rank] { return signal(rank); });
        if constexpr (std::is_invocable_v<Work, Exchange&, const ThreadTransport&>) {
          work(exchange, transport);
        } else {
          work(exchange);
        }
      } catch (...) {
        failures[static_cast<std::size_t>(rank)] = std::current_exception();
        mail.close();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::exception_ptr& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
}

}  // namespace bnn::testing
