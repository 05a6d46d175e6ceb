// Device memory, and what kernels do with it.
#include "runtime.h"
#include <cstring>
#include <dlfcn.h>
#include <sys/mman.h>

namespace standin {

size_t usedMemory = 0, mostUsedMemory = 0, totalMemory = 8ull << 30;
std::vector<Range> ownMemory;

static constexpr size_t arenaBytes = 64ull << 30;
static char *arena;
static size_t arenaUsed;
static int openCount;

// Who touched a byte: a thread, and how many barriers and meetings it had behind it.
struct Mark {
  uint32_t launch, block, barriers, syncs;
  uint16_t thread;
  bool isAtomic;
};
struct Cell {
  Mark write, read, otherRead;
};
struct Checked {
  std::vector<bool> isWritten;
  std::vector<Cell> cells;
};
static std::map<uintptr_t, Region> regions;
static std::map<uintptr_t, Checked> checks;

void reserveMemory() {
  if (!arena) arena = (char *)mmap(nullptr, arenaBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

static size_t arenaPages() { return (arenaUsed + 4095) / 4096 * 4096; }

void openMemory() {
  if (openCount++ == 0 && arenaUsed) mprotect(arena, arenaPages(), PROT_READ | PROT_WRITE);
}
void closeMemory() {
  if (--openCount == 0 && arenaUsed) mprotect(arena, arenaPages(), PROT_NONE);
}

uintptr_t takeMemory(size_t bytes) {
  // As the driver's, with a gap that is nobody's.
  size_t start = (arenaUsed + 511) / 256 * 256;
  if (usedMemory + bytes > totalMemory || start + bytes > arenaBytes) return 0;
  arenaUsed = start + bytes;
  mprotect(arena, arenaPages(), PROT_READ | PROT_WRITE);
  // Memory that is not touched stays zero pages: the poison of large blocks ends early.
  memset(arena + start, 0xff, bytes);
  if (!openCount) mprotect(arena, arenaPages(), PROT_NONE);
  uintptr_t address = (uintptr_t)arena + start;
  regions[address] = {address, bytes, false, false};
  usedMemory += bytes;
  if (usedMemory > mostUsedMemory) mostUsedMemory = usedMemory;
  return address;
}

int freeMemory(uintptr_t address) {
  auto found = regions.find(address);
  if (found == regions.end() || found->second.isFree || found->second.isHost) return 1;
  found->second.isFree = true;
  usedMemory -= found->second.bytes;
  checks.erase(address);
  // Its pages go back; its addresses are not used again, so that a late use shows.
  uintptr_t first = (address + 4095) / 4096 * 4096, last = (address + found->second.bytes) / 4096 * 4096;
  if (last > first) madvise((void *)first, last - first, MADV_DONTNEED);
  return 0;
}

void addHostMemory(void *p, size_t bytes) { regions[(uintptr_t)p] = {(uintptr_t)p, bytes, false, true}; }
void removeHostMemory(void *p) { regions.erase((uintptr_t)p); }

Region *regionOf(uintptr_t address) {
  auto after = regions.upper_bound(address);
  if (after == regions.begin()) return nullptr;
  auto &region = std::prev(after)->second;
  return address < region.start + region.bytes ? &region : nullptr;
}

static Checked &checkedOf(Region &region) {
  auto &checked = checks[region.start];
  if (checked.isWritten.empty()) checked.isWritten.resize(region.bytes);
  return checked;
}

void wroteFromHost(uintptr_t address, size_t bytes) {
  if (!options.checked) return;
  auto region = regionOf(address);
  if (!region || region->isHost) return;
  auto &checked = checkedOf(*region);
  for (size_t i = 0; i < bytes; i++) checked.isWritten[address - region->start + i] = true;
}

// Shared memory of the running block: what the kernel declares, and what the launch asks for.
static struct {
  uintptr_t start;
  size_t bytes, room;
  std::vector<Cell> cells;
} areas[2];
static uintptr_t argumentsStart;
static uint32_t blockRun;

void beginLaunch(uintptr_t arguments) { argumentsStart = arguments; }
void beginBlock(uint32_t, uintptr_t shared, size_t sharedBytes, uintptr_t dynamic, size_t dynamicBytes, size_t dynamicRoom) {
  blockRun++;
  areas[0].start = shared;
  areas[0].bytes = areas[0].room = sharedBytes;
  areas[1].start = dynamic;
  areas[1].bytes = dynamicBytes;
  areas[1].room = dynamicRoom;
}

static void report(const char *what, uintptr_t address, size_t bytes, bool isWrite, const void *code, const std::string &whose) {
  int line = 0;
  std::string place = lineOf(code);
  sscanf(place.c_str(), "%d", &line);
  find(700, "%s %s %zu bytes %s%s, line %s: %s", threadName().c_str(), isWrite ? "writes" : "reads", bytes, what, whose.c_str(), place.c_str(), textOfLine(line).c_str());
  (void)address;
  // The thread does not go on.
  table.fail("", line);
}

static bool isOrdered(const Mark &before, const ThreadState &now) {
  if (before.thread == now.id) return true;
  if (before.barriers < now.barriers) return true;
  return before.thread / 32 == now.warp && before.syncs < now.warpSyncs;
}

// Whether a touch by another thread comes at no certain time before this one. Marks of shared memory carry the number of the block's run as their launch.
static bool isRace(const Mark &before, uint32_t launch, bool isShared, bool isAtomic) {
  if (before.launch != launch || (before.isAtomic && isAtomic)) return false;
  auto &now = current();
  if (!isShared && before.block != currentBlock()) return true;
  return !isOrdered(before, now);
}

static void touch(Cell &cell, uint32_t launch, bool isShared, uintptr_t address, size_t bytes, bool isWrite, bool isAtomic, const void *code) {
  auto &now = current();
  char whose[128];
  auto name = [&](const Mark &mark) {
    snprintf(whose, sizeof whose, " that thread %u of block %u %s", mark.thread, mark.block, &mark == &cell.write ? "writes" : "reads");
    return std::string(whose);
  };
  if (isRace(cell.write, launch, isShared, isAtomic)) report("in a race:", address, bytes, isWrite, code, name(cell.write));
  if (isWrite) {
    if (isRace(cell.read, launch, isShared, isAtomic)) report("in a race:", address, bytes, true, code, name(cell.read));
    if (isRace(cell.otherRead, launch, isShared, isAtomic)) report("in a race:", address, bytes, true, code, name(cell.otherRead));
  }
  Mark mark = {launch, currentBlock(), now.barriers, now.warpSyncs, (uint16_t)now.id, isAtomic};
  if (isWrite) {
    cell.write = mark;
  } else {
    if (cell.read.launch == launch && (cell.read.thread != mark.thread || cell.read.block != mark.block)) cell.otherRead = cell.read;
    cell.read = mark;
  }
}

static void accessAs(const void *p, size_t bytes, bool isWrite, bool isAtomic, const void *code) {
  if (!options.checked || !table.self) return;
  uintptr_t address = (uintptr_t)p;
  for (auto &area : areas) {
    if (address < area.start || address >= area.start + area.room) continue;
    if (address + bytes > area.start + area.bytes) report("past the shared memory of the launch", address, bytes, isWrite, code, "");
    if (area.cells.size() < area.room) area.cells.resize(area.room);
    for (size_t i = 0; i < bytes; i++) {
      auto &cell = area.cells[address - area.start + i];
      if (!isWrite && cell.write.launch != blockRun) report("of shared memory that nobody in this block has written", address, bytes, false, code, "");
      touch(cell, blockRun, true, address, bytes, isWrite, isAtomic, code);
    }
    return;
  }
  for (auto &range : ownMemory)
    if (address >= range.start && address < range.end) return;
  if (address >= argumentsStart && address < argumentsStart + (64 << 10)) return;
  auto region = regionOf(address);
  if (!region) {
    if (address >= (uintptr_t)arena && address < (uintptr_t)arena + arenaBytes)
      report("outside of every allocation", address, bytes, isWrite, code, "");
    report("at an address that is nobody's", address, bytes, isWrite, code, "");
  }
  if (region->isHost) return;
  if (region->isFree) report("of memory that has been freed", address, bytes, isWrite, code, "");
  if (address + bytes > region->start + region->bytes) report("past the end of an allocation", address, bytes, isWrite, code, "");
  auto &checked = checkedOf(*region);
  if (checked.cells.empty()) checked.cells.resize(region->bytes);
  for (size_t i = 0; i < bytes; i++) {
    size_t place = address - region->start + i;
    if (!isWrite && !checked.isWritten[place]) report("that nobody has written", address, bytes, false, code, "");
    touch(checked.cells[place], currentLaunch(), false, address, bytes, isWrite, isAtomic, code);
    if (isWrite) checked.isWritten[place] = true;
  }
}

void access(const void *p, size_t bytes, bool isWrite, const void *code) { accessAs(p, bytes, isWrite, false, code); }
void atomicAccess(const void *p, size_t bytes, const void *code) { accessAs(p, bytes, true, true, code); }
}  // namespace standin
