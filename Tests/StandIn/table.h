// What kernels and the stand-in's run time know of each other. Kernels are shared objects of their own; they reach the run time through one table, so that several
// stand-ins can live in one process.
#pragma once
#include <cstddef>
#include <cstdint>

struct StandInDim {
  unsigned x, y, z;
};

// The head of the run time's record of a thread: what a kernel's built-in variables are.
struct StandInThread {
  StandInDim thread, block, blockSize, gridSize;
  int lane;
};

enum StandInMeeting { StandInShuffle, StandInVote, StandInSyncWarp, StandInProduct };

struct StandInTable {
  StandInThread *self;
  // The block's shared memory that a launch asks for.
  unsigned char *dynamicShared;
  void (*barrier)(int line);
  // Meets the lanes of `mask`: gives the slots that all of them have filled.
  const unsigned char (*(*meet)(unsigned mask, int kind, const void *value, size_t bytes, int line))[64];
  void (*fail)(const char *what, int line);
  void (*access)(const void *address, size_t bytes, bool isWrite, const void *code);
  void (*atomic)(const void *address, size_t bytes, const void *code);
};

// A kernel's arguments, copied when it is launched, and its call.
struct StandInCall {
  virtual void run() = 0;
  virtual ~StandInCall() {}
};
