#include "session.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <utility>

#include "digest.hpp"
#include "error.hpp"
#include "file_write.hpp"
#include "json.hpp"
#include "result_table.hpp"
#include "run_loop.hpp"

namespace profiler::driver {
namespace {

class Session {
 public:
  Session(Options const& options, std::vector<std::string> argv, std::vector<PointRecord> earlier)
      : mOptions(options),
        mDevice(cudaDevice(options.device)),
        mNvml(mDevice.facts().uuid),
        mLoop(mOptions, mDevice, mNvml),
        mRecords(std::move(earlier)) {
    mFacts.argv = std::move(argv);
    mFacts.options = options.given;
    mFacts.settings = options.filledSettings;
    mFacts.gpu = mDevice.facts();
    mFacts.displayDriver = mNvml.displayDriver();
    mFacts.programDigest = digestFile("/proc/self/exe");
  }

  void run(std::vector<PointRequest> const& points) {
    ResultTable table(points, mDevice.facts(), mOptions.json == "-" ? stderr : stdout, mOptions.quiet);
    mLoop.prepare(points);
    writeDocument(false);
    for (std::size_t number = mRecords.size(); number < points.size(); ++number) {
      PointResult const result = mLoop.run(points[number], number);
      PointRecord record{dump(pointJson(result)), pointStatusName(result.status), std::nullopt, std::nullopt};
      if (!result.engineName.empty()) record.engine = result.engineName;
      Json const digest = result.facts.value("engine_digest", Json());
      if (digest.is_string()) record.engineDigest = digest;
      mRecords.push_back(std::move(record));
      table.add(result);
      writeDocument(number + 1 == points.size());
      if (result.deviceLost && number + 1 < points.size()) continueInNewProcess(mRecords, mFacts.argv);
    }
    if (mOptions.json == "-") std::fputs(document().c_str(), stdout);
  }

  std::vector<PointRecord> const& records() const { return mRecords; }

 private:
  std::string document() {
    if (TensorrtBackend const* backend = mLoop.tensorrt()) {
      mFacts.tensorrtVersion = backend->version();
      mFacts.tensorrtLibrary = backend->libraryPath();
      mFacts.pluginLibraryDigest = backend->pluginLibraryDigest();
      mFacts.timingCacheDigest = backend->timingCacheDigest();
    }
    std::optional<std::string> engine, engineDigest;
    bool oneEngine = true;
    std::vector<std::string> points;
    for (auto const& record : mRecords) {
      if (!engine) engine = record.engine;
      if (record.engineDigest && engineDigest && *record.engineDigest != *engineDigest) oneEngine = false;
      if (!engineDigest) engineDigest = record.engineDigest;
      points.push_back(record.json);
    }
    return documentJson(mFacts, engine, oneEngine ? engineDigest : std::nullopt, points);
  }
  /// After every point, so that a crash costs none and shows which point it was in.
  void writeDocument(bool isLast) {
    if (mOptions.json && *mOptions.json != "-") writeFileAtomically(*mOptions.json, document(), isLast);
  }

  Options const& mOptions;
  Device& mDevice;
  Nvml mNvml;
  RunLoop mLoop;
  std::vector<PointRecord> mRecords;
  DocumentFacts mFacts;
};

/// A file that is not there concerns every point; it is told before the GPU is used.
void requireFiles(Options const& options) {
  for (auto const& [option, path] : {std::pair{"--engine", options.engineFile}, std::pair{"--onnx", options.onnxFile}}) {
    std::error_code ignored;
    if (path.empty() || (std::filesystem::is_regular_file(path, ignored) && std::ifstream(path))) continue;
    throw Error(ExitCode::kFileMissing, "cannot read " + path, std::string("check ") + option + ": it must name a file");
  }
  std::error_code ignored;
  if (!options.compareOutput.empty() && !std::filesystem::is_directory(options.compareOutput, ignored)) {
    throw Error(ExitCode::kFileMissing, "no folder " + options.compareOutput, "write it first with --save-output, same sweep and --seed");
  }
}

}  // namespace

ExitCode exitCodeOf(std::vector<PointRecord> const& records) {
  bool anyOk = false, anyFailed = false;
  for (auto const& record : records) {
    if (record.status == pointStatusName(PointStatus::kWrongOutput)) return ExitCode::kWrongOutput;
    anyOk = anyOk || record.status == pointStatusName(PointStatus::kOk);
    anyFailed = anyFailed || record.status == pointStatusName(PointStatus::kFailed);
  }
  return anyFailed || !anyOk ? ExitCode::kRunFailed : ExitCode::kOk;
}

ExitCode runSession(Options const& options, std::vector<PointRequest> const& points, std::vector<std::string> const& argv) {
  requireFiles(options);
  Session session(options, argv, takeEarlierPoints());
  session.run(points);
  return exitCodeOf(session.records());
}

}  // namespace profiler::driver
