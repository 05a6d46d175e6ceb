// Compiles WG_SOURCE, a file beside this one, for every level; it ends with `static const WG_TABLE WG(table)`. In it, WG(name) is a name at the level,
// VECTOR_BYTES the size of a register, and CONVERTS_HALF whether there are instructions for float16. After it, table() is the table of the level in force.
#include "include/ckernels.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

// Products and sums may be contracted to one rounding where the level has it; nothing else is relaxed.
#pragma clang fp contract(fast)

#define INLINE static inline __attribute__((always_inline))
#define LANES _Pragma("clang loop vectorize(assume_safety)")
#define WG_JOIN(name, level) name##_##level

#define WG(name) WG_JOIN(name, base)
#define VECTOR_BYTES 16
#define CONVERTS_HALF 0
#include WG_SOURCE
#undef WG
#undef VECTOR_BYTES
#undef CONVERTS_HALF

#if defined(__x86_64__)
#define CONVERTS_HALF 1
#define WG(name) WG_JOIN(name, avx2)
#define VECTOR_BYTES 32
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,bmi,bmi2"))), apply_to = function)
#include WG_SOURCE
#pragma clang attribute pop
#undef WG
#undef VECTOR_BYTES

#define WG(name) WG_JOIN(name, avx512)
#define VECTOR_BYTES 64
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma,f16c,bmi,bmi2"))), apply_to = function)
#include WG_SOURCE
#pragma clang attribute pop
#undef WG
#undef VECTOR_BYTES
#undef CONVERTS_HALF
#endif

static const WG_TABLE *table(void) {
  static const WG_TABLE *const tables[] = {
      [WG_LEVEL_BASE] = &table_base,
#if defined(__x86_64__)
      [WG_LEVEL_AVX2] = &table_avx2,
      [WG_LEVEL_AVX512] = &table_avx512,
#endif
  };
  return tables[wg_level()];
}
