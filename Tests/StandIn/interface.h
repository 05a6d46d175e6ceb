// What a kernel's library and the device share: the running thread, and the functions of the device that a kernel calls.
#pragma once

struct StandinDim {
  unsigned x, y, z;
};

/// The head of the device's record of the running CUDA thread.
struct StandinThread {
  StandinDim thread, block, blockSize, gridSize;
};

/// What one lane leaves at a meeting of its warp.
typedef unsigned char StandinSlot[64];

enum StandinMeeting {
  STANDIN_SHUFFLE, STANDIN_SHUFFLE_XOR, STANDIN_SHUFFLE_UP, STANDIN_SHUFFLE_DOWN, STANDIN_VOTE, STANDIN_SYNCWARP,
  STANDIN_MATCH, STANDIN_REDUCE, STANDIN_MMA, STANDIN_LDMATRIX,
};

enum StandinAccess { STANDIN_READ = 0, STANDIN_WRITE = 1, STANDIN_ATOMIC = 2 };

struct StandinRuntime {
  /// Waits for the block; returns how many threads came with `predicate`.
  int (*barrier)(int predicate, const char *file, int line);
  /// Meets the lanes of `mask` at this call; returns what each of them has left.
  const StandinSlot *(*meet)(unsigned mask, int kind, const void *value, __SIZE_TYPE__ bytes, const char *file, int line);
  int (*lane)();
  void (*fail)(int code, const char *what, const char *file, int line);
  void (*access)(const void *address, __SIZE_TYPE__ bytes, int kind, const void *place);
  /// Copies `bytes` of which the last are zeros beyond `present`; they land when their group is waited for.
  void (*copyAsync)(void *to, const void *from, int bytes, int present, const void *place);
  void (*commitCopies)();
  void (*waitForCopies)(int newest, const void *place);
};

/// A kernel in its library.
struct StandinEntry {
  const char *name;
  void (*run)(void *const *arguments);
  int count;
  const unsigned short *sizes, *alignments;
  /// Static shared memory: that of the text's functions which are no kernels, and the kernel's own; each from its first to its last.
  unsigned char *shared[2], *sharedEnd[2];
};

/// What the device sets and finds in a library of kernels.
struct StandinLink {
  StandinRuntime **runtime;
  StandinThread **self;
  unsigned char *dynamicShared;
};

#define STANDIN_DYNAMIC_SHARED 232448
