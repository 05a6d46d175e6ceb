#include "lines.h"
#include "ckernels.h"

#include <string.h>

typedef struct {
  wl_running_sum_fn running_sum[4][2];
  wl_candidates_fn candidates[4];
  wl_add_rows_fn add_rows[4];
  wl_add_rows_wide_fn add_rows_wide;
  wl_add_wide_fn add_wide;
  wl_running_rows_fn running_rows;
} wl_table;

#define INLINE static inline __attribute__((always_inline))
#define LANES _Pragma("clang loop vectorize(assume_safety)")

#define WG(name) name##_base
#include "lines.inc.h"
#undef WG

#if defined(__x86_64__)
#define WG(name) name##_avx2
#pragma clang attribute push(__attribute__((target("avx2,fma,bmi,bmi2"))), apply_to = function)
#include "lines.inc.h"
#pragma clang attribute pop
#undef WG

#define WG(name) name##_avx512
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma,bmi,bmi2"))), apply_to = function)
#include "lines.inc.h"
#pragma clang attribute pop
#undef WG
#endif

static const wl_table *lines(void) {
  static const wl_table *const tables[] = {
      &lines_base,
#if defined(__x86_64__)
      &lines_avx2,
      &lines_avx512,
#endif
  };
  return tables[wg_level()];
}

wl_running_sum_fn wl_running_sum(int type, int reverse) { return lines()->running_sum[type][reverse != 0]; }
wl_candidates_fn wl_candidates(int type) { return lines()->candidates[type]; }
wl_add_rows_fn wl_add_rows(int type) { return lines()->add_rows[type]; }
wl_add_rows_wide_fn wl_add_rows_wide(void) { return lines()->add_rows_wide; }
wl_add_wide_fn wl_add_wide(void) { return lines()->add_wide; }
wl_running_rows_fn wl_running_rows(void) { return lines()->running_rows; }
