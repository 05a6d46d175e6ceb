// Every CUDA thread is a fiber: it runs until a barrier, a meeting of its warp, or its end.
#include "runtime.h"
#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/mman.h>

#if !defined(__x86_64__)
#error "the switch of stacks is written for x86-64"
#endif
extern "C" __attribute__((visibility("hidden"))) void standin_switch(void **from, void *to);
asm(R"(
.text
.globl standin_switch
.hidden standin_switch
standin_switch:
  pushq %rbp; pushq %rbx; pushq %r12; pushq %r13; pushq %r14; pushq %r15
  movq %rsp, (%rdi); movq %rsi, %rsp
  popq %r15; popq %r14; popq %r13; popq %r12; popq %rbx; popq %rbp
  ret
)");

namespace standin {

std::string failure, currentKernel;
int failureCode = 0;
StandInTable table;
static uint64_t state64 = 1;
void seed(uint64_t value) { state64 = value * 0x9E3779B97F4A7C15ull + 1; }
uint32_t randomNumber() {
  state64 = state64 * 6364136223846793005ull + 1442695040888963407ull;
  return state64 >> 33;
}

enum { Ready, AtBarrier, AtMeeting, Done };
struct Meeting {
  unsigned mask, arrived;
  int kind, line;
  bool isOpen;
  unsigned char slots[32][64];
};
static constexpr size_t stackBytes = 256 << 10;
static struct {
  ThreadState threads[mostThreads];
  // A warp's lanes may be at two meetings at once: some still read the last one's slots.
  Meeting whole[32][2], partial[32][64];
  int nextWhole[32], nextPartial[32], lanes[32];
} *all;
static char *stacks;
static void *schedulerStack;
static std::vector<int> freeFibers, ready;
static int waiting, done, threadCount;
static uint32_t blockNumber, launchNumber;
static StandInCall *running;

ThreadState &current() { return *static_cast<ThreadState *>(table.self); }
uint32_t currentBlock() { return blockNumber; }
uint32_t currentLaunch() { return launchNumber; }

std::string threadName() {
  if (!table.self) return "the host";
  auto &t = *table.self;
  char text[96];
  snprintf(text, sizeof text, "thread (%u,%u,%u) of block (%u,%u,%u)", t.thread.x, t.thread.y, t.thread.z, t.block.x, t.block.y, t.block.z);
  return text;
}

void find(int code, const char *format, ...) {
  if (!failure.empty()) return;
  char text[1024];
  va_list list;
  va_start(list, format);
  vsnprintf(text, sizeof text, format, list);
  va_end(list);
  failure = currentKernel + ": " + text;
  failureCode = code;
}

static void toScheduler() { standin_switch(&current().stack, schedulerStack); }
[[noreturn]] static void giveUp() {
  toScheduler();
  abort();
}

static void fail(const char *what, int line) {
  find(strstr(what, "misaligned") ? 716 : 719, "%s: %s, line %d: %s", threadName().c_str(), what, line, textOfLine(line).c_str());
  giveUp();
}

static void fiberMain() {
  for (;;) {
    running->run();
    current().state = Done;
    toScheduler();
  }
}

static void *newStack(int fiber) {
  auto top = (uint64_t *)(stacks + (size_t)(fiber + 1) * stackBytes - 64);
  *--top = 0;
  *--top = (uint64_t)fiberMain;
  top -= 6;
  memset(top, 0, 48);
  return top;
}

static void makeReady(ThreadState &t) {
  t.state = Ready;
  ready.push_back(t.id);
}

static void barrier(int line) {
  auto &t = current();
  t.state = AtBarrier;
  t.line = line;
  if (done) {
    find(719, "%s waits at the barrier of line %d, where other threads of its block have ended", threadName().c_str(), line);
    giveUp();
  }
  if (++waiting == threadCount) {
    for (int i = 0; i < threadCount; i++)
      if (all->threads[i].line != line) {
        find(719, "one barrier in two places: lines %d and %d", line, all->threads[i].line);
        giveUp();
      }
    waiting = 0;
    for (int i = threadCount - 1; i >= 0; i--) {
      all->threads[i].barriers++;
      makeReady(all->threads[i]);
    }
    if (options.order == 1) std::reverse(ready.begin(), ready.end());
  }
  toScheduler();
}

static const unsigned char (*meet(unsigned mask, int kind, const void *value, size_t bytes, int line))[64] {
  auto &t = current();
  int warp = t.warp;
  unsigned living = all->lanes[warp] == 32 ? 0xffffffffu : (1u << all->lanes[warp]) - 1;
  if (!(mask >> t.lane & 1) || mask & ~living) {
    find(719, "%s meets its warp under the mask %#x, line %d, which does not fit the lanes", threadName().c_str(), mask, line);
    giveUp();
  }
  bool isWhole = mask == living;
  Meeting *ring = isWhole ? all->whole[warp] : all->partial[warp], *m = nullptr;
  int size = isWhole ? 2 : 64;
  for (int i = 0; i < size; i++)
    if (ring[i].isOpen && ring[i].mask == mask) m = &ring[i];
  if (!m) {
    int &next = isWhole ? all->nextWhole[warp] : all->nextPartial[warp];
    m = &ring[next++ % size];
    m->mask = mask;
    m->arrived = 0;
    m->kind = kind;
    m->line = line;
    m->isOpen = true;
  }
  if (m->kind != kind || m->line != line) {
    find(719, "%s meets its warp at line %d, while others wait at line %d", threadName().c_str(), line, m->line);
    giveUp();
  }
  if (bytes) memcpy(m->slots[t.lane], value, bytes);
  m->arrived |= 1u << t.lane;
  if (m->arrived != mask) {
    t.state = AtMeeting;
    t.line = line;
    toScheduler();
    return m->slots;
  }
  m->isOpen = false;
  for (int lane = 31; lane >= 0; lane--) {
    if (!(mask >> lane & 1)) continue;
    auto &other = all->threads[warp * 32 + lane];
    // Shuffles order no memory.
    if (kind == StandInSyncWarp && isWhole) other.warpSyncs++;
    if (&other != &t) makeReady(other);
  }
  t.state = Ready;
  if (options.order >= 1) {
    ready.push_back(t.id);
    toScheduler();
  }
  return m->slots;
}

static void prepare() {
  if (all) return;
  auto reserve = [](size_t bytes) { return mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0); };
  all = (decltype(all))reserve(sizeof *all);
  stacks = (char *)reserve(stackBytes * mostThreads);
  table.barrier = barrier;
  table.meet = meet;
  table.fail = fail;
  ownMemory.push_back({(uintptr_t)stacks, (uintptr_t)stacks + stackBytes * mostThreads});
  ownMemory.push_back({(uintptr_t)all, (uintptr_t)all + sizeof *all});
  ownMemory.push_back({(uintptr_t)&table, (uintptr_t)&table + sizeof table});
  table.access = access;
  table.atomic = atomicAccess;
}

static void runBlock(StandInCall *call, StandInDim grid, StandInDim block, uint32_t number) {
  blockNumber = number;
  threadCount = block.x * block.y * block.z;
  waiting = done = 0;
  running = call;
  ready.clear();
  for (int warp = 0; warp * 32 < threadCount; warp++) {
    all->lanes[warp] = std::min(32, threadCount - 32 * warp);
    for (auto &m : all->whole[warp]) m.isOpen = false;
    for (auto &m : all->partial[warp]) m.isOpen = false;
  }
  StandInDim place = {number % grid.x, number / grid.x % grid.y, number / grid.x / grid.y};
  freeFibers.clear();
  for (int i = threadCount - 1; i >= 0; i--) {
    auto &t = all->threads[i];
    t.thread = {i % block.x, i / block.x % block.y, i / block.x / block.y};
    t.block = place;
    t.blockSize = block;
    t.gridSize = grid;
    t.id = i;
    t.lane = i % 32;
    t.warp = i / 32;
    t.fiber = -1;
    t.barriers = t.warpSyncs = 0;
    makeReady(t);
    freeFibers.push_back(i);
  }
  if (options.order == 1) std::reverse(ready.begin(), ready.end());
  while (!ready.empty()) {
    if (options.order >= 2) std::swap(ready.back(), ready[randomNumber() % ready.size()]);
    auto &t = all->threads[ready.back()];
    ready.pop_back();
    if (t.fiber < 0) {
      t.fiber = freeFibers.back();
      freeFibers.pop_back();
      t.stack = newStack(t.fiber);
    }
    table.self = &t;
    standin_switch(&schedulerStack, t.stack);
    if (t.state == Done && waiting && failure.empty()) {
      int line = 0;
      for (int i = 0; i < threadCount; i++)
        if (all->threads[i].state == AtBarrier) line = all->threads[i].line;
      find(719, "%s has ended, while others wait at the barrier of line %d", threadName().c_str(), line);
    }
    table.self = nullptr;
    if (!failure.empty()) return;
    if (t.state == Done) {
      freeFibers.push_back(t.fiber);
      done++;
    }
  }
  for (int i = 0; i < threadCount && done < threadCount; i++) {
    auto &t = all->threads[i];
    if (t.state == Done) continue;
    table.self = &t;
    find(719, "%s waits for ever at line %d%s", threadName().c_str(), t.line, t.state == AtMeeting ? " for lanes of its warp" : "");
    table.self = nullptr;
  }
}

void runKernel(Function &function, StandInCall *call, StandInDim grid, StandInDim block, size_t sharedBytes) {
  prepare();
  currentKernel = function.name;
  setRunning(function.module);
  launchNumber++;
  beginLaunch((uintptr_t)call);
  static constexpr size_t room = 227 << 10;
  alignas(256) static thread_local unsigned char dynamic[room];
  char *shared = sharedMemory(*function.module);
  table.dynamicShared = dynamic;
  uint32_t count = grid.x * grid.y * grid.z;
  std::vector<uint32_t> blocks(count);
  for (uint32_t i = 0; i < count; i++) blocks[i] = options.order == 1 ? count - 1 - i : i;
  if (options.order >= 2)
    for (uint32_t i = count; i > 1; i--) std::swap(blocks[i - 1], blocks[randomNumber() % i]);
  for (uint32_t number : blocks) {
    // What the last block left in shared memory is not there for the next one.
    memset(shared, 0xff, function.module->sharedBytes);
    memset(dynamic, 0xff, sharedBytes);
    beginBlock(number, (uintptr_t)shared, function.module->sharedBytes, (uintptr_t)dynamic, sharedBytes, room);
    runBlock(call, grid, block, number);
    if (!failure.empty()) break;
  }
  beginBlock(0, 0, 0, 0, 0, 0);
}
}  // namespace standin
