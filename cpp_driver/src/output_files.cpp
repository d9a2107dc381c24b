// Digests, saves and compares whole outputs; the other half of verification.hpp.
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "digest.hpp"
#include "error.hpp"
#include "verification.hpp"

namespace profiler::driver {
namespace {

namespace fs = std::filesystem;

std::vector<char> copyToHost(const void* device, std::size_t byteCount) {
  std::vector<char> bytes(byteCount);
  if (byteCount > 0) CUDA_CHECK(cudaMemcpy(bytes.data(), device, byteCount, cudaMemcpyDeviceToHost));
  return bytes;
}

std::string fileName(std::size_t point, std::size_t output) { return "point-" + std::to_string(point) + ".output-" + std::to_string(output) + ".bin"; }

void writeBytes(const fs::path& path, const std::vector<char>& bytes) {
  std::error_code ignored;
  fs::create_directories(path.parent_path(), ignored);
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (!file) throw Error(ExitCode::kFileMissing, "cannot write " + path.string(), "check the folder, its permissions and the free space");
}

std::vector<char> readBytes(const fs::path& path, std::size_t expected) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) throw Error(ExitCode::kFileMissing, "cannot read " + path.string(), "write it first with --save-output, same sweep and --seed");
  const auto size = static_cast<std::size_t>(file.tellg());
  if (size != expected) {
    throw Error(ExitCode::kFileMissing, path.string() + " holds " + std::to_string(size) + " bytes, expected " + std::to_string(expected),
                "compare points of one shape and type");
  }
  std::vector<char> bytes(size);
  file.seekg(0);
  file.read(bytes.data(), static_cast<std::streamsize>(size));
  return bytes;
}

OutputRecord::Comparison compareBytes(const TensorSpec& spec, const std::vector<char>& actual, const std::vector<char>& saved) {
  OutputRecord::Comparison comparison;
  const std::size_t elementBytes = spec.elementBytes();
  const auto type = floatType(spec.type);
  for (std::int64_t i = 0; i < spec.elementCount(); ++i) {
    const std::size_t offset = static_cast<std::size_t>(i) * elementBytes;
    if (std::memcmp(actual.data() + offset, saved.data() + offset, elementBytes) == 0) continue;
    ++comparison.differentElements;
    if (!type) continue;
    const double difference = std::fabs(plugins::loadElement(*type, actual.data(), i) - plugins::loadElement(*type, saved.data(), i));
    if (std::isfinite(difference)) comparison.maxAbsDifference = std::max(comparison.maxAbsDifference.value_or(0.0), difference);
  }
  comparison.identical = comparison.differentElements == 0;
  if (comparison.identical && type) comparison.maxAbsDifference = 0.0;
  return comparison;
}

}  // namespace

std::vector<OutputRecord> recordOutputs(const BufferRing& ring, std::size_t set, std::size_t pointNumber, const OutputRequest& request) {
  std::vector<OutputRecord> records;
  if (!request.any()) return records;
  for (std::size_t i = 0; i < ring.tensors().size(); ++i) {
    const TensorSpec& spec = ring.tensors()[i];
    if (spec.isInput) continue;
    const std::vector<char> bytes = copyToHost(ring.addresses(set)[i], spec.sizeBytes());
    const std::string name = fileName(pointNumber, records.size());
    OutputRecord record;
    record.tensor = spec.name;
    if (request.digest) record.digest = digestBytes(bytes.data(), bytes.size());
    if (!request.saveDirectory.empty()) {
      record.file = (fs::path(request.saveDirectory) / name).string();
      writeBytes(*record.file, bytes);
    }
    if (!request.compareDirectory.empty()) {
      const fs::path saved = fs::path(request.compareDirectory) / name;
      record.comparison = compareBytes(spec, bytes, readBytes(saved, bytes.size()));
      record.comparison->file = saved.string();
    }
    records.push_back(std::move(record));
  }
  return records;
}

}  // namespace profiler::driver
