// Digests, saves and compares whole outputs; the other half of verification.hpp.
#include <cmath>
#include <cstring>
#include <filesystem>

#include "digest.hpp"
#include "error.hpp"
#include "files.hpp"
#include "verification.hpp"

namespace profiler::core {
namespace {

namespace fs = std::filesystem;

std::string copyToHost(Device& device, void const* output, std::size_t byteCount) {
  std::string bytes(byteCount, '\0');
  if (byteCount > 0) device.readBack(bytes.data(), output, byteCount, nullptr);
  device.synchronize(nullptr);
  return bytes;
}

Json compareBytes(TensorSpec const& spec, std::string const& actual, fs::path const& path) {
  std::string const saved = readFile(path.string(), "write it first with --save-output, same sweep and --seed");
  if (saved.size() != actual.size()) {
    throw Error(ExitCode::kFileMissing,
                path.string() + " holds " + std::to_string(saved.size()) + " bytes, expected " + std::to_string(actual.size()),
                "compare points of one shape and type");
  }
  std::int64_t different = 0;
  std::optional<double> largest;  // absent for integers, and where nothing finite differs
  for (std::int64_t i = 0; i < spec.elementCount(); ++i) {
    std::size_t const offset = static_cast<std::size_t>(i) * spec.elementBytes();
    if (std::memcmp(actual.data() + offset, saved.data() + offset, spec.elementBytes()) == 0) continue;
    ++different;
    if (!isFloat(spec.type)) continue;
    double const difference =
        std::fabs(plugins::loadElement(spec.type, actual.data(), i) - plugins::loadElement(spec.type, saved.data(), i));
    if (std::isfinite(difference)) largest = std::max(largest.value_or(0.0), difference);
  }
  if (different == 0 && isFloat(spec.type)) largest = 0.0;
  return {
      {"file", path.string()}, {"identical", different == 0}, {"different_elements", different}, {"max_abs_difference", orNull(largest)}};
}

}  // namespace

Json recordOutputs(BufferRing const& ring, std::size_t set, std::size_t pointNumber, OutputRequest const& request) {
  Json records = Json::array();
  for (std::size_t i = 0; request.any() && i < ring.tensors().size(); ++i) {
    TensorSpec const& spec = ring.tensors()[i];
    if (spec.isInput) continue;
    std::string const bytes = copyToHost(ring.device(), ring.addresses(set)[i], spec.sizeBytes());
    std::string const name = "point-" + std::to_string(pointNumber) + ".output-" + std::to_string(records.size()) + ".bin";
    Json record = {{"tensor", spec.name}, {"digest", nullptr}, {"file", nullptr}, {"comparison", nullptr}};
    if (request.digest) record["digest"] = digestBytes(bytes);
    if (!request.compareDirectory.empty()) record["comparison"] = compareBytes(spec, bytes, fs::path(request.compareDirectory) / name);
    if (!request.saveDirectory.empty()) {  // after the comparison: the folder may be the same
      fs::path const saved = fs::path(request.saveDirectory) / name;
      std::error_code ignored;  // what is wrong with the folder shows when the file is written
      fs::create_directories(saved.parent_path(), ignored);
      writeFileAtomically(saved.string(), bytes, false);
      record["file"] = saved.string();
    }
    records.push_back(std::move(record));
  }
  return records;
}

}  // namespace profiler::core
