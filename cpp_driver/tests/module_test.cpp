// Loads a TensorRT module as the driver does. Without TensorRT: its refusal must arrive here as the driver's own exception. With a TensorRT
// library and a model: the engine must be built, cached and saved; without a GPU it cannot be loaded, and that must be said.
#include <dlfcn.h>

#include <cstdio>
#include <filesystem>

#include "refusal.hpp"
#include "tensorrt_backend.hpp"

namespace {

using namespace profiler::driver;
namespace fs = std::filesystem;

using Make = decltype(&profilerMakeTensorrtBackend);

void refusesAnotherLibrary(Make make) {
  Options const options;
  DeviceFacts const gpu;
  TensorrtModule module;
  module.libraryPath = "libm.so.6";
  module.library = dlopen("libm.so.6", RTLD_LAZY);
  CHECK(module.library != nullptr);
  CHECK_ERROR(make(options, gpu, module), "lacks the symbol createInferBuilder_INTERNAL");
}

/// Runs one point of the model; returns what was refused, or an empty text where a GPU loaded the engine.
std::string tryPoint(TensorrtBackend& backend) {
  try {
    backend.makeWorkload(makePoint({{"op", "model"}, {"dtype", "fp32"}}, {}));
  } catch (Unsupported const& unsupported) {
    return unsupported.what();
  }
  return "";
}

void buildsAndCaches(Make make, std::string const& library, std::string const& model, fs::path const& folder) {
  fs::remove_all(folder);
  fs::create_directories(folder);
  Options const options = parseOptions({"--onnx", model, "--tensorrt-library", library, "--cache-dir", (folder / "cache").string(),
                                        "--save-engine", (folder / "model.engine").string(), "--plugin-library", "none"});
  TensorrtModule const module = findTensorrt(library);
  CHECK(module.major == 11);
  std::unique_ptr<TensorrtBackend> const backend(make(options, DeviceFacts{}, module));
  std::string const refusal = tryPoint(*backend);
  CHECK_DETAIL(refusal.empty() || refusal.find("cannot load the engine") != std::string::npos, refusal);
  CHECK(fs::exists(folder / "model.engine") && fs::file_size(folder / "model.engine") > 1000);
  CHECK(std::distance(fs::directory_iterator(folder / "cache" / "engines"), fs::directory_iterator()) == 1);
  CHECK(backend->timingCacheDigest().has_value() && !backend->pluginLibraryDigest());
  auto const built = fs::last_write_time(*fs::directory_iterator(folder / "cache" / "engines"));
  std::unique_ptr<TensorrtBackend> const again(make(options, DeviceFacts{}, module));
  tryPoint(*again);
  CHECK(fs::last_write_time(*fs::directory_iterator(folder / "cache" / "engines")) == built);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 && argc != 5) return 2;
  void* const handle = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  CHECK_DETAIL(handle != nullptr, handle ? "" : dlerror());
  if (!handle) return 1;
  auto const make = reinterpret_cast<Make>(dlsym(handle, "profilerMakeTensorrtBackend"));
  CHECK(make != nullptr);
  if (argc == 2) {
    refusesAnotherLibrary(make);
  } else {
    buildsAndCaches(make, argv[2], argv[3], argv[4]);
  }
  return profiler::plugins::test::checks().finish("module");
}
