/**
 * @file
 * The C interface, used from C: listing, preparing, describing, the reference and every refusal. Needs no GPU.
 */
#include "contract/c_api.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures = 0;

#define CHECK(expression)                                                      \
  do {                                                                         \
    if (!(expression)) {                                                       \
      ++failures;                                                              \
      fprintf(stderr, "%s:%d: failed: %s\n", __FILE__, __LINE__, #expression); \
    }                                                                          \
  } while (0)

static void checkList(void) {
  int64_t const length = profilerOpsListJson(NULL, 0);
  CHECK(length > 0);
  char* const text = malloc((size_t)length + 1);
  CHECK(profilerOpsListJson(text, length + 1) == length);
  CHECK((int64_t)strlen(text) == length);
  CHECK(strstr(text, "\"name\":\"swish\"") != NULL && strstr(text, "\"name\":\"add_scalar\"") != NULL);
  char shorter[8];
  CHECK(profilerOpsListJson(shorter, sizeof shorter) == length && strlen(shorter) == sizeof shorter - 1);
  free(text);
}

static void checkDescribe(void) {
  ProfilerPreparedOp* prepared = NULL;
  char message[256] = "";
  CHECK(profilerOpsPrepare("swish", "variant=vectorized block=256 items=4", &prepared, message, sizeof message) == PROFILER_OPS_OK);
  ProfilerTensor const tensor = {PROFILER_OPS_FLOAT32, 2, {65536, 1024}, NULL};
  char text[2048];
  CHECK(profilerOpsDescribeJson(prepared, &tensor, &tensor, text, sizeof text) > 0);
  CHECK(strstr(text, "\"kernel\":\"swish_vectorized_kernel\"") != NULL);
  CHECK(strstr(text, "\"grid\":[16384,1,1]") != NULL && strstr(text, "\"bytes_per_iteration\":536870912") != NULL);
  CHECK(strstr(text, "\"refusal\":null") != NULL);
  ProfilerTensor const other = {PROFILER_OPS_FLOAT16, 2, {65536, 1024}, NULL};
  CHECK(profilerOpsDescribeJson(prepared, &tensor, &other, text, sizeof text) > 0);
  CHECK(strstr(text, "\"kernel\":null") != NULL && strstr(text, "differ in type") != NULL);
  CHECK(profilerOpsLaunch(prepared, &tensor, &other, NULL, 0, NULL) == PROFILER_OPS_REFUSED);
  ProfilerTensor const broken = {PROFILER_OPS_FLOAT32, 9, {1}, NULL};
  CHECK(profilerOpsDescribeJson(prepared, &broken, &tensor, text, sizeof text) == PROFILER_OPS_BAD_ARGUMENT);
  CHECK(profilerOpsLaunch(prepared, NULL, &tensor, NULL, 0, NULL) == PROFILER_OPS_BAD_ARGUMENT);
  CHECK(profilerOpsLaunch(NULL, &tensor, &tensor, NULL, 0, NULL) == PROFILER_OPS_BAD_ARGUMENT);
  profilerOpsRelease(prepared);
}

static void checkReference(void) {
  ProfilerPreparedOp* prepared = NULL;
  CHECK(profilerOpsPrepare("add_scalar", "scalar=0.5", &prepared, NULL, 0) == PROFILER_OPS_OK);
  double input[3] = {1.0, -0.5, INFINITY};
  double output[3] = {0, 0, 0};
  ProfilerTensor const source = {PROFILER_OPS_FLOAT32, 1, {3}, input};
  ProfilerTensor const target = {PROFILER_OPS_FLOAT32, 1, {3}, output};
  CHECK(profilerOpsReference(prepared, &source, &target) == PROFILER_OPS_OK);
  CHECK(output[0] == 1.5 && output[1] == 0.0 && isinf(output[2]));
  ProfilerTensor const wrong = {PROFILER_OPS_FLOAT32, 1, {2}, output};
  CHECK(profilerOpsReference(prepared, &source, &wrong) == PROFILER_OPS_BAD_ARGUMENT);
  ProfilerTensor const absent = {PROFILER_OPS_FLOAT32, 1, {3}, NULL};
  CHECK(profilerOpsReference(prepared, &absent, &target) == PROFILER_OPS_BAD_ARGUMENT);
  CHECK(profilerOpsReference(prepared, &source, &absent) == PROFILER_OPS_BAD_ARGUMENT);
  ProfilerTensor const empty = {PROFILER_OPS_FLOAT32, 2, {0, 3}, NULL};
  CHECK(profilerOpsReference(prepared, &empty, &empty) == PROFILER_OPS_OK);
  ProfilerTensor const single = {PROFILER_OPS_FLOAT32, 0, {0}, NULL};
  CHECK(profilerOpsReference(prepared, &single, &single) == PROFILER_OPS_BAD_ARGUMENT);
  profilerOpsRelease(prepared);
  profilerOpsRelease(NULL);
}

static void checkRefusals(void) {
  ProfilerPreparedOp* prepared = NULL;
  char message[256] = "";
  CHECK(profilerOpsPrepare("swich", "", &prepared, message, sizeof message) == PROFILER_OPS_UNKNOWN_OP);
  CHECK(strstr(message, "did you mean 'swish'") != NULL && prepared == NULL);
  CHECK(profilerOpsPrepare("swish", "blokc=1", &prepared, message, sizeof message) == PROFILER_OPS_BAD_ATTRIBUTE);
  CHECK(strstr(message, "did you mean 'block'") != NULL && prepared == NULL);
  CHECK(profilerOpsPrepare("swish", "block=64 block=128", &prepared, message, sizeof message) == PROFILER_OPS_BAD_ATTRIBUTE);
  CHECK(strstr(message, "'block' is given twice") != NULL && prepared == NULL);
  CHECK(profilerOpsPrepare(NULL, "", &prepared, message, sizeof message) == PROFILER_OPS_BAD_ARGUMENT);
  CHECK(profilerOpsPrepare("swish", "", NULL, message, sizeof message) == PROFILER_OPS_BAD_ARGUMENT);
  CHECK(strlen(profilerOpsStatusText(PROFILER_OPS_REFUSED)) > 0 && strlen(profilerOpsStatusText(1)) > 0);
}

int main(void) {
  CHECK(profilerOpsAbiVersion() == PROFILER_OPS_ABI_VERSION);
  checkList();
  checkDescribe();
  checkReference();
  checkRefusals();
  printf("c_api: %s\n", failures == 0 ? "all checks passed" : "FAILED");
  return failures == 0 ? 0 : 1;
}
