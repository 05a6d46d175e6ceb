// The one device of this library, its context, and the controls of tests.
#include "standin.h"

#include <cstdarg>
#include <cstdio>
#include <cstdlib>

namespace {
/// The context that is current on this thread, by the number of the device's state that it belongs to.
thread_local uint64_t currentContext;
}

Device &device() {
  static Device *dev = [] {
    auto made = new Device;
    if (const char *order = getenv("STANDIN_ORDER")) made->order = atoi(order);
    if (const char *isChecked = getenv("STANDIN_CHECKED")) made->isChecked = atoi(isChecked) != 0;
    if (const char *folder = getenv("STANDIN_KERNELS")) made->cacheFolder = folder;
    return made;
  }();
  return *dev;
}

bool hasContext() { return currentContext == device().generation && device().contexts > 0; }

std::string format(const char *text, ...) {
  char buffer[1024];
  va_list arguments;
  va_start(arguments, text);
  vsnprintf(buffer, sizeof buffer, text, arguments);
  va_end(arguments);
  return buffer;
}

CUresult mistake(CUresult code, const std::string &what) {
  if (device().message.empty()) device().message = what;
  return code;
}

void breakContext(CUresult code, const std::string &what) {
  auto &dev = device();
  if (dev.code) return;
  // A failure that ends the context says more than a call that was refused before.
  dev.code = code;
  dev.message = what;
}

void resetContext() {
  auto &dev = device();
  dev.generation++;
  dev.code = 0;
  dev.message.clear();
  for (auto &entry : dev.streams) {
    entry.second->queue.clear();
    entry.second->completed = entry.second->queued;
  }
  dev.streams.clear();
  dev.legacy.reset();
  dev.events.clear();
  dev.functions.clear();
  dev.modules.clear();
  dev.captures.clear();
  dev.graphs.clear();
  dev.executables.clear();
  releaseAllMemory();
  dev.memoryUsed = dev.memoryHigh = 0;
}

Call::Call(const char *name, Needs needs) : lock(device().lock) {
  auto &dev = device();
  dev.counts[name]++;
  auto injected = dev.injected.find(name);
  if (injected != dev.injected.end() && --injected->second.countdown == 0) {
    code = injected->second.code;
    dev.injected.erase(injected);
    return;
  }
  if (dev.isInHostFunction && needs != NeedsNothing) code = CUDA_ERROR_NOT_PERMITTED;
  else if (needs != NeedsNothing && !dev.isInitialized) code = CUDA_ERROR_NOT_INITIALIZED;
  else if (needs == NeedsContext && currentContext && currentContext != dev.generation) code = CUDA_ERROR_CONTEXT_IS_DESTROYED;
  else if (needs == NeedsContext && !hasContext()) code = CUDA_ERROR_INVALID_CONTEXT;
  else if (needs == NeedsContext) code = dev.code;
}

// ---- controls

STANDIN_API void standin_options(int order, int isChecked, int isDeferred, const char *cacheFolder) {
  auto &dev = device();
  std::lock_guard<std::recursive_mutex> lock(dev.lock);
  dev.order = order;
  dev.isChecked = isChecked;
  dev.isDeferred = isDeferred;
  dev.cacheFolder = cacheFolder ? cacheFolder : "";
}

STANDIN_API void standin_set_memory(size_t bytes) {
  std::lock_guard<std::recursive_mutex> lock(device().lock);
  device().memoryLimit = bytes;
}

STANDIN_API const char *standin_failure(void) {
  static thread_local std::string message;
  std::lock_guard<std::recursive_mutex> lock(device().lock);
  message = device().message;
  return message.c_str();
}

/// The context is alive again: no failure, no queued work, no captures, no faults to come. Memory, modules and streams stay.
STANDIN_API void standin_reset(void) {
  auto &dev = device();
  std::lock_guard<std::recursive_mutex> lock(dev.lock);
  dev.code = 0;
  dev.message.clear();
  dev.injected.clear();
  dev.injectedLaunch = {0, 0};
  auto drop = [](Stream &stream) {
    stream.queue.clear();
    stream.completed = stream.queued;
    stream.capture.reset();
  };
  for (auto &entry : dev.streams) drop(*entry.second);
  if (dev.legacy) drop(*dev.legacy);
  dev.captures.clear();
}

/// The `countdown`th next call of the function returns `code` and does nothing.
STANDIN_API void standin_fail(const char *function, long countdown, int code) {
  std::lock_guard<std::recursive_mutex> lock(device().lock);
  device().injected[function] = {countdown, code};
}

/// The `countdown`th next launch is accepted, and ends the context with `code` when it should run.
STANDIN_API void standin_fail_launch(long countdown, int code) {
  std::lock_guard<std::recursive_mutex> lock(device().lock);
  device().injectedLaunch = {countdown, code};
}

STANDIN_API long standin_count(const char *function) {
  std::lock_guard<std::recursive_mutex> lock(device().lock);
  auto found = device().counts.find(function);
  return found == device().counts.end() ? 0 : found->second;
}

/// Texts compiled, in how many runs of clang, texts found in the folder, and the seconds that all this took.
STANDIN_API void standin_compile_statistics(long *texts, long *units, long *cached, double *seconds) {
  std::lock_guard<std::recursive_mutex> lock(device().lock);
  auto &s = device().statistics;
  if (texts) *texts = s.texts;
  if (units) *units = s.units;
  if (cached) *cached = s.cached;
  if (seconds) *seconds = s.seconds;
}

// ---- initialization, the device, its primary context

STANDIN_API CUresult cuInit(unsigned flags) {
  CALL(NeedsNothing);
  if (flags) return CUDA_ERROR_INVALID_VALUE;
  device().isInitialized = true;
  return CUDA_SUCCESS;
}

STANDIN_API CUresult cuDriverGetVersion(int *version) {
  CALL(NeedsNothing);
  if (!version) return CUDA_ERROR_INVALID_VALUE;
  *version = 12040;
  return CUDA_SUCCESS;
}

/// STANDIN_DEVICES; all numbers mean the one device of this process.
static int deviceCount() {
  const char *text = getenv("STANDIN_DEVICES");
  int count = text ? atoi(text) : 1;
  return count > 0 ? count : 1;
}

STANDIN_API CUresult cuDeviceGetCount(int *count) {
  CALL(NeedsInit);
  if (!count) return CUDA_ERROR_INVALID_VALUE;
  *count = deviceCount();
  return CUDA_SUCCESS;
}

STANDIN_API CUresult cuDeviceGet(int *dev, int ordinal) {
  CALL(NeedsInit);
  if (!dev) return CUDA_ERROR_INVALID_VALUE;
  if (ordinal < 0 || ordinal >= deviceCount()) return CUDA_ERROR_INVALID_DEVICE;
  *dev = 0;
  return CUDA_SUCCESS;
}

STANDIN_API CUresult cuDeviceGetName(char *name, int length, int dev) {
  CALL(NeedsInit);
  if (dev) return CUDA_ERROR_INVALID_DEVICE;
  if (!name || length < 1) return CUDA_ERROR_INVALID_VALUE;
  snprintf(name, (size_t)length, "Wengert stand-in");
  return CUDA_SUCCESS;
}

STANDIN_API CUresult cuDeviceTotalMem_v2(size_t *bytes, int dev) {
  CALL(NeedsInit);
  if (dev) return CUDA_ERROR_INVALID_DEVICE;
  if (!bytes) return CUDA_ERROR_INVALID_VALUE;
  *bytes = device().memoryLimit;
  return CUDA_SUCCESS;
}

STANDIN_API CUresult cuDeviceGetUuid_v2(unsigned char uuid[16], int dev) {
  CALL(NeedsInit);
  if (dev) return CUDA_ERROR_INVALID_DEVICE;
  memcpy(uuid, "Wengert stand-in", 16);
  return CUDA_SUCCESS;
}

STANDIN_API CUresult cuDeviceGetAttribute(int *value, int attribute, int dev) {
  CALL(NeedsInit);
  if (dev) return CUDA_ERROR_INVALID_DEVICE;
  static const std::map<int, int> attributes = {
      {1, 1024},                                       // threads of a block
      {2, 1024}, {3, 1024}, {4, 64},                   // of its sides
      {5, 0x7fffffff}, {6, 65535}, {7, 65535},         // blocks of a grid's sides
      {8, 48 << 10}, {9, 64 << 10}, {10, 32},          // shared and constant memory, a warp
      {11, 0x7fffffff}, {12, 64 << 10}, {13, 1000000}, // pitch, registers of a block, kHz
      {14, 512}, {15, 1}, {16, 4},                     // alignment of textures, overlap, multiprocessors
      {17, 0}, {18, 0}, {19, 1}, {20, 0},              // time limit, integrated, maps host memory, compute mode
      {31, 1}, {32, 0}, {33, 0}, {34, 0}, {35, 0},     // concurrent kernels, ECC, bus, device, TCC
      {36, 1000000}, {37, 1024}, {38, 50 << 20},       // memory's kHz and width, L2
      {39, 2048}, {40, 2}, {41, 1},                    // threads of a multiprocessor, copy engines, unified addresses
      {50, 0}, {75, 9}, {76, 0},                       // PCI domain, compute capability
      {78, 1}, {81, 228 << 10}, {82, 64 << 10},        // priorities, shared memory and registers of a multiprocessor
      {83, 1}, {84, 0}, {88, 1}, {89, 1},              // managed memory, several boards, pageable access, concurrent managed access
      {95, 0}, {97, STANDIN_DYNAMIC_SHARED},           // cooperative launch, shared memory of a block on demand
      {106, 32}, {111, 1024}, {115, 1}, {119, 1},      // blocks of a multiprocessor, reserved shared memory, pools
  };
  auto found = attributes.find(attribute);
  if (!value || found == attributes.end()) return CUDA_ERROR_INVALID_VALUE;
  *value = found->second;
  return CUDA_SUCCESS;
}

STANDIN_API CUresult cuDevicePrimaryCtxRetain(void **context, int dev) {
  CALL(NeedsInit);
  if (dev) return CUDA_ERROR_INVALID_DEVICE;
  if (!context) return CUDA_ERROR_INVALID_VALUE;
  device().contexts++;
  *context = &device();
  return CUDA_SUCCESS;
}

STANDIN_API CUresult cuDevicePrimaryCtxRelease_v2(int dev) {
  CALL(NeedsInit);
  if (dev) return CUDA_ERROR_INVALID_DEVICE;
  if (!device().contexts) return CUDA_ERROR_INVALID_CONTEXT;
  if (--device().contexts == 0) resetContext();
  return CUDA_SUCCESS;
}

STANDIN_API CUresult cuCtxSetCurrent(void *context) {
  CALL(NeedsInit);
  if (context && (context != &device() || !device().contexts)) return CUDA_ERROR_INVALID_CONTEXT;
  currentContext = context ? device().generation : 0;
  return CUDA_SUCCESS;
}

STANDIN_API CUresult cuCtxGetCurrent(void **context) {
  CALL(NeedsInit);
  if (!context) return CUDA_ERROR_INVALID_VALUE;
  *context = hasContext() ? &device() : nullptr;
  return CUDA_SUCCESS;
}

STANDIN_API CUresult cuCtxGetDevice(int *dev) {
  CALL(NeedsContext);
  if (!dev) return CUDA_ERROR_INVALID_VALUE;
  *dev = 0;
  return CUDA_SUCCESS;
}

STANDIN_API CUresult cuCtxSynchronize(void) {
  CALL(NeedsContext);
  if (auto code = refuseWhileCapturing()) return code;
  return waitForAll();
}
