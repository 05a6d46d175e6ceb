// The device: its memory, streams, kernels, and what is wrong with it.
#pragma once
#include "interface.h"

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#define STANDIN_API extern "C" __attribute__((visibility("default")))
typedef uintptr_t CUdeviceptr;
typedef int CUresult;

enum : int {
  CUDA_SUCCESS = 0, CUDA_ERROR_INVALID_VALUE = 1, CUDA_ERROR_OUT_OF_MEMORY = 2, CUDA_ERROR_NOT_INITIALIZED = 3,
  CUDA_ERROR_INVALID_DEVICE = 101, CUDA_ERROR_INVALID_IMAGE = 200, CUDA_ERROR_INVALID_CONTEXT = 201, CUDA_ERROR_INVALID_PTX = 218,
  CUDA_ERROR_INVALID_HANDLE = 400, CUDA_ERROR_NOT_FOUND = 500, CUDA_ERROR_NOT_READY = 600, CUDA_ERROR_ILLEGAL_ADDRESS = 700,
  CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES = 701, CUDA_ERROR_CONTEXT_IS_DESTROYED = 709, CUDA_ERROR_MISALIGNED_ADDRESS = 716,
  CUDA_ERROR_LAUNCH_FAILED = 719, CUDA_ERROR_NOT_PERMITTED = 800, CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED = 900,
  CUDA_ERROR_STREAM_CAPTURE_INVALIDATED = 901, CUDA_ERROR_STREAM_CAPTURE_MERGE = 902, CUDA_ERROR_STREAM_CAPTURE_UNMATCHED = 903,
  CUDA_ERROR_STREAM_CAPTURE_UNJOINED = 904, CUDA_ERROR_STREAM_CAPTURE_ISOLATION = 905, CUDA_ERROR_STREAM_CAPTURE_IMPLICIT = 906,
  CUDA_ERROR_CAPTURED_EVENT = 907, CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD = 908,
};

// ---- what went wrong (failures.cpp)

std::string format(const char *text, ...) __attribute__((format(printf, 1, 2)));
/// Notes what a call got wrong and returns `code`; the context lives on. The first note is what `standin_failure` says.
CUresult mistake(CUresult code, const std::string &what);
/// Ends the context: every call returns `code` from now on.
void breakContext(CUresult code, const std::string &what);

// ---- memory (memory.cpp)

/// Who wrote last, who read last, and who read last but is not that thread.
struct Cell {
  uint64_t write, read, otherRead;
};
/// The cells of 1,024 bytes, as fine as the accesses of this launch (or, in shared memory, this block) need.
struct Chunk {
  uint32_t age = 0;
  int shift = 2;
  std::vector<Cell> cells;
};
constexpr size_t chunkBytes = 1024;
struct Shadow {
  std::vector<uint8_t> isWritten;
  std::vector<std::unique_ptr<Chunk>> chunks;
  explicit Shadow(size_t bytes, bool isWritten) : isWritten(bytes, isWritten), chunks((bytes + chunkBytes - 1) / chunkBytes) {}
};
struct Region {
  enum State { Pending, Live, Freed };
  uintptr_t start;
  size_t bytes;
  State state;
  bool isHost, isShared;
  std::unique_ptr<Shadow> shadow;
  bool holds(uintptr_t address, size_t count) const { return address >= start && count <= bytes && address - start <= bytes - count; }
};

/// The region in which `address` lies, be it freed.
Region *findRegion(uintptr_t address);
/// The last region that begins at or before `address`.
Region *regionBefore(uintptr_t address);
/// The region in which `address` lies or to which it is nearest, if there is one near.
Region *nearestRegion(uintptr_t address);
/// The live region that holds all `bytes`, or none, with the reason noted.
Region *rangeOf(CUdeviceptr address, size_t bytes, const char *what);
bool isPinned(const void *address, size_t bytes);
CUresult allocateMemory(CUdeviceptr *address, size_t bytes, bool isPending);
CUresult allocatePinned(void **address, size_t bytes);
void activate(Region &region);
void release(Region &region);
void releaseAllMemory();
void markWritten(CUdeviceptr address, size_t bytes);
/// Gives a region a record of which of its bytes are written: none, or all.
void addShadow(Region &region, bool isWritten);
/// Kernels without checks write anywhere: what is written is no longer known.
void forgetWritten();
/// Whether the host may touch device memory.
void openMemory(bool isOpen);

struct OpenMemory {
  OpenMemory() { openMemory(true); }
  ~OpenMemory() { openMemory(false); }
};

// ---- streams (streams.cpp)

struct Stream;
/// A place in a stream: all that was queued before it.
struct Mark {
  std::shared_ptr<Stream> stream;
  uint64_t number = 0;
};
/// Runs one piece of queued work; false if it must be tried again, because others have not come.
typedef std::function<bool()> Work;
struct Operation {
  Work run;
  std::vector<Mark> after;
};
struct Stream;
struct Capture {
  std::vector<Work> work;
  std::set<Stream *> streams, unjoined;
  Stream *origin;
  bool isInvalid = false;
  int mode;
  uint64_t thread;
};
struct Stream : std::enable_shared_from_this<Stream> {
  std::deque<Operation> queue;
  uint64_t queued = 0, completed = 0;
  bool isBlocking, isLegacy = false, isRunning = false;
  std::shared_ptr<Capture> capture;
  explicit Stream(bool isBlocking) : isBlocking(isBlocking) {}
};
struct Event {
  Mark mark;
  std::shared_ptr<Capture> capture;
  std::shared_ptr<double> time;
  bool hasTime;
};

std::shared_ptr<Stream> streamOf(void *handle);
CUresult enqueue(const std::shared_ptr<Stream> &stream, Work work, std::vector<Mark> after = {});
/// Runs what is queued before the mark, and what that waits for; not to the end if it is impatient and other ranks have not come.
CUresult waitFor(const Mark &mark, bool isPatient = true);
CUresult waitForAll(bool isPatient = true);
/// 900 and so on if a call that must not happen during a capture happens during one.
CUresult refuseWhileCapturing();
void invalidate(Capture &capture);
uint64_t threadNumber();

// ---- kernels (kernels.cpp, compiler.cpp)

struct EntryPoint {
  std::string name;
  int parameters, maxThreads;
  /// Where its definition begins and ends in the text.
  size_t begin, end;
};
struct Text {
  std::string source, preamble, hash;
  bool fusesMultiplyAdd;
  std::vector<EntryPoint> entries;
};
/// A shared object with the kernels of one or more texts.
struct Library {
  void *handle;
  std::string path;
  StandinLink *link;
  uintptr_t start, end;
};
struct Compiled {
  Library *library = nullptr;
  std::string log;
};
struct Module {
  std::shared_ptr<Text> text;
  std::vector<std::unique_ptr<struct Function>> functions;
};
struct Function {
  Module *module;
  EntryPoint entry;
  StandinEntry *compiled[2] = {nullptr, nullptr};
  int dynamicLimit = 48 << 10;
};
struct Launch {
  std::shared_ptr<Module> module;
  Function *function;
  StandinDim grid, block;
  size_t sharedBytes;
  bool isBuffer;
  /// What a test wants it to end with, or 0.
  int failure;
  std::vector<std::vector<unsigned char>> arguments;
};

/// The entry points that a text declares.
std::vector<EntryPoint> entryPoints(const std::string &source);
std::shared_ptr<Text> makeText(std::string source, const std::string &preamble, bool fusesMultiplyAdd);
/// Compiles the texts that are wanted, and those of loaded modules that were never compiled, many at a time.
void compilePending(const std::vector<std::shared_ptr<Text>> &wanted);
/// The text's library in the present mode, compiled now if it was not.
const Compiled &compileNow(const std::shared_ptr<Text> &text);
StandinEntry *compiledEntry(Function &function);
size_t staticSharedBytes(const StandinEntry &entry);
std::string sourceLine(const std::string &file, int line);
/// ", line 12: x[i] = 3;" for an address in a library of kernels.
std::string describePlace(const void *place);
void runKernel(const Launch &launch);
CUresult checkLaunch(const Launch &launch);
/// The launches that have not run, and some that have.
std::vector<std::weak_ptr<Launch>> &queuedLaunches();

// ---- the running block (fibers.cpp, checks.cpp)

struct Thread : StandinThread {
  int id, lane, warp, fiber;
  enum State { Ready, AtBarrier, AtMeeting, Done } state;
  void *stackPointer;
  const char *file;
  int line, predicate;
  uint32_t barriers, warpSyncs;
  int copyCount, group;
};
extern Thread *currentThread;
extern StandinRuntime kernelRuntime;
struct Block {
  StandinEntry *entry;
  Library *library;
  void *const *arguments;
  StandinDim grid, size;
  uint32_t number;
};
extern Block block;
/// Shared memory of the running block: static of the text, static of the kernel, dynamic.
extern Region sharedMemory[3];
extern uint32_t blockAge, launchAge;
/// While it lives, this thread runs blocks: it has a stack for its signals.
struct KernelThread {
  KernelThread();
  ~KernelThread();
  std::unique_ptr<char[]> memory;
  stack_t former;
};
bool runBlock();
unsigned randomNumber();
bool isOnFiberStack(uintptr_t address);
std::string describeThread(const Thread &thread);
[[noreturn]] void failThread(int code, const std::string &what, const void *place = nullptr);
void checkAccess(const void *address, size_t bytes, int kind, const void *place);
/// The target of an asynchronous copy holds nothing until it is waited for.
void unwrite(const void *address, size_t bytes);

// ---- the device and its calls (device.cpp)

struct Statistics {
  long texts = 0, units = 0, cached = 0;
  double seconds = 0;
};
struct Device {
  std::recursive_mutex lock;
  bool isInitialized = false, isInHostFunction = false;
  int contexts = 0;
  uint64_t generation = 1;
  CUresult code = 0;
  std::string message;

  int order = 0;
  bool isChecked = false, isDeferred = true;
  std::string cacheFolder;

  size_t memoryLimit = 8ull << 30, memoryUsed = 0, memoryHigh = 0;
  std::map<void *, std::shared_ptr<Stream>> streams;
  std::shared_ptr<Stream> legacy;
  std::map<void *, std::unique_ptr<Event>> events;
  std::map<void *, std::shared_ptr<Module>> modules;
  std::map<void *, std::shared_ptr<Module>> functions;
  std::set<Capture *> captures;
  std::map<void *, std::shared_ptr<std::vector<Work>>> graphs, executables;

  std::map<std::string, Compiled> compiled[2];
  std::map<std::string, std::weak_ptr<Text>> texts;
  Statistics statistics;

  std::map<std::string, long> counts;
  struct Injected {
    long countdown;
    int code;
  };
  std::map<std::string, Injected> injected;
  Injected injectedLaunch = {0, 0};
};
Device &device();
bool hasContext();
void resetContext();

enum Needs { NeedsNothing, NeedsInit, NeedsContext };
/// Counts a call of the API, holds the device for it, and says at once what it must return, if anything.
struct Call {
  std::unique_lock<std::recursive_mutex> lock;
  int code = 0;
  Call(const char *name, Needs needs);
};
#define CALL(needs) \
  Call call(__func__, needs); \
  if (call.code) return call.code
