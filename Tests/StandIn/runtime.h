// The run time's parts, within the stand-in's shared object.
#pragma once
#include "table.h"
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#define API extern "C" __attribute__((visibility("default")))

namespace standin {

constexpr int mostThreads = 1024;

// Tests choose these: see standin_options.
struct Options {
  int order = 0;
  bool checked = false, deferred = true;
  std::string cache;
};
extern Options options;
extern StandInTable table;
// One thread of the system at a time runs kernels or changes what is queued.
extern std::recursive_mutex lock;

// What a kernel did wrong, with its name and the thread: the first finding stays. The context is dead from then on.
extern std::string failure;
extern int failureCode;
void find(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));
std::string threadName();

uint32_t randomNumber();
void seed(uint64_t);

// A kernel that is compiled and loaded: its shared object, and where its shared memory is in it.
struct Module {
  std::string text;
  std::vector<std::string> flags;
  std::string name;
  void *object = nullptr;
  std::string path;
  size_t sharedBytes = 0;
};
struct Function {
  Module *module;
  std::string name;
  size_t dynamicLimit = 48 << 10;
};
void runKernel(Function &, StandInCall *, StandInDim grid, StandInDim block, size_t sharedBytes);
// Compiles what is loaded and has not been compiled.
void compileAll();
char *sharedMemory(Module &);
std::vector<std::string> kernelNames(const std::string &text);
Module *newModule(const std::string &image);
void dropModule(Module *);
// The kernel whose lines are asked for.
void setRunning(Module *);
extern std::string currentKernel;
std::string lineOf(const void *code);
std::string textOfLine(int line);

// Device memory: one reserved range; addresses are used once.
struct Region {
  uintptr_t start;
  size_t bytes;
  bool isFree, isHost;
};
void reserveMemory();
uintptr_t takeMemory(size_t bytes);
int freeMemory(uintptr_t);
void addHostMemory(void *, size_t);
void removeHostMemory(void *);
Region *regionOf(uintptr_t);
// The host may touch device memory between these.
void openMemory();
void closeMemory();
void wroteFromHost(uintptr_t, size_t);
extern size_t usedMemory, mostUsedMemory, totalMemory;

// Work of a library on a stream.
void queue(void *stream, std::function<void()>);
// Whether all these bytes are an allocation's; otherwise that is found.
bool isInside(uintptr_t address, size_t bytes, const char *what);

// Accesses of kernels.
// Where kernels may read and write freely: their stacks, and what their shared objects hold.
struct Range {
  uintptr_t start, end;
};
extern std::vector<Range> ownMemory;
void beginLaunch(uintptr_t arguments);
void beginBlock(uint32_t number, uintptr_t shared, size_t sharedBytes, uintptr_t dynamic, size_t dynamicBytes, size_t dynamicRoom);
void access(const void *, size_t, bool isWrite, const void *code);
void atomicAccess(const void *, size_t, const void *code);

struct ThreadState : StandInThread {
  int id, warp, fiber;
  int state;
  int line;
  void *stack;
  uint32_t barriers, warpSyncs;
};
ThreadState &current();
uint32_t currentBlock();
uint32_t currentLaunch();
}  // namespace standin
