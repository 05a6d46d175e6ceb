// Checked mode: every access of a kernel is looked up in the table of regions and in the cells of who read and wrote there.
#include "standin.h"

#include <algorithm>

Region sharedMemory[3] = {
    {0, 0, Region::Live, false, true, nullptr}, {0, 0, Region::Live, false, true, nullptr}, {0, 0, Region::Live, false, true, nullptr}};
uint32_t blockAge, launchAge;

namespace {
// A stamp: block + 1 in 26 bits, thread in 10, barriers and synchronizations of the warp in 14 each.
constexpr uint32_t counterMask = (1 << 14) - 1;
unsigned threadOf(uint64_t stamp) { return stamp >> 28 & 1023; }
unsigned blockOf(uint64_t stamp) { return (unsigned)(stamp >> 38) - 1; }

uint64_t stampOf(const Thread &t) {
  uint64_t place = (uint64_t)(block.number + 1) << 38 | (uint64_t)t.id << 28;
  return place | (uint64_t)(t.barriers & counterMask) << 14 | (t.warpSyncs & counterMask);
}

bool races(uint64_t earlier, const Thread &t, bool isShared) {
  if (!earlier) return false;
  if (blockOf(earlier) != block.number) return !isShared;
  auto id = threadOf(earlier);
  if (id == (unsigned)t.id || (earlier >> 14 & counterMask) != (t.barriers & counterMask)) return false;
  return (int)id / 32 != t.warp || (earlier & counterMask) >= (t.warpSyncs & counterMask);
}

/// The cells of a chunk for accesses of `unit` bytes; finer than before if they must be.
Chunk &chunkAt(Region &region, size_t offset, int shift) {
  auto &slot = region.shadow->chunks[offset / chunkBytes];
  if (!slot) slot.reset(new Chunk);
  auto &chunk = *slot;
  uint32_t age = region.isShared ? blockAge : launchAge;
  if (chunk.age != age) {
    chunk.age = age;
    chunk.shift = shift;
    chunk.cells.assign(chunkBytes >> shift, Cell{0, 0, 0});
  } else if (chunk.shift > shift) {
    std::vector<Cell> finer(chunkBytes >> shift);
    for (size_t i = 0; i < finer.size(); i++) finer[i] = chunk.cells[i >> (chunk.shift - shift)];
    chunk.cells.swap(finer);
    chunk.shift = shift;
  }
  return chunk;
}

const char *verb(int kind) { return kind & STANDIN_WRITE ? "writes" : "reads"; }

bool isDynamicShared(uintptr_t address) { return address - (uintptr_t)block.library->link->dynamicShared < STANDIN_DYNAMIC_SHARED; }
bool isInLibrary(uintptr_t address) { return address >= block.library->start && address < block.library->end; }

[[noreturn]] void outside(uintptr_t address, size_t bytes, int kind, const void *place) {
  auto all = (unsigned long)bytes;
  // In the library lies nothing but shared memory that a kernel may write.
  Region *nearest = nullptr;
  for (auto &shared : sharedMemory)
    if (isInLibrary(address) && shared.bytes && address >= shared.start && (!nearest || shared.start > nearest->start)) nearest = &shared;
  if (isDynamicShared(address)) nearest = &sharedMemory[2];
  if (nearest)
    failThread(CUDA_ERROR_ILLEGAL_ADDRESS, format("%s %lu bytes at %lu of %lu bytes of %s shared memory", verb(kind), all,
        (unsigned long)(address - nearest->start), (unsigned long)nearest->bytes, nearest == &sharedMemory[2] ? "dynamic" : "static"),
        place);
  Region *region = nearestRegion(address);
  if (!region)
    failThread(CUDA_ERROR_ILLEGAL_ADDRESS, format("%s %lu bytes at %#lx, which is nobody's", verb(kind), all, (unsigned long)address),
        place);
  static const char *const states[] = {" that is not made yet where this stands in its stream", "", " that is freed"};
  failThread(CUDA_ERROR_ILLEGAL_ADDRESS, format("%s %lu bytes at %ld of an allocation of %lu bytes%s", verb(kind), all,
      (long)(address - region->start), (unsigned long)region->bytes, states[region->state]), place);
}

[[noreturn]] void race(uint64_t other, bool hasWritten, bool isShared, int kind, const void *place) {
  failThread(CUDA_ERROR_LAUNCH_FAILED, format("a race in %s memory: %s what thread %u of block %u has %s", isShared ? "shared" : "global",
      verb(kind), threadOf(other), blockOf(other), hasWritten ? "written" : "read"), place);
}
}  // namespace

void checkAccess(const void *pointer, size_t bytes, int kind, const void *place) {
  if (!currentThread || !bytes) return;
  auto address = (uintptr_t)pointer;
  if (isOnFiberStack(address)) return;
  auto &t = *currentThread;
  Region *region = nullptr;
  for (auto &shared : sharedMemory)
    if (shared.holds(address, bytes)) region = &shared;
  if (!region) {
    region = findRegion(address);
    if (!region || region->state != Region::Live || !region->holds(address, bytes)) {
      // Constants of the library, and variables that are not shared, are its own business.
      bool isShared = isDynamicShared(address);
      for (auto &shared : sharedMemory) isShared = isShared || address - shared.start < shared.bytes + 16;
      if (!region && !isShared && isInLibrary(address)) return;
      outside(address, bytes, kind, place);
    }
  }
  if (!region->shadow) addShadow(*region, true);
  bool isWrite = kind & STANDIN_WRITE, isAtomic = kind & STANDIN_ATOMIC;
  size_t offset = address - region->start;
  uint8_t *isWritten = region->shadow->isWritten.data() + offset;
  if ((!isWrite || isAtomic) && !region->isHost && memchr(isWritten, 0, bytes))
    failThread(CUDA_ERROR_LAUNCH_FAILED, format("reads %s memory that nobody has written", region->isShared ? "shared" : "global"), place);
  if (isWrite) memset(isWritten, 1, bytes);
  if (isAtomic) return;

  size_t finest = bytes | address;
  int shift = finest & 1 ? 0 : finest & 2 ? 1 : 2;
  uint64_t now = stampOf(t);
  for (size_t end = offset + bytes; offset < end;) {
    auto &chunk = chunkAt(*region, offset, shift);
    size_t chunkEnd = std::min(end, offset / chunkBytes * chunkBytes + chunkBytes);
    for (; offset < chunkEnd; offset += (size_t)1 << chunk.shift) {
      auto &cell = chunk.cells[offset % chunkBytes >> chunk.shift];
      if (races(cell.write, t, region->isShared)) race(cell.write, true, region->isShared, kind, place);
      if (isWrite) {
        if (races(cell.read, t, region->isShared)) race(cell.read, false, region->isShared, kind, place);
        if (races(cell.otherRead, t, region->isShared)) race(cell.otherRead, false, region->isShared, kind, place);
        cell.write = now;
      } else {
        if (cell.read >> 28 != now >> 28) cell.otherRead = cell.read;
        cell.read = now;
      }
    }
  }
}

void unwrite(const void *pointer, size_t bytes) {
  auto address = (uintptr_t)pointer;
  for (auto &shared : sharedMemory)
    if (shared.shadow && shared.holds(address, bytes)) memset(shared.shadow->isWritten.data() + (address - shared.start), 0, bytes);
}
