#include "bnn/core/thread_pool.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sched.h>
#include <string>
#include <system_error>

#include "bnn/core/error.h"

namespace bnn {
namespace {

// cgroup v2 gives "quota period" in microseconds, or "max period" where there is no limit.
int cgroup_cpus(int at_most) {
  std::ifstream file("/sys/fs/cgroup/cpu.max");
  double quota = 0, period = 0;
  if (!(file >> quota >> period) || quota <= 0 || period <= 0) return at_most;
  return std::clamp(static_cast<int>(std::ceil(quota / period)), 1, at_most);
}

}  // namespace

ThreadPool::ThreadPool(int threads) {
  threads_.reserve(static_cast<std::size_t>(threads));
  try {
    for (int worker = 1; worker < threads; ++worker) {
      threads_.emplace_back([this, worker] { work(worker); });
    }
  } catch (const std::system_error&) {
    const std::size_t started = threads_.size() + 1;
    stop();
    throw Error(ErrorKind::io, "the system allows only " + std::to_string(started) + " of " +
                                   std::to_string(threads) + " threads; use fewer --threads");
  }
}

ThreadPool::~ThreadPool() { stop(); }

void ThreadPool::stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  start_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void ThreadPool::run_erased(std::size_t count, Job job) {
  {
    const std::lock_guard lock(mutex_);
    job_ = job;
    count_ = count;
    next_ = 0;
    failure_ = nullptr;
    running_ = threads_.size();
    ++round_;
  }
  start_.notify_all();
  take_tasks(0);
  std::unique_lock lock(mutex_);
  done_.wait(lock, [this] { return running_ == 0; });
  if (failure_) std::rethrow_exception(failure_);
}

void ThreadPool::work(int worker) {
  std::size_t seen = 0;
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      start_.wait(lock, [&] { return stop_ || round_ != seen; });
      if (stop_) return;
      seen = round_;
    }
    take_tasks(worker);
    const std::lock_guard lock(mutex_);
    if (--running_ == 0) done_.notify_one();
  }
}

void ThreadPool::take_tasks(int worker) {
  std::unique_lock lock(mutex_);
  while (next_ < count_) {
    const std::size_t index = next_++;
    lock.unlock();
    std::exception_ptr failure;
    try {
      job_.call(job_.object, index, worker);
    } catch (...) {
      failure = std::current_exception();
    }
    lock.lock();
    if (failure) {
      if (!failure_) failure_ = failure;
      next_ = count_;  // the remaining tasks would be thrown away
    }
  }
}

int usable_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return cgroup_cpus(std::max(1, CPU_COUNT(&set)));
}

}  // namespace bnn
