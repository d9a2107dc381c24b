#include "session.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <utility>

#include "direct_engine.hpp"
#include "files.hpp"
#include "nvtx_ranges.hpp"
#include "result_table.hpp"
#include "sweep.hpp"
#include "tensorrt_backend.hpp"

namespace profiler::driver {
namespace {

class Session {
 public:
  Session(Options const& options, std::vector<std::string> const& argv)
      : mOptions(options),
        mArgv(argv),
        mDevice(cudaDevice(options.device)),
        mNvml(mDevice.facts().uuid),
        mRecords(takeEarlierPoints()),
        mHead(documentHead(options, mDevice.facts(), mNvml.displayDriver(), argv)) {}

  ExitCode run(std::vector<PointRequest> const& points) {
    ResultTable table(points, mDevice.facts(), mOptions.json == "-" ? stderr : stdout, mOptions.quiet);
    loadTensorrt(points);
    writeDocument(false);
    for (std::size_t number = mRecords.size(); number < points.size(); ++number) {
      PointRequest const& point = points[number];
      MeasureContext const context{
          mDevice, mNvml, mRanges, mOptions.settings, {mOptions.outputDigest, mOptions.saveOutput, mOptions.compareOutput}, {}};
      PointResult const result = measurePoint(context, point, number, [&] { return workloadOf(point); });
      mRecords.emplace_back(pointJson(result));
      table.add(result);
      writeDocument(number + 1 == points.size());
      if (result.deviceLost && number + 1 < points.size()) continueInNewProcess(mRecords, mArgv);
    }
    if (mOptions.json == "-") std::fputs(document().c_str(), stdout);
    return exitCodeOf(mRecords);
  }

 private:
  /// Where one of the points needs it. Throws Error for what concerns every point: no TensorRT, no plugin library.
  void loadTensorrt(std::vector<PointRequest> const& points) {
    auto const needs = [](PointRequest const& point) { return point.op != kCopyOp; };
    if (mOptions.direct || std::none_of(points.begin(), points.end(), needs)) return;
    core::Range const range(mRanges, RangeKind::kSetup);
    mTensorrt = loadTensorrtBackend(mOptions, mDevice.facts());
    mHead["versions"]["tensorrt"] = mTensorrt->version();
    mHead["versions"]["tensorrt_library"] = mTensorrt->libraryPath();
    mHead["digests"]["plugin_library"] = orNull(mTensorrt->pluginLibraryDigest());
  }

  Workload workloadOf(PointRequest const& point) {
    if (point.op == kCopyOp) return copyWorkload(mDevice, point);
    return mOptions.direct ? directWorkload(point) : mTensorrt->makeWorkload(point);
  }

  std::string document() {
    if (mTensorrt) mHead["digests"]["timing_cache"] = orNull(mTensorrt->timingCacheDigest());  // each build changes it
    return documentText(mHead, mRecords);
  }
  /// After every point, so that a crash costs none and shows which point it was in.
  void writeDocument(bool isLast) {
    if (!mOptions.json.empty() && mOptions.json != "-") writeFileAtomically(mOptions.json, document(), isLast);
  }

  Options const& mOptions;
  std::vector<std::string> const& mArgv;
  Device& mDevice;
  Nvml mNvml;
  NvtxRanges mRanges;
  std::shared_ptr<TensorrtBackend> mTensorrt;
  std::vector<PointRecord> mRecords;
  Json mHead;
};

/// A file that is not there concerns every point; it is told before the GPU is used.
void requireFiles(Options const& options) {
  std::error_code ignored;
  for (auto const& [option, path] : {std::pair{"--engine", options.engineFile}, std::pair{"--onnx", options.onnxFile}}) {
    if (path.empty() || (std::filesystem::is_regular_file(path, ignored) && std::ifstream(path))) continue;
    throw Error(ExitCode::kFileMissing, "cannot read " + path, std::string("check ") + option + ": it must name a file");
  }
  if (!options.compareOutput.empty() && !std::filesystem::is_directory(options.compareOutput, ignored)) {
    throw Error(ExitCode::kFileMissing, "no folder " + options.compareOutput, "write it first with --save-output, same sweep and --seed");
  }
}

}  // namespace

ExitCode runSession(Options const& options, std::vector<PointRequest> const& points, std::vector<std::string> const& argv) {
  requireFiles(options);
  return Session(options, argv).run(points);
}

}  // namespace profiler::driver
