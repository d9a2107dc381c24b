// Digests, saves and compares whole outputs; the other half of verification.hpp.
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "digest.hpp"
#include "error.hpp"
#include "verification.hpp"

namespace profiler::core {
namespace {

namespace fs = std::filesystem;

std::vector<char> copyToHost(Device& device, void const* output, std::size_t byteCount) {
  std::vector<char> bytes(byteCount);
  if (byteCount > 0) device.readBack(bytes.data(), output, byteCount, nullptr);
  device.synchronize(nullptr);
  return bytes;
}

std::string fileName(std::size_t point, std::size_t output) {
  return "point-" + std::to_string(point) + ".output-" + std::to_string(output) + ".bin";
}

void writeBytes(fs::path const& path, std::vector<char> const& bytes) {
  std::error_code ignored;
  fs::create_directories(path.parent_path(), ignored);
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (!file) throw Error(ExitCode::kFileMissing, "cannot write " + path.string(), "check the folder, its permissions and the free space");
}

std::vector<char> readBytes(fs::path const& path, std::size_t expected) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file)
    throw Error(ExitCode::kFileMissing, "cannot read " + path.string(), "write it first with --save-output, same sweep and --seed");
  auto const size = static_cast<std::size_t>(file.tellg());
  if (size != expected) {
    throw Error(ExitCode::kFileMissing, path.string() + " holds " + std::to_string(size) + " bytes, expected " + std::to_string(expected),
                "compare points of one shape and type");
  }
  std::vector<char> bytes(size);
  file.seekg(0);
  file.read(bytes.data(), static_cast<std::streamsize>(size));
  return bytes;
}

OutputRecord::Comparison compareBytes(TensorSpec const& spec, std::vector<char> const& actual, std::vector<char> const& saved) {
  OutputRecord::Comparison comparison;
  std::size_t const elementBytes = spec.elementBytes();
  auto const type = floatType(spec.type);
  for (std::int64_t i = 0; i < spec.elementCount(); ++i) {
    std::size_t const offset = static_cast<std::size_t>(i) * elementBytes;
    if (std::memcmp(actual.data() + offset, saved.data() + offset, elementBytes) == 0) continue;
    ++comparison.differentElements;
    if (!type) continue;
    double const difference = std::fabs(plugins::loadElement(*type, actual.data(), i) - plugins::loadElement(*type, saved.data(), i));
    if (std::isfinite(difference)) comparison.maxAbsDifference = std::max(comparison.maxAbsDifference.value_or(0.0), difference);
  }
  comparison.identical = comparison.differentElements == 0;
  if (comparison.identical && type) comparison.maxAbsDifference = 0.0;
  return comparison;
}

}  // namespace

std::vector<OutputRecord> recordOutputs(BufferRing const& ring, std::size_t set, std::size_t pointNumber, OutputRequest const& request) {
  std::vector<OutputRecord> records;
  if (!request.any()) return records;
  for (std::size_t i = 0; i < ring.tensors().size(); ++i) {
    TensorSpec const& spec = ring.tensors()[i];
    if (spec.isInput) continue;
    std::vector<char> const bytes = copyToHost(ring.device(), ring.addresses(set)[i], spec.sizeBytes());
    std::string const name = fileName(pointNumber, records.size());
    OutputRecord record;
    record.tensor = spec.name;
    if (request.digest) record.digest = digestBytes(bytes.data(), bytes.size());
    if (!request.compareDirectory.empty()) {
      fs::path const saved = fs::path(request.compareDirectory) / name;
      record.comparison = compareBytes(spec, bytes, readBytes(saved, bytes.size()));
      record.comparison->file = saved.string();
    }
    // after the comparison: the folder may be the same
    if (!request.saveDirectory.empty()) {
      record.file = (fs::path(request.saveDirectory) / name).string();
      writeBytes(*record.file, bytes);
    }
    records.push_back(std::move(record));
  }
  return records;
}

}  // namespace profiler::core
