/**
 * @file
 * The C interface of libprofiler_core: measures one point of a sweep, on a GPU or on the host, for whoever hands it callbacks. It owns
 * buffers, cache rotation, warm-up, timing, the stop rule, the stream check and the output checks. Made for ctypes and other
 * foreign-function interfaces; holds no CUDA or C++ type and needs no CUDA to load: the driver library is opened at the first call
 * that needs a GPU.
 *
 * Conventions
 * - Status: 0 is success, otherwise the exit code that `profiler-driver` would end with (2 usage, 3 library missing, 4 failed, 6 file
 *   missing, 1 defect). The answer is then `{"error": "...", "hint": "..."}`.
 * - Text is UTF-8. An answer belongs to the caller, who gives it back with profilerCoreFree.
 * - Threads: every function may be called from any thread; callbacks come from the calling thread and, where a point has several
 *   threads, from threads of the core, several at once.
 */
#ifndef PROFILER_CORE_H
#define PROFILER_CORE_H

#include <stdint.h>

#if defined(__GNUC__)
#define PROFILER_CORE_EXPORT __attribute__((visibility("default")))
#else
#define PROFILER_CORE_EXPORT
#endif

#define PROFILER_CORE_ABI_VERSION 1

#ifdef __cplusplus
extern "C" {
#endif

/** Kinds of ranges, see the NVTX convention in docs/formats.md. */
enum {
  PROFILER_CORE_RANGE_POINT = 0, /**< `text` is the label; no payload. */
  PROFILER_CORE_RANGE_SETUP = 1, /**< Graph capture. */
  PROFILER_CORE_RANGE_VERIFY = 2,
  PROFILER_CORE_RANGE_WARMUP = 3,
  PROFILER_CORE_RANGE_ITERATION = 4 /**< `payload` holds the bytes that the iteration must move. */
};

/**
 * What a point is made of. Every function gets `context` first and returns 0 for success; any other number ends the point as failed.
 * Only `enqueue` is required, the others may be null.
 */
typedef struct ProfilerCoreCallbacks {
  void* context;
  /**
   * Enqueues one iteration on `stream` (a CUstream / cudaStream_t; null on the host, where it computes and returns) and returns.
   * `addresses` holds the `count` tensors of the request in their order: device addresses, on the host plain memory. `lane` counts
   * thread by thread, stream by stream; one lane is never used by two threads at once.
   */
  int32_t (*enqueue)(void* context, int32_t lane, void* const* addresses, int32_t count, void* stream);
  /**
   * Computes float64 outputs from float64 inputs, arrays of `elementCount` elements each where the request says `elementwise`
   * (any slice of the tensors, several threads at once), of all elements otherwise (`elementCount` is that of the first input).
   */
  int32_t (*reference)(void* context, double const* const* inputs, double* const* outputs, int64_t elementCount);
  /** Opens a range of the calling thread. `text` is the label of a point and null otherwise. */
  void (*rangePush)(void* context, int32_t kind, char const* text, int64_t payload);
  /** Closes the range of the calling thread that was opened last. */
  void (*rangePop)(void* context);
  /** Asked between batches; a number other than 0 ends the measurement with what it has (stop_reason `cancelled`). */
  int32_t (*cancelled)(void* context);
} ProfilerCoreCallbacks;

PROFILER_CORE_EXPORT int32_t profilerCoreAbiVersion(void);

/** Gives an answer back; null is allowed. */
PROFILER_CORE_EXPORT void profilerCoreFree(char* answer);

/**
 * Measures one point: verifies every lane, checks the stream, warms up, measures, and looks at what the measured iterations wrote.
 * Opens the ranges `point`, `verify`, `warmup` and `iteration`; the caller makes its engine ready before, in a range `setup` of its own.
 *
 * `request` is a JSON object:
 *   point        {"op", "shape": [..] or null, "dtype": "fp32|fp16|bf16" or null, "attributes": {..}} or {"label": "op=.. .."}; the label
 * of the record is "label" where it is given, otherwise made from the others number       place in the sweep from 0: added to the seed, and
 * in names of output files (default 0) device       CUDA device ordinal, or null: the host (threads 1, streams 1, launch mode plain)
 *   settings     any of profiler/runner/options.json by name; what is absent or null has its default
 *   tensors      [{"name", "shape": [..], "dtype": "fp32|fp16|bf16|int64|int32|int8|uint8|bool", "is_input": bool}], inputs first
 *   bytes_per_iteration    null: every tensor once
 *   launches_per_iteration kernels and copies that one iteration puts into the launch queue (default 1)
 *   elementwise  whether `reference` may be asked for slices (default true)
 *   tolerance    {"absolute", "relative"} of the reference, for the type of the outputs; needed with `reference`
 *   outputs      {"digest": bool, "save": folder, "compare": folder}, all optional
 *   facts        object whose members stand in the record as they are (launch, layers, engine_digest, ...)
 *
 * `answer` becomes the record of the point, docs/formats.md. A failed, skipped or wrong point is an answer, not an error; it then holds
 * `"device_lost": true` where the CUDA context is gone and the process can measure no more.
 */
PROFILER_CORE_EXPORT int32_t profilerCoreMeasure(char const* request, ProfilerCoreCallbacks const* callbacks, char** answer);

/**
 * Everything else, by name; argument and answer are JSON.
 *   settings  {name: value} -> all settings, defaults filled in, checked (bounds that were not given move to those that were)
 *   device    {"device": 0} -> {"device": {..}, "versions": {..}} as in the result document
 *   lost      {"device": 0} -> {"lost": bool}: whether the CUDA context of this process is unusable
 *   layers    {"text": ".."} -> {"layers": [..] or null}: of a record, from what TensorRT's engine inspector tells as JSON
 */
PROFILER_CORE_EXPORT int32_t profilerCoreCall(char const* function, char const* argument, char** answer);

#ifdef __cplusplus
}
#endif

#endif
