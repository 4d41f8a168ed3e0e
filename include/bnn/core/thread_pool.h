#pragma once
// Worker threads that run numbered tasks.
//
// `run(count, task)` calls task(index, worker) once for every index in [0, count) and returns when
// all have ended; the calling thread is worker 0. Which worker gets which task is not fixed, so a
// task may write only what belongs to its index (or to its worker, as scratch): then results do not
// depend on the number of threads. The first exception of a task is rethrown by run. One caller at
// a time; tasks must not call run.

#include <condition_variable>
#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <type_traits>
#include <vector>

namespace bnn {

class ThreadPool {
 public:
  /// @param threads at least 1; 1 starts no thread at all. Throws Error(io) if the system refuses.
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int size() const { return static_cast<int>(threads_.size()) + 1; }

  /// Allocates nothing.
  template <typename Task>
  void run(std::size_t count, Task&& task) {
    using Plain = std::remove_reference_t<Task>;
    run_erased(count, Job{&task, [](const void* object, std::size_t index, int worker) {
                            (*static_cast<const Plain*>(object))(index, worker);
                          }});
  }

 private:
  struct Job {
    const void* object = nullptr;
    void (*call)(const void* object, std::size_t index, int worker) = nullptr;
  };

  void run_erased(std::size_t count, Job job);
  void work(int worker);
  void stop();
  void take_tasks(int worker);

  std::vector<std::thread> threads_;
  std::mutex mutex_;
  std::condition_variable start_, done_;
  // Guarded by mutex_.
  Job job_;
  std::size_t count_ = 0;
  std::size_t next_ = 0;
  std::size_t running_ = 0;
  std::size_t round_ = 0;
  bool stop_ = false;
  std::exception_ptr failure_;
};

/// The number of CPUs this process may use: its affinity mask, limited by the cgroup's CPU quota.
int usable_cpus();

}  // namespace bnn
