// Which driver module a TensorRT library gets: by the version that it tells, not by the folder that it lies in.
#include <algorithm>

#include "refusal.hpp"
#include "tensorrt_backend.hpp"

namespace {

using namespace profiler::driver;

void versionOutranksFolder(std::string const& library) {
  std::vector<int> const majors = builtTensorrtMajors();
  if (majors.empty()) {
    CHECK_ERROR(findTensorrt(library), "built without TensorRT");
  } else if (std::find(majors.begin(), majors.end(), 8) == majors.end()) {
    CHECK_ERROR(findTensorrt(library), "no driver module was built for major version 8");
  } else {
    TensorrtModule const module = findTensorrt(library);
    CHECK_DETAIL(module.major == 8 && module.version == "8.6.1", module.version);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  versionOutranksFolder(argv[1]);
  return profiler::plugins::test::checks().finish("loader");
}
