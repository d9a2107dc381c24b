/**
 * @file
 * The C interface of libprofiler_ops: lists ops, prepares one with its attributes, describes and launches it on a CUDA stream, and
 * computes its float64 reference. Made for ctypes and other foreign-function interfaces; holds no CUDA or C++ type.
 *
 * Conventions
 * - Status: 0 is success; a positive number is a cudaError_t; a negative one is a PROFILER_OPS_* code. `profilerOpsStatusText` names it.
 * - Text: a function that returns text writes at most `capacity` bytes, the closing zero included, into `text` and returns the length
 *   that the whole text has without the zero (a negative status on failure). Call with capacity 0 to ask for the length.
 *   Everything is UTF-8.
 * - libprofiler_ops_host has the same functions without kernels: a launch ends with status 98, everything else is the same.
 * - Threads: every function may be called from any thread; one prepared op may be launched from several threads at once.
 * - Streams: `stream` is a cudaStream_t / CUstream as a pointer-sized number. Null is the default stream, as CUDA defines it.
 * - The calling thread's current CUDA context is used; `profilerOpsPrepare` reads the properties of its device.
 *
 * The ABI version changes when a signature, a structure or the meaning of a code changes.
 */
#ifndef PROFILER_PLUGINS_CONTRACT_C_API_H
#define PROFILER_PLUGINS_CONTRACT_C_API_H

#include <stdint.h>

#if defined(__GNUC__)
#define PROFILER_OPS_EXPORT __attribute__((visibility("default")))
#else
#define PROFILER_OPS_EXPORT
#endif

#define PROFILER_OPS_ABI_VERSION 1
#define PROFILER_OPS_MAX_RANK 8

#define PROFILER_OPS_OK 0
#define PROFILER_OPS_BAD_ARGUMENT (-1) /**< A null pointer, an unknown type code or a bad shape. */
#define PROFILER_OPS_UNKNOWN_OP (-2)
#define PROFILER_OPS_BAD_ATTRIBUTE (-3) /**< Unknown name, malformed or refused value. */
#define PROFILER_OPS_REFUSED (-4)       /**< The op cannot run on these tensors; profilerOpsDescribe gives the reason. */
#define PROFILER_OPS_INTERNAL (-5)      /**< Out of host memory, or a defect of the op. */

#define PROFILER_OPS_FLOAT32 0
#define PROFILER_OPS_FLOAT16 1
#define PROFILER_OPS_BFLOAT16 2
#define PROFILER_OPS_INT32 3
#define PROFILER_OPS_MAX_TENSORS 8

#ifdef __cplusplus
extern "C" {
#endif

/** A dense row-major tensor; 80 bytes on 64-bit machines. `data` is a device pointer. */
typedef struct ProfilerTensor {
  int32_t type; /**< PROFILER_OPS_FLOAT32, _FLOAT16, _BFLOAT16 or _INT32. */
  int32_t rank; /**< 0 to 8. */
  int64_t dims[PROFILER_OPS_MAX_RANK];
  void* data;
} ProfilerTensor;

/** An op with its attributes, parsed and checked once. */
typedef struct ProfilerPreparedOp ProfilerPreparedOp;

PROFILER_OPS_EXPORT int32_t profilerOpsAbiVersion(void);

/** Name of a status in words; static text, never null. */
PROFILER_OPS_EXPORT char const* profilerOpsStatusText(int32_t status);

/** Every op with its attribute table as JSON; the layout stands in op_json.hpp. Needs no GPU. */
PROFILER_OPS_EXPORT int64_t profilerOpsListJson(char* text, int64_t capacity);

/**
 * Parses `attributes` ("block=256 variant=vectorized", may be null or empty) for `op`. On success `*prepared` must be given back with
 * profilerOpsRelease. On failure `message` says what was found and expected. Without a GPU the launch is planned for an H200.
 */
PROFILER_OPS_EXPORT int32_t profilerOpsPrepare(char const* op, char const* attributes, ProfilerPreparedOp** prepared, char* message,
                                               int64_t capacity);

/** Null is allowed. No launch of this op may be under way on the host; work already on a stream is not affected. */
PROFILER_OPS_EXPORT void profilerOpsRelease(ProfilerPreparedOp* prepared);

/**
 * The tensors of a point of a sweep, which has one shape and one type: `point` gives both. Writes at most PROFILER_OPS_MAX_TENSORS
 * inputs and outputs, without data, and how many they are. PROFILER_OPS_REFUSED: the op takes no such shape. Needs no GPU.
 */
PROFILER_OPS_EXPORT int32_t profilerOpsTensors(ProfilerPreparedOp const* prepared, ProfilerTensor const* point, ProfilerTensor* inputs,
                                               int32_t* inputCount, ProfilerTensor* outputs, int32_t* outputCount);

/** What a launch would do as JSON; the layout stands in op_json.hpp. Null data pointers count as aligned. Needs no GPU. */
PROFILER_OPS_EXPORT int64_t profilerOpsDescribeJson(ProfilerPreparedOp const* prepared, ProfilerTensor const* inputs,
                                                    ProfilerTensor const* outputs, char* text, int64_t capacity);

/** Enqueues one launch and returns at once. `workspace` may be null when the description says workspace_bytes 0. */
PROFILER_OPS_EXPORT int32_t profilerOpsLaunch(ProfilerPreparedOp const* prepared, ProfilerTensor const* inputs,
                                              ProfilerTensor const* outputs, void* workspace, int64_t workspaceBytes, void* stream);

/**
 * The float64 reference on the host. `inputs` and `outputs` are tensors whose `data` are host arrays of double; their `type` is
 * ignored. Inputs should hold values that the element type can represent. Null data of a tensor with elements is a bad argument.
 */
PROFILER_OPS_EXPORT int32_t profilerOpsReference(ProfilerPreparedOp const* prepared, ProfilerTensor const* inputs,
                                                 ProfilerTensor const* outputs);

#ifdef __cplusplus
}
#endif

#endif
