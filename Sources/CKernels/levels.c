#if defined(__linux__)
#define _GNU_SOURCE
#endif
#include "ckernels.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#if defined(__linux__)
#include <sched.h>
#endif

// Chosen at load time; a thread may force another for itself, so that one test's level is not another's.
static int process_level = WG_LEVEL_BASE;
static _Thread_local int thread_level = -1;

int wg_level(void) { return thread_level >= 0 ? thread_level : process_level; }

int wg_has_level(int level) {
#if defined(__x86_64__)
  __builtin_cpu_init();
#endif
  switch (level) {
  case WG_LEVEL_BASE:
    return 1;
#if defined(__x86_64__)
  case WG_LEVEL_AVX2:
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
  case WG_LEVEL_AVX512:
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw")
        && __builtin_cpu_supports("avx512vl");
#endif
  default:
    return 0;
  }
}

int wg_select_level(int level) {
  if (!wg_has_level(level)) return -1;
  thread_level = level;
  return level;
}

/// The best level, or the one that WENGERT_CPU_LEVEL asks for if the processor has it.
__attribute__((constructor)) static void choose_level(void) {
  const char *wanted = getenv("WENGERT_CPU_LEVEL");
  for (int level = WG_LEVEL_COUNT - 1; level >= WG_LEVEL_BASE; level--) {
    if (!wg_has_level(level)) continue;
    if (level > process_level) process_level = level;
    if (wanted && !strcmp(wanted, wg_name(WG_LEVEL_NAMES, level))) {
      process_level = level;
      return;
    }
  }
}

#define NAME(name, ...) #name,
static const char *const unary_names[] = {WG_UNARIES(NAME)};
static const char *const binary_names[] = {WG_BINARIES(NAME)};
static const char *const compare_names[] = {WG_COMPARISONS(NAME)};
static const char *const reduce_names[] = {WG_REDUCTIONS(NAME)};
static const char *const dtype_names[] = {WG_DTYPES(NAME)};
static const char *const lane_names[] = {WG_LANE_TYPES(NAME)};
static const char *const level_names[] = {WG_LEVELS(NAME)};

const char *wg_name(int kind, int number) {
  static const char *const *const names[] = {unary_names, binary_names, compare_names, reduce_names, dtype_names, lane_names, level_names};
  static const int counts[] = {WG_UNARY_COUNT, WG_BINARY_COUNT, WG_COMPARE_COUNT, WG_REDUCE_COUNT, WG_DTYPE_COUNT, WG_LANE_TYPE_COUNT, WG_LEVEL_COUNT};
  if (kind < WG_UNARY_NAMES || kind > WG_LEVEL_NAMES || number < 0 || number >= counts[kind]) return 0;
  return names[kind][number];
}

int wg_available_cores(void) {
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0) return CPU_COUNT(&set);
#endif
  long count = sysconf(_SC_NPROCESSORS_ONLN);
  return count > 0 ? (int)count : 1;
}
