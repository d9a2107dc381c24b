// A marked C++ program on the fake driver; its argument says how an iteration uses streams.
#include <dlfcn.h>

#include <csignal>
#include <cstdlib>
#include <string>

#include "profiler/nvtx.hpp"

int main(int, char** argv) {
  void* const library = dlopen(std::getenv("PROFILER_CUDA_LIBRARY"), RTLD_NOW | RTLD_GLOBAL);
  auto const launch = reinterpret_cast<void (*)(std::size_t, long long)>(dlsym(library, "fake_launch"));
  std::string const how = argv[1];
  for (int const block : {64, 128}) {
    profiler::Point point({{"op", "x"}, {"block", block}}, 1000);
    { auto warmup = point.warmup(); }
    { auto verify = point.verify(); }
    for (int i = 0; i < 5; ++i) {
      std::size_t const stream = how == "named" ? 3 : 0;
      auto iteration = how == "named" ? point.iteration(reinterpret_cast<void*>(stream)) : point.iteration();
      launch(stream, 2000000);
      if (how == "outside") launch(4, 100000000);
    }
  }
  if (how == "kill") std::raise(SIGKILL);
  return 0;
}
