// A user's program in small: marks set-up, two points and their iterations with the public header; needs no GPU.
#include <chrono>
#include <thread>

#include "profiler/nvtx.hpp"

namespace {

void work() { std::this_thread::sleep_for(std::chrono::milliseconds(1)); }

}  // namespace

int main() {
  {
    auto setup = profiler::setup();
    work();
  }
  for (int const block : {128, 256}) {
    profiler::Point point({{"op", "saxpy"}, {"shape", "64x1024"}, {"dtype", "fp32"}, {"block", block}, {"note", "a/b c"}},
                          786432ULL * block);
    {
      auto verify = point.verify();
      work();
    }
    {
      auto warmup = point.warmup();
      work();
    }
    for (int i = 0; i < 3; ++i) {
      auto iteration = point.iteration();
      work();
    }
  }
  return 0;
}
