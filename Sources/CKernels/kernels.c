#if defined(__linux__)
#define _GNU_SOURCE
#endif
#include "ckernels.h"
#include "philox.h"
#include "table.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#if defined(__linux__)
#include <sched.h>
#endif

// Products and sums may be contracted to one rounding where the level has it; nothing else is relaxed.
#pragma clang fp contract(fast)

#define INLINE static inline __attribute__((always_inline))

#define WG(name) name##_base
#include "kernels.inc.h"
#include "joined.inc.h"
#undef WG

#if defined(__x86_64__)
#define WG(name) name##_avx2
#pragma clang attribute push(__attribute__((target("avx2,fma,bmi,bmi2"))), apply_to = function)
#include "kernels.inc.h"
#include "joined.inc.h"
#pragma clang attribute pop
#undef WG

#define WG(name) name##_avx512
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma,bmi,bmi2"))), apply_to = function)
#include "kernels.inc.h"
#include "joined.inc.h"
#pragma clang attribute pop
#undef WG
#endif

static const wg_table *const tables[] = {
    &table_base,
#if defined(__x86_64__)
    &table_avx2,
    &table_avx512,
#endif
};

static const wg_joined_table *const joined_tables[] = {
    &joined_table_base,
#if defined(__x86_64__)
    &joined_table_avx2,
    &joined_table_avx512,
#endif
};

// Chosen at load time; a thread may force another for itself, so that one test's level is not another's.
static int process_level = WG_LEVEL_BASE;
static _Thread_local int thread_level = -1;

int wg_level(void) { return thread_level >= 0 ? thread_level : process_level; }

static const wg_table *table(void) { return tables[wg_level()]; }

static int is_supported(int level) {
  switch (level) {
  case WG_LEVEL_BASE:
    return 1;
#if defined(__x86_64__)
  case WG_LEVEL_AVX2:
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  case WG_LEVEL_AVX512:
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw")
        && __builtin_cpu_supports("avx512vl");
#endif
  default:
    return 0;
  }
}

int wg_select_level(int level) {
  if (!is_supported(level)) return -1;
  thread_level = level;
  return level;
}

/// The best level, or the one that WENGERT_CPU_LEVEL asks for if the processor has it.
__attribute__((constructor)) static void choose_level(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
#endif
  const char *wanted = getenv("WENGERT_CPU_LEVEL");
  static const char *const names[] = {"base", "avx2", "avx512"};
  for (int i = WG_LEVEL_AVX512; i >= WG_LEVEL_BASE; i--) {
    if (!is_supported(i)) continue;
    if (i > process_level) process_level = i;
    if (wanted && !strcmp(wanted, names[i])) {
      process_level = i;
      return;
    }
  }
}

wg_unary_fn wg_unary(int type, int op) { return table()->unary[type][op]; }
wg_binary_fn wg_binary(int type, int op, int shape) { return table()->binary[type][op][shape]; }
wg_binary_fn wg_compare(int type, int op, int shape) { return table()->compare[type][op][shape]; }
wg_select_fn wg_select(int wide, int single) { return table()->select[wide][single]; }
wg_unary_fn wg_cast(int from, int to) { return table()->cast[from][to]; }
wg_unary_fn wg_rounded(int bfloat) { return table()->rounded[bfloat]; }
wg_unary_fn wg_fill(int wide) { return table()->fill[wide]; }
wg_unary_fn wg_logical_not(void) { return table()->logical_not; }
wg_move_fn wg_load(int dtype) { return table()->load[dtype]; }
wg_move_fn wg_store(int dtype) { return table()->store[dtype]; }
wg_reduce_fn wg_reduce(int type, int op) { return table()->reduce[type][op]; }
wg_accumulate_fn wg_accumulate(int type, int op) { return table()->accumulate[type][op]; }
wg_iota_fn wg_iota(void) { return table()->iota; }
wg_random_fn wg_random(void) { return table()->random; }
wg_joined_fn wg_joined_pair(int operands, int last, int single) { return joined_tables[wg_level()]->pair[operands][single][last]; }
wg_joined_fn wg_joined_tree(int tree) { return joined_tables[wg_level()]->tree[tree]; }
wg_joined_reduction_fn wg_joined_reduction(int term) { return joined_tables[wg_level()]->reduction[term]; }

#define NAME(number, name) name,
static const char *const unary_names[] = {WG_UNARY_LIST(NAME)};
static const char *const binary_names[] = {WG_BINARY_LIST(NAME)};
static const char *const compare_names[] = {WG_COMPARE_LIST(NAME)};
static const char *const reduce_names[] = {WG_REDUCE_LIST(NAME)};
static const char *const dtype_names[] = {WG_DTYPE_LIST(NAME)};
#undef NAME

const char *wg_name(int kind, int number) {
  static const char *const *const names[] = {unary_names, binary_names, compare_names, reduce_names, dtype_names};
  static const int counts[] = {UNARY_COUNT, BINARY_COUNT, COMPARE_COUNT, REDUCE_COUNT, DTYPE_COUNT};
  if (kind < WG_UNARY_NAMES || kind > WG_DTYPE_NAMES || number < 0 || number >= counts[kind]) return 0;
  return names[kind][number];
}

int wg_has_kernel(int kind, int number) {
  if (!wg_name(kind, number)) return 0;
  const wg_table *t = table();
  for (int type = WG_I32; type <= WG_F64; type++) {
    switch (kind) {
    case WG_UNARY_NAMES:
      if (t->unary[type][number]) return 1;
      break;
    case WG_BINARY_NAMES:
      if (t->binary[type][number][0]) return 1;
      break;
    case WG_COMPARE_NAMES:
      if (t->compare[type][number][0]) return 1;
      break;
    case WG_REDUCE_NAMES:
      if (t->reduce[type][number] && t->accumulate[type][number]) return 1;
      break;
    default: return t->load[number] && t->store[number];
    }
  }
  return 0;
}

int wg_available_cores(void) {
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0) return CPU_COUNT(&set);
#endif
  long count = sysconf(_SC_NPROCESSORS_ONLN);
  return count > 0 ? (int)count : 1;
}
