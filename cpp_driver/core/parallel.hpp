/// Splits a range of indices over the cores of the host.
#pragma once

#include <algorithm>
#include <cstdint>
#include <exception>
#include <system_error>
#include <thread>
#include <vector>

namespace profiler::core {

/// Number of parts that a range of `count` elements is split into: one per core, none smaller than `grain`.
inline std::int64_t partCount(std::int64_t count, std::int64_t grain) {
  std::int64_t const cores = std::max(1U, std::thread::hardware_concurrency());
  return std::clamp<std::int64_t>((count + grain - 1) / grain, 1, cores);
}

/// Calls `work(part, begin, end)` for each part, in threads of their own as far as there are any, and rethrows the first exception.
template <typename Work>
void forEachPart(std::int64_t count, std::int64_t parts, Work const& work) {
  std::vector<std::exception_ptr> failures(static_cast<std::size_t>(parts));
  auto const run = [&](std::int64_t part) {
    try {
      work(part, count * part / parts, count * (part + 1) / parts);
    } catch (...) {
      failures[static_cast<std::size_t>(part)] = std::current_exception();
    }
  };
  std::vector<std::thread> threads;
  threads.reserve(static_cast<std::size_t>(parts));
  std::int64_t started = 1;
  try {
    for (; started < parts; ++started) threads.emplace_back(run, started);
  } catch (std::system_error const&) {  // NOLINT(bugprone-empty-catch): the system gives no more threads, this one does the rest
  }
  run(0);
  for (; started < parts; ++started) run(started);
  for (auto& thread : threads) thread.join();
  for (auto const& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
}

}  // namespace profiler::core
