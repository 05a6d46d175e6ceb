// A block runs: every CUDA thread is a fiber that goes on until a barrier, a meeting of its warp, or its end.
#include "standin.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

extern "C" void standin_switch(void **from, void *to);
#if defined(__x86_64__)
asm(R"(
.text
.globl standin_switch
.hidden standin_switch
.type standin_switch, @function
standin_switch:
  pushq %rbp; pushq %rbx; pushq %r12; pushq %r13; pushq %r14; pushq %r15
  movq %rsp, (%rdi); movq %rsi, %rsp
  popq %r15; popq %r14; popq %r13; popq %r12; popq %rbx; popq %rbp
  ret
.size standin_switch, .-standin_switch
)");
#else
#error "the stand-in's switch of stacks is written for x86-64"
#endif

namespace {
constexpr int maxThreads = 1024, maxWarps = 32, guardedStacks = 32;
constexpr size_t stackBytes = 128 << 10, guardBytes = 4096;

struct Meeting {
  unsigned mask, arrived;
  int kind, line;
  bool isOpen;
  StandinSlot slots[32];
};
/// Meetings of all living lanes take turns; of other masks there are at most 32 at once, and as many whose results are being read.
struct Warp {
  Meeting whole[2], partial[64];
  int nextWhole, nextPartial, living;
  uint32_t syncs;
};
Thread *threads;
Warp *warps;
char *stacks;
int guarded;
void *schedulerStack;
std::vector<int> readyThreads, freeFibers;
/// Where fibers without a thread rest; nothing for those that have not begun.
void *idleFibers[maxThreads];
StandinThread **selfOfLibrary;
/// The asynchronous copies of each thread that have not landed.
struct Copy {
  void *to;
  const void *from;
  int bytes, present, group;
};
Copy (*copies)[64];
int threadCount, waiting, ended;
uint64_t seed = 1;
const void *failedAt;

void makeReady(Thread &thread) {
  thread.state = Thread::Ready;
  readyThreads.push_back(thread.id);
}

Thread *takeReady() {
  if (readyThreads.empty()) return nullptr;
  if (device().order >= 2) std::swap(readyThreads.back(), readyThreads[randomNumber() % readyThreads.size()]);
  auto &next = threads[readyThreads.back()];
  readyThreads.pop_back();
  return &next;
}

void fiberMain();

void *freshStack(int fiber) {
  // Not all at one offset from a power of two: their lines would share a few sets of the cache.
  // A process has only so many mappings, of which a guarded stack is two, and many devices stand in at a time: pages are guarded of stacks that are used, and of the first, which every
  // block uses: what takes too much of a stack does so on these.
  for (; guarded <= fiber && guarded < guardedStacks; guarded++) mprotect(stacks + stackBytes * guarded, guardBytes, PROT_NONE);
  auto top = (uint64_t *)(stacks + (size_t)(fiber + 1) * stackBytes - 64 - (size_t)fiber * 1088 % 32768);
  *--top = 0;
  *--top = (uint64_t)fiberMain;
  top -= 6;
  memset(top, 0, 6 * sizeof *top);
  return top;
}

/// Makes the thread the running one; where it goes on.
void *activate(Thread &thread) {
  if (thread.fiber < 0) {
    thread.fiber = freeFibers.back();
    freeFibers.pop_back();
    auto &idle = idleFibers[thread.fiber];
    thread.stackPointer = idle ? idle : freshStack(thread.fiber);
    idle = nullptr;
  }
  *selfOfLibrary = currentThread = &thread;
  return thread.stackPointer;
}

/// Lets other threads run until this one is ready again.
void yield() {
  auto &t = *currentThread;
  auto next = takeReady();
  if (next != &t) standin_switch(&t.stackPointer, next ? activate(*next) : schedulerStack);
}

/// The thread has ended; its fiber runs the next that has none, or rests.
void finishThread() {
  auto &t = *currentThread;
  t.state = Thread::Done;
  ended++;
  for (int i = 0; waiting && i < threadCount; i++)
    if (threads[i].state == Thread::AtBarrier)
      failThread(CUDA_ERROR_LAUNCH_FAILED, "has ended, while others wait at a barrier" + sourceLine(threads[i].file, threads[i].line));
  auto next = takeReady();
  if (next && next->fiber < 0) {
    next->fiber = t.fiber;
    *selfOfLibrary = currentThread = next;
    return;
  }
  freeFibers.push_back(t.fiber);
  standin_switch(&idleFibers[t.fiber], next ? activate(*next) : schedulerStack);
}

void fiberMain() {
  for (;;) {
    block.entry->run(block.arguments);
    finishThread();
  }
}

// ---- faults of the processor in a kernel end it as they end it on a device

pthread_t runner;
const int faultSignals[] = {SIGSEGV, SIGBUS, SIGFPE};
struct sigaction formerActions[3];

void onFault(int signal, siginfo_t *info, void *context) {
  if (currentThread && pthread_equal(pthread_self(), runner)) {
    sigset_t set;
    sigemptyset(&set);
    for (int s : faultSignals) sigaddset(&set, s);
    pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
    auto address = (uintptr_t)info->si_addr;
    if (signal == SIGFPE) failThread(CUDA_ERROR_LAUNCH_FAILED, "a division by zero");
    if (isOnFiberStack(address)) failThread(CUDA_ERROR_LAUNCH_FAILED, "the stack of a thread is used up");
    if (info->si_code == SI_KERNEL) failThread(CUDA_ERROR_MISALIGNED_ADDRESS, "an access that is misaligned or far from any memory");
    failThread(CUDA_ERROR_ILLEGAL_ADDRESS, format("touches %#lx, which is nobody's", (unsigned long)address));
  }
  for (int i = 0; i < 3; i++) {
    if (faultSignals[i] != signal) continue;
    auto &former = formerActions[i];
    if (former.sa_flags & SA_SIGINFO) former.sa_sigaction(signal, info, context);
    else if (former.sa_handler == SIG_DFL || former.sa_handler == SIG_IGN) sigaction(signal, &former, nullptr);
    else former.sa_handler(signal);
  }
}

void prepare() {
  if (threads) return;
  auto map = [](size_t bytes) {
    return mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  };
  threads = (Thread *)map(sizeof(Thread) * maxThreads);
  warps = (Warp *)map(sizeof(Warp) * maxWarps);
  copies = (Copy(*)[64])map(sizeof(Copy) * 64 * maxThreads);
  stacks = (char *)map(stackBytes * maxThreads);
  struct sigaction action = {};
  action.sa_sigaction = onFault;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  for (int i = 0; i < 3; i++) sigaction(faultSignals[i], &action, &formerActions[i]);
}

// ---- what kernels call

int atBarrier(int predicate, const char *file, int line) {
  auto &t = *currentThread;
  t.state = Thread::AtBarrier;
  t.file = file;
  t.line = line;
  t.predicate = predicate;
  waiting++;
  auto at = [](const char *file, int line) { return sourceLine(file, line); };
  if (ended) failThread(CUDA_ERROR_LAUNCH_FAILED, "waits at a barrier, while other threads of its block have ended" + at(file, line));
  if (waiting == threadCount) {
    int count = 0;
    for (int i = 0; i < threadCount; i++) {
      auto &other = threads[i];
      if (other.line != line || strcmp(other.file, file))
        failThread(CUDA_ERROR_LAUNCH_FAILED,
            "threads of a block wait at two barriers" + at(file, line) + " and" + at(other.file, other.line));
      count += other.predicate;
    }
    waiting = 0;
    for (int i = threadCount - 1; i >= 0; i--) {
      threads[i].barriers++;
      threads[i].predicate = count;
      makeReady(threads[i]);
    }
    if (device().order == 1) std::reverse(readyThreads.begin(), readyThreads.end());
  }
  yield();
  return t.predicate;
}

const StandinSlot *meet(unsigned mask, int kind, const void *value, size_t bytes, const char *file, int line) {
  auto &t = *currentThread;
  auto &warp = warps[t.warp];
  unsigned living = warp.living == 32 ? ~0u : (1u << warp.living) - 1;
  auto refuse = [&](const std::string &what) { failThread(CUDA_ERROR_LAUNCH_FAILED, what + sourceLine(file, line)); };
  if (kind == STANDIN_SYNCWARP && mask == ~0u) mask = living;
  if (!(mask >> t.lane & 1)) refuse(format("is not in its own mask %#x", mask));
  if (mask & ~living) refuse(format("names lanes that its block does not have, mask %#x", mask));
  bool isWhole = mask == living;
  Meeting *ring = isWhole ? warp.whole : warp.partial, *meeting = nullptr;
  int size = isWhole ? 2 : 64;
  for (int i = 0; i < size && !meeting; i++)
    if (ring[i].isOpen && ring[i].mask == mask) meeting = &ring[i];
  if (!meeting) {
    int &next = isWhole ? warp.nextWhole : warp.nextPartial;
    meeting = &ring[next];
    next = (next + 1) % size;
    meeting->mask = mask;
    meeting->arrived = 0;
    meeting->kind = kind;
    meeting->line = line;
    meeting->isOpen = true;
  }
  if (meeting->kind != kind || meeting->line != line) refuse(format("meets its warp here, and others of it at line %d", meeting->line));
  if (bytes) memcpy(meeting->slots[t.lane], value, bytes);
  meeting->arrived |= 1u << t.lane;
  t.file = file;
  t.line = line;
  if (meeting->arrived != mask) {
    t.state = Thread::AtMeeting;
    yield();
    return meeting->slots;
  }
  meeting->isOpen = false;
  if (kind == STANDIN_SYNCWARP) warp.syncs++;
  for (int lane = 31; lane >= 0; lane--) {
    if (!(mask >> lane & 1)) continue;
    auto &other = threads[t.warp * 32 + lane];
    if (kind == STANDIN_SYNCWARP) other.warpSyncs = warp.syncs;
    if (&other != &t) makeReady(other);
  }
  t.state = Thread::Ready;
  if (device().order) {
    readyThreads.push_back(t.id);
    yield();
  }
  return meeting->slots;
}

int laneNumber() { return currentThread->lane; }

void failHere(int code, const char *what, const char *file, int line) {
  if (currentThread) failThread(code, what + sourceLine(file, line));
}

void copyAsync(void *to, const void *from, int bytes, int present, const void *place) {
  auto &t = *currentThread;
  if ((bytes != 4 && bytes != 8 && bytes != 16) || present < 0 || present > bytes)
    failThread(CUDA_ERROR_LAUNCH_FAILED, format("copies %d of %d bytes asynchronously; there may be 4, 8 or 16", present, bytes), place);
  if ((uintptr_t)to % (unsigned)bytes || (uintptr_t)from % (unsigned)bytes)
    failThread(CUDA_ERROR_MISALIGNED_ADDRESS, "a misaligned asynchronous copy", place);
  if (device().isChecked) {
    if (present) checkAccess(from, (size_t)present, STANDIN_READ, place);
    checkAccess(to, (size_t)bytes, STANDIN_WRITE, place);
    unwrite(to, (size_t)bytes);
  }
  memset(to, 0xff, (size_t)bytes);
  if (t.copyCount == 64) failThread(CUDA_ERROR_LAUNCH_FAILED, "more than 64 asynchronous copies at once", place);
  copies[t.id][t.copyCount++] = {to, from, bytes, present, t.group};
}

void commitCopies() { currentThread->group++; }

void waitForCopies(int newest, const void *place) {
  auto &t = *currentThread;
  int kept = 0;
  for (int i = 0; i < t.copyCount; i++) {
    auto copy = copies[t.id][i];
    if (newest >= 0 && copy.group >= t.group - newest) {
      copies[t.id][kept++] = copy;
      continue;
    }
    memcpy(copy.to, copy.from, (size_t)copy.present);
    memset((char *)copy.to + copy.present, 0, (size_t)(copy.bytes - copy.present));
    if (device().isChecked) checkAccess(copy.to, (size_t)copy.bytes, STANDIN_WRITE, place);
  }
  t.copyCount = kept;
}

void begin() {
  threadCount = (int)(block.size.x * block.size.y * block.size.z);
  waiting = ended = 0;
  readyThreads.clear();
  freeFibers.clear();
  for (int w = 0; w < (threadCount + 31) / 32; w++) {
    auto &warp = warps[w];
    warp.living = std::min(32, threadCount - 32 * w);
    warp.syncs = 0;
    for (auto &m : warp.whole) m.isOpen = false;
    for (auto &m : warp.partial) m.isOpen = false;
  }
  auto n = block.number;
  StandinDim place = {n % block.grid.x, n / block.grid.x % block.grid.y, n / block.grid.x / block.grid.y};
  for (int i = threadCount - 1; i >= 0; i--) {
    auto &t = threads[i];
    auto u = (unsigned)i;
    t.thread = {u % block.size.x, u / block.size.x % block.size.y, u / block.size.x / block.size.y};
    t.block = place;
    t.blockSize = block.size;
    t.gridSize = block.grid;
    t.id = i;
    t.lane = i % 32;
    t.warp = i / 32;
    t.fiber = -1;
    t.barriers = t.warpSyncs = 0;
    t.copyCount = t.group = 0;
    makeReady(t);
    freeFibers.push_back(i);
  }
  if (device().order == 1) std::reverse(readyThreads.begin(), readyThreads.end());
}
}  // namespace

Thread *currentThread;
Block block;
StandinRuntime kernelRuntime = {atBarrier, meet, laneNumber, failHere, checkAccess, copyAsync, commitCopies, waitForCopies};

unsigned randomNumber() {
  seed = seed * 6364136223846793005ull + 1442695040888963407ull;
  return (unsigned)(seed >> 33);
}

bool isOnFiberStack(uintptr_t address) { return address - (uintptr_t)stacks < stackBytes * maxThreads; }

std::string describeThread(const Thread &t) {
  return format("thread (%u, %u, %u) of block (%u, %u, %u)", t.thread.x, t.thread.y, t.thread.z, t.block.x, t.block.y, t.block.z);
}

void failThread(int code, const std::string &what, const void *place) {
  breakContext(code, std::string("kernel ") + block.entry->name + ", " + describeThread(*currentThread) + ": " + what);
  failedAt = place;
  void *nowhere;
  standin_switch(&nowhere, schedulerStack);
  abort();
}

KernelThread::KernelThread() {
  prepare();
  runner = pthread_self();
  sigaltstack(nullptr, &former);
  if (!(former.ss_flags & SS_DISABLE)) return;
  memory.reset(new char[64 << 10]);
  stack_t own = {};
  own.ss_sp = memory.get();
  own.ss_size = 64 << 10;
  sigaltstack(&own, nullptr);
}

KernelThread::~KernelThread() {
  if (memory) sigaltstack(&former, nullptr);
}

bool runBlock() {
  seed = (uint64_t)device().order * 77777 + block.number + 1;
  begin();
  selfOfLibrary = block.library->link->self;
  standin_switch(&schedulerStack, activate(*takeReady()));
  currentThread = nullptr;
  auto &dev = device();
  if (dev.code) {
    // The line is looked up here, where the stack has room for it. What the fibers were at is lost.
    if (failedAt) dev.message += describePlace(failedAt);
    failedAt = nullptr;
    memset(idleFibers, 0, sizeof idleFibers);
    return false;
  }
  for (int i = 0; i < threadCount && ended < threadCount; i++) {
    auto &t = threads[i];
    if (t.state == Thread::Done) continue;
    breakContext(CUDA_ERROR_LAUNCH_FAILED, std::string("kernel ") + block.entry->name + ", " + describeThread(t) + ": waits for ever" +
        (t.state == Thread::AtMeeting ? " for lanes of its warp" : "") + sourceLine(t.file, t.line));
    memset(idleFibers, 0, sizeof idleFibers);
    return false;
  }
  return true;
}
