#include "session.hpp"

#include <cstdio>

#include "file_write.hpp"
#include "result_table.hpp"
#include "digest.hpp"

namespace profiler::driver {
namespace {

class Session {
 public:
  Session(const Options& options, std::vector<std::string> argv, std::vector<PointRecord> earlier)
      : mOptions(options), mGpu(selectDevice(options.device)), mNvml(mGpu.uuid), mLoop(mOptions, mGpu, mNvml), mRecords(std::move(earlier)) {
    mFacts.argv = std::move(argv);
    mFacts.options = options.given;
    mFacts.gpu = mGpu;
    mFacts.displayDriver = mNvml.displayDriver();
    mFacts.programDigest = digestFile("/proc/self/exe");
  }

  void run(const std::vector<PointRequest>& points) {
    ResultTable table(points, mGpu, mOptions.json == "-" ? stderr : stdout, mOptions.quiet);
    writeDocument();
    for (std::size_t number = mRecords.size(); number < points.size(); ++number) {
      const PointResult result = mLoop.run(points[number], number);
      PointRecord record{pointJson(result), pointStatusName(result.status), std::nullopt, std::nullopt};
      if (!result.engineName.empty()) record.engine = result.engineName;
      if (result.engine) record.engineDigest = result.engine->digest;
      mRecords.push_back(std::move(record));
      table.add(result);
      writeDocument();
      if (result.deviceLost && number + 1 < points.size()) continueInNewProcess(mRecords, mFacts.argv);
    }
    if (mOptions.json == "-") std::fputs(document().c_str(), stdout);
  }

  const std::vector<PointRecord>& records() const { return mRecords; }

 private:
  std::string document() {
    if (const TensorrtBackend* backend = mLoop.tensorrt()) {
      mFacts.tensorrtVersion = backend->version();
      mFacts.tensorrtLibrary = backend->libraryPath();
      mFacts.pluginLibraryDigest = backend->pluginLibraryDigest();
      mFacts.timingCacheDigest = backend->timingCacheDigest();
    }
    std::optional<std::string> engine, engineDigest;
    bool oneEngine = true;
    std::vector<std::string> points;
    for (const auto& record : mRecords) {
      if (!engine) engine = record.engine;
      if (record.engineDigest && engineDigest && *record.engineDigest != *engineDigest) oneEngine = false;
      if (!engineDigest) engineDigest = record.engineDigest;
      points.push_back(record.json);
    }
    return documentJson(mFacts, engine, oneEngine ? engineDigest : std::nullopt, points);
  }
  void writeDocument() {
    if (mOptions.json && *mOptions.json != "-") writeFileAtomically(*mOptions.json, document());
  }

  const Options& mOptions;
  GpuDescription mGpu;
  Nvml mNvml;
  RunLoop mLoop;
  std::vector<PointRecord> mRecords;
  DocumentFacts mFacts;
};

}  // namespace

ExitCode exitCodeOf(const std::vector<PointRecord>& records) {
  bool anyOk = false, anyFailed = false;
  for (const auto& record : records) {
    if (record.status == pointStatusName(PointStatus::kWrongOutput)) return ExitCode::kWrongOutput;
    anyOk = anyOk || record.status == pointStatusName(PointStatus::kOk);
    anyFailed = anyFailed || record.status == pointStatusName(PointStatus::kFailed);
  }
  return anyFailed || !anyOk ? ExitCode::kRunFailed : ExitCode::kOk;
}

ExitCode runSession(const Options& options, const std::vector<PointRequest>& points, const std::vector<std::string>& argv) {
  Session session(options, argv, takeEarlierPoints());
  session.run(points);
  return exitCodeOf(session.records());
}

}  // namespace profiler::driver
