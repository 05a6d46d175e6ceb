// The functions of the CUDA driver. Streams do nothing until somebody waits for them.
#include "runtime.h"
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <memory>
#include <sys/mman.h>

namespace standin {

struct Stream;
typedef std::function<void()> Work;
struct Event {
  bool isRecorded = false, isDone = true;
  double time = 0;
  Stream *stream = nullptr;
};
struct Stream {
  std::vector<Work> queue;
  // What is recorded instead of queued, while a capture goes on.
  std::vector<Work> *capture = nullptr;
};
static std::vector<Stream *> streams;
static bool isDraining;

static thread_local void *currentContext;
static int context;
static std::map<void *, size_t> pinned;

// Calls that tests want to fail: name, how many calls until then, the answer.
struct Planned {
  long countdown;
  int code;
};
static std::map<std::string, Planned> planned;
static std::map<std::string, long> counts;
static Planned plannedLaunch{-1, 0};

// What every function begins with.
static int enter(const char *name, bool needsContext = true) {
  counts[name]++;
  auto plan = planned.find(name);
  if (plan != planned.end() && plan->second.countdown >= 0 && plan->second.countdown-- == 0) return plan->second.code;
  if (needsContext && currentContext != &context) return 201;
  return failureCode;
}
#define ENTER(...) \
  std::lock_guard<std::recursive_mutex> guard(lock); \
  if (int status = enter(__func__, ##__VA_ARGS__)) return status

static int drain(Stream *stream) {
  if (isDraining) return failureCode;
  isDraining = true;
  openMemory();
  compileAll();
  for (size_t i = 0; i < stream->queue.size() && failure.empty(); i++) stream->queue[i]();
  stream->queue.clear();
  closeMemory();
  isDraining = false;
  return failureCode;
}

static void add(Stream *stream, Work work) { (stream->capture ? *stream->capture : stream->queue).push_back(std::move(work)); }

void queue(void *stream, Work work) { add((Stream *)stream, std::move(work)); }

bool isInside(uintptr_t address, size_t bytes, const char *what) {
  auto region = regionOf(address);
  if (region && !region->isFree && address + bytes <= region->start + region->bytes) return true;
  currentKernel = what;
  find(700, "%zu bytes at an address that is %s", bytes, !region ? "nobody's" : region->isFree ? "freed" : "too near the end of its allocation");
  return false;
}
static bool isPinned(const void *p) {
  auto after = pinned.upper_bound((void *)p);
  if (after == pinned.begin()) return false;
  auto before = std::prev(after);
  return (uintptr_t)p < (uintptr_t)before->first + before->second;
}
}  // namespace standin

using namespace standin;
typedef int CUresult;
typedef uintptr_t CUdeviceptr;

API CUresult cuInit(unsigned) {
  ENTER(false);
  reserveMemory();
  return 0;
}
API CUresult cuDriverGetVersion(int *version) { ENTER(false); *version = 12040; return 0; }
API CUresult cuGetErrorName(CUresult code, const char **name) {
  switch (code) {
  case 0: *name = "CUDA_SUCCESS"; break;
  case 1: *name = "CUDA_ERROR_INVALID_VALUE"; break;
  case 2: *name = "CUDA_ERROR_OUT_OF_MEMORY"; break;
  case 201: *name = "CUDA_ERROR_INVALID_CONTEXT"; break;
  case 700: *name = "CUDA_ERROR_ILLEGAL_ADDRESS"; break;
  case 716: *name = "CUDA_ERROR_MISALIGNED_ADDRESS"; break;
  case 719: *name = "CUDA_ERROR_LAUNCH_FAILED"; break;
  case 900: *name = "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED"; break;
  default: *name = "CUDA_ERROR";
  }
  return 0;
}
// What the stand-in has found is said in place of the driver's words.
API CUresult cuGetErrorString(CUresult code, const char **text) {
  static thread_local std::string words;
  words = code == failureCode && !failure.empty() ? failure : code == 2 ? "out of memory" : code == 700 ? "an illegal memory access was encountered" : "the stand-in's error " + std::to_string(code);
  *text = words.c_str();
  return 0;
}
API CUresult cuDeviceGetCount(int *count) { ENTER(false); *count = 1; return 0; }
API CUresult cuDeviceGet(int *device, int number) { ENTER(false); if (number != 0) return 101; *device = 0; return 0; }
API CUresult cuDeviceGetName(char *name, int length, int) { ENTER(false); strncpy(name, "Wengert stand-in", length); return 0; }
API CUresult cuDeviceTotalMem_v2(size_t *bytes, int) { ENTER(false); *bytes = totalMemory; return 0; }
API CUresult cuDeviceGetAttribute(int *value, int attribute, int) {
  ENTER(false);
  static const std::map<int, int> known = {{1, 1024}, {8, 48 << 10}, {10, 32}, {16, 4}, {38, 50 << 20}, {75, 9}, {76, 0}, {97, 227 << 10}, {115, 1}, {31, 1}, {13, 1000000}, {36, 1000000}, {37, 512}, {81, 228 << 10}};
  auto found = known.find(attribute);
  *value = found == known.end() ? 0 : found->second;
  return 0;
}
API CUresult cuDevicePrimaryCtxRetain(void **handle, int) { ENTER(false); *handle = &context; return 0; }
API CUresult cuDevicePrimaryCtxRelease_v2(int) { return 0; }
API CUresult cuCtxSetCurrent(void *handle) { std::lock_guard<std::recursive_mutex> guard(lock); currentContext = handle; return 0; }
API CUresult cuCtxGetCurrent(void **handle) { *handle = currentContext; return 0; }

API CUresult cuStreamCreate(void **handle, unsigned) { ENTER(); auto stream = new Stream; streams.push_back(stream); *handle = stream; return 0; }
API CUresult cuStreamDestroy_v2(void *handle) { ENTER(); int status = drain((Stream *)handle); streams.erase(std::find(streams.begin(), streams.end(), (Stream *)handle)); delete (Stream *)handle; return status; }
API CUresult cuStreamSynchronize(void *handle) {
  ENTER();
  auto stream = (Stream *)handle;
  if (stream->capture) return 900;
  return drain(stream);
}
API CUresult cuStreamQuery(void *handle) { ENTER(); return ((Stream *)handle)->capture ? 900 : ((Stream *)handle)->queue.empty() ? 0 : 600; }
API CUresult cuCtxSynchronize() { ENTER(); for (auto stream : streams) if (int status = drain(stream)) return status; return 0; }
API CUresult cuEventCreate(void **handle, unsigned) { ENTER(); *handle = new Event; return 0; }
API CUresult cuEventDestroy_v2(void *handle) { ENTER(); auto event = (Event *)handle; if (event->stream) drain(event->stream); delete event; return 0; }
API CUresult cuEventRecord(void *handle, void *on) {
  ENTER();
  auto event = (Event *)handle;
  event->isRecorded = true;
  event->isDone = false;
  event->stream = (Stream *)on;
  add(event->stream, [=] {
    event->isDone = true;
    event->time = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count();
  });
  return 0;
}
API CUresult cuEventQuery(void *handle) { ENTER(); return ((Event *)handle)->isDone ? 0 : 600; }
API CUresult cuEventSynchronize(void *handle) { ENTER(); auto event = (Event *)handle; return event->isDone ? 0 : drain(event->stream); }
API CUresult cuEventElapsedTime(float *time, void *from, void *to) { ENTER(); if (!((Event *)to)->isDone) return 600; *time = ((Event *)to)->time - ((Event *)from)->time; return 0; }
API CUresult cuStreamWaitEvent(void *handle, void *what, unsigned) {
  ENTER();
  auto event = (Event *)what;
  auto stream = (Stream *)handle;
  if (event->stream != stream) add(stream, [=] { bool was = isDraining; isDraining = false; if (!event->isDone) drain(event->stream); isDraining = was; });
  return 0;
}

API CUresult cuMemAllocAsync(CUdeviceptr *address, size_t bytes, void *handle) {
  ENTER();
  if (((Stream *)handle)->capture) return 900;
  if (!bytes) return 1;
  uintptr_t found = takeMemory(bytes);
  // What is queued to be freed makes room.
  if (!found) { if (int status = drain((Stream *)handle)) return status; found = takeMemory(bytes); }
  if (!found) return 2;
  *address = found;
  return 0;
}
API CUresult cuMemFreeAsync(CUdeviceptr address, void *handle) {
  ENTER();
  if (((Stream *)handle)->capture) return 900;
  auto region = regionOf(address);
  if (!region || region->start != address || region->isFree) return 1;
  add((Stream *)handle, [=] { freeMemory(address); });
  return 0;
}
API CUresult cuMemAlloc_v2(CUdeviceptr *address, size_t bytes) { ENTER(); return (*address = takeMemory(bytes)) ? 0 : 2; }
API CUresult cuMemFree_v2(CUdeviceptr address) { ENTER(); for (auto stream : streams) drain(stream); return freeMemory(address); }
API CUresult cuMemGetInfo_v2(size_t *free, size_t *total) { ENTER(); *total = totalMemory; *free = totalMemory - usedMemory; return 0; }
API CUresult cuDeviceGetDefaultMemPool(void **pool, int) { ENTER(false); *pool = &context; return 0; }
API CUresult cuMemPoolSetAttribute(void *, int, void *) { ENTER(false); return 0; }
API CUresult cuMemPoolGetAttribute(void *, int attribute, void *value) {
  ENTER(false);
  *(uint64_t *)value = attribute == 8 || attribute == 6 ? mostUsedMemory : usedMemory;
  return 0;
}
API CUresult cuMemPoolTrimTo(void *, size_t) { ENTER(false); return 0; }
API CUresult cuMemHostAlloc(void **p, size_t bytes, unsigned) {
  ENTER();
  if (posix_memalign(p, 4096, bytes)) return 2;
  memset(*p, 0xff, bytes);
  pinned[*p] = bytes;
  addHostMemory(*p, bytes);
  return 0;
}
API CUresult cuMemFreeHost(void *p) {
  ENTER();
  for (auto stream : streams) drain(stream);
  if (!pinned.erase(p)) return 1;
  removeHostMemory(p);
  free(p);
  return 0;
}
API CUresult cuMemHostGetDevicePointer_v2(CUdeviceptr *address, void *p, unsigned) { ENTER(); if (!isPinned(p)) return 1; *address = (CUdeviceptr)p; return 0; }

API CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void *from, size_t bytes, void *handle) {
  ENTER();
  auto stream = (Stream *)handle;
  auto copy = [=] {
    if (!isInside(to, bytes, "copy to the device")) return;
    memcpy((void *)to, from, bytes);
    wroteFromHost(to, bytes);
  };
  add(stream, copy);
  // From other memory the driver has taken the bytes when it returns.
  if (!isPinned(from)) return stream->capture ? 900 : drain(stream);
  return 0;
}
API CUresult cuMemcpyDtoHAsync_v2(void *to, CUdeviceptr from, size_t bytes, void *handle) {
  ENTER();
  auto stream = (Stream *)handle;
  add(stream, [=] { if (isInside(from, bytes, "copy from the device")) memcpy(to, (void *)from, bytes); });
  if (!isPinned(to)) return stream->capture ? 900 : drain(stream);
  return 0;
}
API CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr to, CUdeviceptr from, size_t bytes, void *handle) {
  ENTER();
  add((Stream *)handle, [=] {
    if (!isInside(to, bytes, "copy on the device") || !isInside(from, bytes, "copy on the device")) return;
    memmove((void *)to, (void *)from, bytes);
    wroteFromHost(to, bytes);
  });
  return 0;
}
template <class T> static CUresult fill(const char *, CUdeviceptr to, T value, size_t count, void *handle) {
  add((Stream *)handle, [=] {
    if (!isInside(to, count * sizeof(T), "fill")) return;
    std::fill_n((T *)to, count, value);
    wroteFromHost(to, count * sizeof(T));
  });
  return 0;
}
API CUresult cuMemsetD8Async(CUdeviceptr to, unsigned char value, size_t count, void *handle) { ENTER(); return fill("", to, value, count, handle); }
API CUresult cuMemsetD16Async(CUdeviceptr to, unsigned short value, size_t count, void *handle) { ENTER(); return fill("", to, value, count, handle); }
API CUresult cuMemsetD32Async(CUdeviceptr to, unsigned value, size_t count, void *handle) { ENTER(); return fill("", to, value, count, handle); }

API CUresult cuModuleLoadData(void **handle, const void *image) {
  ENTER();
  if (strncmp((const char *)image, "standin 1\n", 10)) return 200;
  *handle = newModule((const char *)image + 10);
  return 0;
}
API CUresult cuModuleUnload(void *handle) { ENTER(); dropModule((Module *)handle); return 0; }
API CUresult cuModuleGetFunction(void **handle, void *module, const char *name) {
  ENTER();
  auto names = kernelNames(((Module *)module)->text);
  if (std::find(names.begin(), names.end(), name) == names.end()) return 500;
  *handle = new Function{(Module *)module, name};
  return 0;
}
API CUresult cuFuncSetAttribute(void *handle, int attribute, int value) {
  ENTER();
  if (attribute == 8) { if (value > 227 << 10) return 1; ((Function *)handle)->dynamicLimit = value; }
  return 0;
}
API CUresult cuLaunchKernel(void *handle, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared, void *on, void **arguments, void **extra) {
  ENTER();
  if (!gx || !gy || !gz || !bx || !by || !bz || bx * by * bz > 1024 || gx > 0x7fffffff || gy > 65535 || gz > 65535 || bz > 64) return 1;
  auto function = (Function *)handle;
  // Parameters come as one block of bytes: its length must be known before the kernel is compiled.
  if (shared > function->dynamicLimit || arguments || !extra || extra[0] != (void *)1 || extra[2] != (void *)2 || extra[4]) return 1;
  size_t bytes = *(size_t *)extra[3];
  if (bytes > 4096) return 1;
  auto copy = std::make_shared<std::vector<unsigned char>>((unsigned char *)extra[1], (unsigned char *)extra[1] + bytes);
  if (plannedLaunch.countdown >= 0 && plannedLaunch.countdown-- == 0) {
    int code = plannedLaunch.code;
    add((Stream *)on, [=] { currentKernel = function->name; find(code, "a launch that was made to fail"); });
    return 0;
  }
  add((Stream *)on, [=] {
    if (!function->module->object) compileAll();
    if (!failure.empty()) return;
    auto bind = (StandInCall * (*)(void **)) dlsym(function->module->object, ("standin_bind_" + function->name).c_str());
    void *argument = copy->data();
    auto call = bind(&argument);
    runKernel(*function, call, {gx, gy, gz}, {bx, by, bz}, shared);
    delete call;
  });
  return 0;
}

struct Graph { std::vector<Work> work; };
API CUresult cuStreamBeginCapture_v2(void *handle, int) { ENTER(); auto stream = (Stream *)handle; if (stream->capture) return 1; stream->capture = new std::vector<Work>; return 0; }
API CUresult cuStreamEndCapture(void *handle, void **graph) {
  ENTER();
  auto stream = (Stream *)handle;
  if (!stream->capture) return 1;
  *graph = new Graph{std::move(*stream->capture)};
  delete stream->capture;
  stream->capture = nullptr;
  return 0;
}
API CUresult cuGraphInstantiateWithFlags(void **executable, void *graph, unsigned long long) { ENTER(); *executable = new Graph(*(Graph *)graph); return 0; }
API CUresult cuGraphLaunch(void *executable, void *handle) { ENTER(); for (auto &work : ((Graph *)executable)->work) add((Stream *)handle, work); return 0; }
API CUresult cuGraphExecDestroy(void *executable) { ENTER(); delete (Graph *)executable; return 0; }
API CUresult cuGraphDestroy(void *graph) { ENTER(); delete (Graph *)graph; return 0; }

// For tests.
API void standin_options(int order, int checked, int deferred) {
  std::lock_guard<std::recursive_mutex> guard(lock);
  options.order = order;
  options.checked = checked;
  options.deferred = deferred;
  seed(order);
}
API void standin_set_memory(size_t bytes) { totalMemory = bytes; }
API const char *standin_failure() { return failure.c_str(); }
API void standin_reset() {
  std::lock_guard<std::recursive_mutex> guard(lock);
  failure.clear();
  failureCode = 0;
  planned.clear();
  plannedLaunch.countdown = -1;
  for (auto stream : streams) stream->queue.clear();
}
API void standin_fail(const char *function, long countdown, int code) { planned[function] = {countdown, code}; }
API void standin_fail_launch(long countdown, int code) { plannedLaunch = {countdown, code}; }
API long standin_count(const char *function) { return counts[function]; }
