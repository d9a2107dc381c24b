/* A CUDA driver with a clock in place of a GPU: work on a stream takes the time that it is told, streams run side by side. */
#include <string.h>
#include <time.h>

enum { kStreams = 8, kEvents = 1 << 16 };
static long long busy_until[kStreams];
static long long event_time[kEvents];
static size_t next_event = 1;
static int has_context = 1, capturing = 0;

static long long now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}
static void wait_until(long long t) { while (now() < t) {} }

/* what a test steers */
void fake_launch(size_t stream, long long ns) {
  long long const begin = now() > busy_until[stream] ? now() : busy_until[stream];
  busy_until[stream] = begin + ns;
}
void fake_context(int has) { has_context = has; }
void fake_capture(int is) { capturing = is; }

int cuCtxGetCurrent(void** context) { *context = has_context ? (void*)1 : 0; return 0; }
int cuCtxSynchronize(void) { for (int i = 0; i < kStreams; ++i) wait_until(busy_until[i]); return 0; }
int cuEventCreate(void** event, unsigned flags) { (void)flags; *event = (void*)(next_event++ % kEvents); return 0; }
int cuEventDestroy_v2(void* event) { (void)event; return 0; }
int cuEventRecord(void* event, void* stream) {
  size_t const s = (size_t)stream;
  event_time[(size_t)event] = now() > busy_until[s] ? now() : busy_until[s];
  return 0;
}
int cuEventSynchronize(void* event) { wait_until(event_time[(size_t)event]); return 0; }
int cuEventElapsedTime(float* ms, void* a, void* b) { *ms = (event_time[(size_t)b] - event_time[(size_t)a]) / 1e6f; return 0; }
int cuStreamWaitEvent(void* stream, void* event, unsigned flags) {
  (void)flags;
  size_t const s = (size_t)stream;
  if (busy_until[s] < event_time[(size_t)event]) busy_until[s] = event_time[(size_t)event];
  return 0;
}
int cuStreamIsCapturing(void* stream, int* is) { (void)stream; *is = capturing; return 0; }
int cuCtxGetDevice(int* device) { *device = 0; return 0; }
int cuDeviceGetName(char* name, int length, int device) { (void)device; strncpy(name, "Fake \"GPU\"", length); return 0; }
int cuDeviceGetUuid(unsigned char* uuid, int device) { (void)device; for (int i = 0; i < 16; ++i) uuid[i] = 17 * i; return 0; }
int cuDeviceTotalMem_v2(size_t* bytes, int device) { (void)device; *bytes = 80ULL << 30; return 0; }
int cuDeviceGetAttribute(int* value, int attribute, int device) {
  (void)device;
  switch (attribute) {
    case 13: *value = 1980000; return 0;  /* SM clock, kHz */
    case 36: *value = 2619000; return 0;  /* memory clock, kHz */
    case 37: *value = 5120; return 0;     /* bus, bits */
    case 75: *value = 9; return 0;
    case 76: *value = 0; return 0;
    case 16: *value = 132; return 0;
    case 38: *value = 52428800; return 0;
    case 39: *value = 2048; return 0;
    case 82: *value = 65536; return 0;
    case 81: *value = 233472; return 0;
    default: return 1;
  }
}
