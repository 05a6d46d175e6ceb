// The driver's functions of memory: allocations, pools, copies, fills.
#include "standin.h"

#include <algorithm>

#define STREAM(handle) \
  auto stream = streamOf(handle); \
  if (!stream) return CUDA_ERROR_INVALID_HANDLE

namespace {
uint64_t releaseThreshold;

/// 0 if the range lies in one allocation, be it freed or not yet made: that is judged where the work stands in its stream.
CUresult checkRange(CUdeviceptr address, size_t bytes, const char *what) {
  Region *region = regionBefore(address);
  if (region && region->holds(address, bytes)) return CUDA_SUCCESS;
  rangeOf(address, bytes, what);
  return CUDA_ERROR_INVALID_VALUE;
}

/// Ends the context if the range is not live when the work runs.
bool isLive(CUdeviceptr address, size_t bytes, const char *what) {
  auto before = std::move(device().message);
  device().message.clear();
  if (rangeOf(address, bytes, what)) {
    device().message = std::move(before);
    return true;
  }
  breakContext(CUDA_ERROR_ILLEGAL_ADDRESS, std::string(device().message));
  return false;
}

void copyWritten(CUdeviceptr to, CUdeviceptr from, size_t bytes) {
  Region *target = findRegion(to), *source = findRegion(from);
  if (!target->shadow) return;
  auto out = target->shadow->isWritten.data() + (to - target->start);
  if (source->shadow) memmove(out, source->shadow->isWritten.data() + (from - source->start), bytes);
  else memset(out, 1, bytes);
}

template <class T> CUresult fill(CUdeviceptr to, T value, size_t count, void *handle, const char *what) {
  STREAM(handle);
  if (!count) return CUDA_SUCCESS;
  if (to % sizeof(T)) return mistake(CUDA_ERROR_INVALID_VALUE, format("%s: an address that is not a multiple of the element", what));
  if (auto code = checkRange(to, count * sizeof(T), what)) return code;
  return enqueue(stream, [=] {
    if (!isLive(to, count * sizeof(T), what)) return true;
    std::fill_n((T *)to, count, value);
    markWritten(to, count * sizeof(T));
    return true;
  });
}
}  // namespace

STANDIN_API CUresult cuMemAlloc_v2(CUdeviceptr *address, size_t bytes) {
  CALL(NeedsContext);
  if (auto code = refuseWhileCapturing()) return code;
  CUresult code = allocateMemory(address, bytes, false);
  if (code != CUDA_ERROR_OUT_OF_MEMORY) return code;
  // What is freed in a stream becomes free by waiting.
  if (auto failure = waitForAll(false)) return failure;
  return allocateMemory(address, bytes, false);
}

STANDIN_API CUresult cuMemFree_v2(CUdeviceptr address) {
  CALL(NeedsContext);
  if (!address) return CUDA_SUCCESS;
  if (auto code = refuseWhileCapturing()) return code;
  // A collective of another rank may need this one to go on.
  if (auto code = waitForAll(false)) return code;
  Region *region = findRegion(address);
  if (!region || region->start != address || region->isHost) return mistake(CUDA_ERROR_INVALID_VALUE, "freeing what was not allocated");
  if (region->state == Region::Freed) return mistake(CUDA_ERROR_INVALID_VALUE, "freeing twice");
  release(*region);
  return CUDA_SUCCESS;
}

STANDIN_API CUresult cuMemAllocAsync(CUdeviceptr *address, size_t bytes, void *handle) {
  CALL(NeedsContext);
  STREAM(handle);
  if (stream->capture)
    return mistake(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, "an allocation in a captured stream, which the stand-in does not record");
  CUresult code = allocateMemory(address, bytes, true);
  if (code == CUDA_ERROR_OUT_OF_MEMORY && device().captures.empty()) {
    if (auto failure = waitForAll(false)) return failure;
    code = allocateMemory(address, bytes, true);
  }
  if (code) return code;
  auto made = *address;
  return enqueue(stream, [=] {
    Region *region = findRegion(made);
    if (region && region->state == Region::Pending) activate(*region);
    return true;
  });
}

STANDIN_API CUresult cuMemFreeAsync(CUdeviceptr address, void *handle) {
  CALL(NeedsContext);
  STREAM(handle);
  if (!address) return CUDA_SUCCESS;
  if (stream->capture)
    return mistake(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, "freeing in a captured stream, which the stand-in does not record");
  Region *region = findRegion(address);
  if (!region || region->start != address || region->isHost) return mistake(CUDA_ERROR_INVALID_VALUE, "freeing what was not allocated");
  if (region->state == Region::Freed) return mistake(CUDA_ERROR_INVALID_VALUE, "freeing twice");
  return enqueue(stream, [=] {
    Region *region = findRegion(address);
    if (!region || region->state == Region::Freed) breakContext(CUDA_ERROR_ILLEGAL_ADDRESS, "freeing twice");
    else if (region->state == Region::Pending)
      breakContext(CUDA_ERROR_ILLEGAL_ADDRESS, "freeing before the allocation is made in its stream");
    else release(*region);
    return true;
  });
}

STANDIN_API CUresult cuMemGetInfo_v2(size_t *available, size_t *total) {
  CALL(NeedsContext);
  if (!available || !total) return CUDA_ERROR_INVALID_VALUE;
  *total = device().memoryLimit;
  *available = device().memoryLimit - std::min(device().memoryLimit, device().memoryUsed);
  return CUDA_SUCCESS;
}

// ---- the device's pool

STANDIN_API CUresult cuDeviceGetDefaultMemPool(void **pool, int dev) {
  CALL(NeedsInit);
  if (dev) return CUDA_ERROR_INVALID_DEVICE;
  if (!pool) return CUDA_ERROR_INVALID_VALUE;
  *pool = &releaseThreshold;
  return CUDA_SUCCESS;
}

namespace {
enum PoolAttribute { FollowEvents = 1, Opportunistic, InternalDependencies, Threshold, Reserved, ReservedHigh, Used, UsedHigh };
int poolFlags[4] = {0, 1, 1, 1};
}

STANDIN_API CUresult cuMemPoolSetAttribute(void *pool, int attribute, void *value) {
  CALL(NeedsContext);
  if (pool != &releaseThreshold || !value) return CUDA_ERROR_INVALID_VALUE;
  if (attribute >= FollowEvents && attribute <= InternalDependencies) {
    poolFlags[attribute] = *(int *)value;
    return CUDA_SUCCESS;
  }
  if (attribute == Threshold) {
    releaseThreshold = *(uint64_t *)value;
    return CUDA_SUCCESS;
  }
  if ((attribute != ReservedHigh && attribute != UsedHigh) || *(uint64_t *)value) return CUDA_ERROR_INVALID_VALUE;
  device().memoryHigh = device().memoryUsed;
  return CUDA_SUCCESS;
}

STANDIN_API CUresult cuMemPoolGetAttribute(void *pool, int attribute, void *value) {
  CALL(NeedsContext);
  if (pool != &releaseThreshold || !value) return CUDA_ERROR_INVALID_VALUE;
  switch (attribute) {
  case FollowEvents: case Opportunistic: case InternalDependencies: *(int *)value = poolFlags[attribute]; return CUDA_SUCCESS;
  case Threshold: *(uint64_t *)value = releaseThreshold; return CUDA_SUCCESS;
  case Reserved: case Used: *(uint64_t *)value = device().memoryUsed; return CUDA_SUCCESS;
  case ReservedHigh: case UsedHigh: *(uint64_t *)value = device().memoryHigh; return CUDA_SUCCESS;
  default: return CUDA_ERROR_INVALID_VALUE;
  }
}

STANDIN_API CUresult cuMemPoolTrimTo(void *pool, size_t) {
  CALL(NeedsContext);
  return pool == &releaseThreshold ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

// ---- pinned memory

STANDIN_API CUresult cuMemHostAlloc(void **address, size_t bytes, unsigned flags) {
  CALL(NeedsContext);
  if (auto code = refuseWhileCapturing()) return code;
  if (flags & ~7u) return CUDA_ERROR_INVALID_VALUE;
  return allocatePinned(address, bytes);
}

STANDIN_API CUresult cuMemFreeHost(void *address) {
  CALL(NeedsContext);
  if (auto code = refuseWhileCapturing()) return code;
  // A collective of another rank may need this one to go on.
  if (auto code = waitForAll(false)) return code;
  Region *region = findRegion((uintptr_t)address);
  if (!region || region->start != (uintptr_t)address || !region->isHost)
    return mistake(CUDA_ERROR_INVALID_VALUE, "freeing pinned memory that was not allocated");
  if (region->state == Region::Freed) return mistake(CUDA_ERROR_INVALID_VALUE, "freeing twice");
  release(*region);
  return CUDA_SUCCESS;
}

STANDIN_API CUresult cuMemHostGetDevicePointer_v2(CUdeviceptr *address, void *host, unsigned flags) {
  CALL(NeedsContext);
  if (!address || flags || !isPinned(host, 1)) return CUDA_ERROR_INVALID_VALUE;
  *address = (CUdeviceptr)host;
  return CUDA_SUCCESS;
}

// ---- copies: pinned memory is read and written where the copy stands in its stream, pageable memory before the call returns

STANDIN_API CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void *from, size_t bytes, void *handle) {
  CALL(NeedsContext);
  STREAM(handle);
  if (!bytes) return CUDA_SUCCESS;
  if (!from) return CUDA_ERROR_INVALID_VALUE;
  if (auto code = checkRange(to, bytes, "a copy to the device")) return code;
  auto copy = [=] {
    if (!isLive(to, bytes, "a copy to the device")) return true;
    memcpy((void *)to, from, bytes);
    markWritten(to, bytes);
    return true;
  };
  if (auto code = enqueue(stream, copy)) return code;
  return stream->capture || isPinned(from, bytes) ? CUDA_SUCCESS : waitFor({stream, stream->queued});
}

STANDIN_API CUresult cuMemcpyDtoHAsync_v2(void *to, CUdeviceptr from, size_t bytes, void *handle) {
  CALL(NeedsContext);
  STREAM(handle);
  if (!bytes) return CUDA_SUCCESS;
  if (!to) return CUDA_ERROR_INVALID_VALUE;
  if (auto code = checkRange(from, bytes, "a copy from the device")) return code;
  auto copy = [=] {
    if (isLive(from, bytes, "a copy from the device")) memcpy(to, (const void *)from, bytes);
    return true;
  };
  if (auto code = enqueue(stream, copy)) return code;
  return stream->capture || isPinned(to, bytes) ? CUDA_SUCCESS : waitFor({stream, stream->queued});
}

STANDIN_API CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr to, CUdeviceptr from, size_t bytes, void *handle) {
  CALL(NeedsContext);
  STREAM(handle);
  if (!bytes) return CUDA_SUCCESS;
  if (auto code = checkRange(to, bytes, "a copy's target")) return code;
  if (auto code = checkRange(from, bytes, "a copy's source")) return code;
  return enqueue(stream, [=] {
    if (!isLive(to, bytes, "a copy's target") || !isLive(from, bytes, "a copy's source")) return true;
    memmove((void *)to, (const void *)from, bytes);
    copyWritten(to, from, bytes);
    return true;
  });
}

STANDIN_API CUresult cuMemsetD8Async(CUdeviceptr to, unsigned char value, size_t count, void *handle) {
  CALL(NeedsContext);
  return fill(to, value, count, handle, "a fill of bytes");
}
STANDIN_API CUresult cuMemsetD16Async(CUdeviceptr to, unsigned short value, size_t count, void *handle) {
  CALL(NeedsContext);
  return fill(to, value, count, handle, "a fill of 2-byte elements");
}
STANDIN_API CUresult cuMemsetD32Async(CUdeviceptr to, unsigned value, size_t count, void *handle) {
  CALL(NeedsContext);
  return fill(to, value, count, handle, "a fill of 4-byte elements");
}
