// Device and pinned memory: one table of regions. Freed addresses are not used again until the device has no others.
#include "standin.h"

#include <algorithm>
#include <sys/mman.h>

namespace {
constexpr size_t alignment = 256, pageBytes = 4096;
size_t arenaBytes = 64ull << 30;
char *arena;
size_t arenaUsed;
bool usesAgain;
/// Whether a region may have a shadow. There are many regions, since freed ones stay known.
bool hasShadows;
int timesOpen;
std::map<uintptr_t, Region> regions;
Region *recent[64];

size_t roundUp(size_t bytes, size_t unit) { return (bytes + unit - 1) / unit * unit; }
uintptr_t arenaStart() { return (uintptr_t)arena; }

void protect(size_t from, size_t to) {
  if (to > from) mprotect(arena + from, to - from, timesOpen ? PROT_READ | PROT_WRITE : PROT_NONE);
}

void forget(Region &region) {
  for (auto &r : recent)
    if (r == &region) r = nullptr;
}

/// The first place between regions that live.
size_t findGap(size_t bytes) {
  size_t at = alignment;
  for (auto i = regions.begin(); i != regions.end();) {
    auto &region = i->second;
    if (region.isHost || region.state == Region::Live || region.state == Region::Pending) {
      ++i;
      continue;
    }
    forget(region);
    i = regions.erase(i);
  }
  for (auto &[start, region] : regions) {
    if (region.isHost) continue;
    size_t offset = start - arenaStart();
    if (at + bytes + alignment <= offset) return at;
    at = roundUp(offset + region.bytes, alignment) + alignment;
  }
  return at + bytes <= arenaBytes ? at : 0;
}

Region &insert(uintptr_t start, size_t bytes, Region::State state, bool isHost) {
  auto &region = regions[start];
  region.start = start;
  region.bytes = bytes;
  region.state = state;
  region.isHost = isHost;
  region.isShared = false;
  region.shadow.reset();
  return region;
}
}  // namespace

/// The bytes of addresses that the device has; before its first allocation.
STANDIN_API void standin_set_address_space(size_t bytes) {
  std::lock_guard<std::recursive_mutex> lock(device().lock);
  if (!arena) arenaBytes = roundUp(bytes, pageBytes);
}

STANDIN_API void standin_use_addresses_again(int uses) {
  std::lock_guard<std::recursive_mutex> lock(device().lock);
  usesAgain = uses != 0;
}

void openMemory(bool isOpen) {
  timesOpen += isOpen ? 1 : -1;
  if (arena && timesOpen == (isOpen ? 1 : 0)) protect(0, roundUp(arenaUsed, pageBytes));
}

Region *regionBefore(uintptr_t address) {
  auto i = regions.upper_bound(address);
  return i == regions.begin() ? nullptr : &std::prev(i)->second;
}

Region *nearestRegion(uintptr_t address) {
  constexpr size_t far = 1 << 20;
  auto next = regions.upper_bound(address);
  size_t before = next == regions.end() ? far : next->first - address, after = far;
  Region *region = next == regions.begin() ? nullptr : &std::prev(next)->second;
  if (region) after = address - region->start < region->bytes ? 0 : address - region->start - region->bytes;
  if (std::min(before, after) >= far) return nullptr;
  return before < after || (before == after && region->state != Region::Live) ? &next->second : region;
}

Region *findRegion(uintptr_t address) {
  auto &slot = recent[address >> 12 & 63];
  if (slot && address - slot->start < slot->bytes) return slot;
  Region *region = regionBefore(address);
  if (!region || address - region->start >= std::max<size_t>(region->bytes, 1)) return nullptr;
  return slot = region;
}

Region *rangeOf(CUdeviceptr address, size_t bytes, const char *what) {
  Region *region = regionBefore(address);
  if (region && region->holds(address, bytes)) {
    if (region->state == Region::Live) return region;
    mistake(0, format("%s: %zu bytes of an allocation of %zu bytes that is %s", what, bytes, region->bytes,
        region->state == Region::Freed ? "freed" : "not made yet where this stands in its stream"));
  } else if ((region = nearestRegion(address))) {
    mistake(0, format("%s: %zu bytes at %ld of an allocation of %zu bytes%s", what, bytes, (long)(address - region->start), region->bytes,
        region->state == Region::Freed ? " that is freed" : ""));
  } else {
    mistake(0, format("%s: %zu bytes at %#zx, which is nobody's", what, bytes, (size_t)address));
  }
  return nullptr;
}

bool isPinned(const void *address, size_t bytes) {
  Region *region = findRegion((uintptr_t)address);
  return region && region->isHost && region->state == Region::Live && region->holds((uintptr_t)address, bytes);
}

CUresult allocateMemory(CUdeviceptr *address, size_t bytes, bool isPending) {
  auto &dev = device();
  if (!bytes || !address) return mistake(CUDA_ERROR_INVALID_VALUE, "an allocation of no bytes");
  if (bytes > dev.memoryLimit || dev.memoryUsed > dev.memoryLimit - bytes) return CUDA_ERROR_OUT_OF_MEMORY;
  if (!arena) {
    void *memory = mmap(nullptr, arenaBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) return CUDA_ERROR_OUT_OF_MEMORY;
    arena = (char *)memory;
  }
  // A gap on either side belongs to nobody.
  size_t offset = usesAgain ? findGap(bytes) : roundUp(arenaUsed, alignment) + alignment;
  if (!offset || offset + bytes > arenaBytes) {
    offset = findGap(bytes);
    if (!offset) return CUDA_ERROR_OUT_OF_MEMORY;
  }
  if (offset + bytes > arenaUsed) {
    size_t known = roundUp(arenaUsed, pageBytes);
    arenaUsed = offset + bytes;
    if (timesOpen) protect(known, roundUp(arenaUsed, pageBytes));
  }
  *address = arenaStart() + offset;
  dev.memoryUsed += bytes;
  dev.memoryHigh = std::max(dev.memoryHigh, dev.memoryUsed);
  auto &region = insert(*address, bytes, Region::Pending, false);
  if (!isPending) activate(region);
  return CUDA_SUCCESS;
}

CUresult allocatePinned(void **address, size_t bytes) {
  if (!bytes || !address) return mistake(CUDA_ERROR_INVALID_VALUE, "an allocation of no bytes");
  void *memory = mmap(nullptr, roundUp(bytes, pageBytes) + pageBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED || mprotect(memory, roundUp(bytes, pageBytes), PROT_READ | PROT_WRITE)) return CUDA_ERROR_OUT_OF_MEMORY;
  // The allocation ends where its last page ends, as far as its alignment allows.
  insert((uintptr_t)memory, bytes, Region::Live, true);
  memset(memory, 0xff, bytes);
  *address = memory;
  return CUDA_SUCCESS;
}

void activate(Region &region) {
  OpenMemory open;
  memset((void *)region.start, 0xff, region.bytes);
  region.state = Region::Live;
  if (device().isChecked) addShadow(region, false);
}

void release(Region &region) {
  region.state = Region::Freed;
  region.shadow.reset();
  uintptr_t first = roundUp(region.start, pageBytes), last = (region.start + region.bytes) / pageBytes * pageBytes;
  if (region.isHost) {
    size_t bytes = roundUp(region.bytes, pageBytes);
    madvise((void *)region.start, bytes, MADV_DONTNEED);
    mprotect((void *)region.start, bytes, PROT_NONE);
    return;
  }
  device().memoryUsed -= region.bytes;
  OpenMemory open;
  uintptr_t end = region.start + region.bytes;
  if (first >= last) {
    memset((void *)region.start, 0xff, region.bytes);
    return;
  }
  memset((void *)region.start, 0xff, first - region.start);
  memset((void *)last, 0xff, end - last);
  madvise((void *)first, last - first, MADV_DONTNEED);
}

void releaseAllMemory() {
  for (auto &entry : regions)
    if (entry.second.state != Region::Freed) release(entry.second);
}

void markWritten(CUdeviceptr address, size_t bytes) {
  Region *region = findRegion(address);
  if (region && region->shadow) memset(region->shadow->isWritten.data() + (address - region->start), 1, bytes);
}

void addShadow(Region &region, bool isWritten) {
  region.shadow.reset(new Shadow(region.bytes, isWritten));
  hasShadows = true;
}

void forgetWritten() {
  if (!hasShadows) return;
  hasShadows = false;
  for (auto &entry : regions) entry.second.shadow.reset();
}
