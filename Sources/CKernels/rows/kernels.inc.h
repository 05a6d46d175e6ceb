// The kernels of row programs at one level.
#include "loops.h"

#include "../math/double.inc.h"
#include "../math/float.inc.h"
#include "../math/angles.inc.h"
#include "../math/half.inc.h"
#include "float_rows.inc.h"

#define TYPED(name) WG(OF_T(name))

#define OF_T(name) name##_i32
#define T int32_t
#define U uint32_t
#include "integers.inc.h"
#undef OF_T
#undef T
#undef U

#define OF_T(name) name##_i64
#define T int64_t
#define U uint64_t
#include "integers.inc.h"
#undef OF_T
#undef T
#undef U

#define OF_T(name) name##_f32
#define T float
#define EITHER(f, d) f
#define LIBRARY(name) name##f
#include "floats.inc.h"
#undef OF_T
#undef T
#undef EITHER
#undef LIBRARY

REDUCE(reduce_sum_f64, double, double, double, 8, p + x, p + x)
REDUCE(reduce_maximum_f64, double, double, double, 1, PROPAGATE_MAX, PROPAGATE_MAX)
#define OF_T(name) name##_f64
#define T double
#define EITHER(f, d) d
#define LIBRARY(name) name
#include "floats.inc.h"
#undef OF_T
#undef T
#undef EITHER
#undef LIBRARY
#undef TYPED

PLAIN_UNARY(logical_not, int32_t, int32_t, x == 0)

SELECT(select_32, int32_t)
SELECT(select_64, int64_t)

#define FILL(name, T)                                                           \
  static void WG(name)(void *dp, const void *ap, int64_t n) {                   \
    T *d = dp;                                                                  \
    if (n <= 0) return;                                                         \
    const T x = *(const T *)ap;                                                 \
    LANES for (int64_t i = 0; i < n; i++) d[i] = x;                             \
  }
FILL(fill_32, int32_t)
FILL(fill_64, int64_t)
#undef FILL

// --- Casts ---------------------------------------------------------------------------------------------------------------------------

INLINE int32_t WG(i32_of_f32)(float x) {
  float c = x != x ? 0.0f : x > 0x1.fffffep30f ? 0x1.fffffep30f : x < -0x1p31f ? -0x1p31f : x;
  int32_t i = (int32_t)c;
  return x >= 0x1p31f ? INT32_MAX : i;
}
INLINE int32_t WG(i32_of_f64)(double x) {
  double c = x != x ? 0.0 : x > 2147483647.0 ? 2147483647.0 : x < -2147483648.0 ? -2147483648.0 : x;
  return (int32_t)c;
}
INLINE int64_t WG(i64_of_f64)(double x) {
  double c = x != x ? 0.0 : x > 0x1.fffffffffffffp62 ? 0x1.fffffffffffffp62 : x < -0x1p63 ? -0x1p63 : x;
  int64_t i = (int64_t)c;
  return x >= 0x1p63 ? INT64_MAX : i;
}
#define CAST(from, to, A, D, expression) PLAIN_UNARY(cast_##from##_##to, D, A, expression)
WG_CASTS(CAST)
#undef CAST

// --- Memory --------------------------------------------------------------------------------------------------------------------------

LOAD(load_truth, int32_t, uint8_t, x != 0)
LOAD(load_byte, int32_t, uint8_t, x)
LOAD(load_word_plain, int32_t, int32_t, x)
// A block of four-byte elements whose rows lie next to each other in memory, by squares of 4 × 4.
static void WG(load_word_transposed)(int32_t *d, const int32_t *s, int64_t rows, int64_t columns, int64_t stride) {
  int64_t c = 0;
  for (; c + 4 <= columns; c += 4) {
    const int32_t *s0 = s + c * stride, *s1 = s0 + stride, *s2 = s1 + stride, *s3 = s2 + stride;
    int64_t r = 0;
    for (; r + 4 <= rows; r += 4) {
      wg_four a0, a1, a2, a3;
      memcpy(&a0, s0 + r, 16), memcpy(&a1, s1 + r, 16), memcpy(&a2, s2 + r, 16), memcpy(&a3, s3 + r, 16);
      wg_four b0 = __builtin_shufflevector(a0, a1, 0, 4, 1, 5), b1 = __builtin_shufflevector(a0, a1, 2, 6, 3, 7);
      wg_four b2 = __builtin_shufflevector(a2, a3, 0, 4, 1, 5), b3 = __builtin_shufflevector(a2, a3, 2, 6, 3, 7);
      wg_four c0 = __builtin_shufflevector(b0, b2, 0, 1, 4, 5), c1 = __builtin_shufflevector(b0, b2, 2, 3, 6, 7);
      wg_four c2 = __builtin_shufflevector(b1, b3, 0, 1, 4, 5), c3 = __builtin_shufflevector(b1, b3, 2, 3, 6, 7);
      int32_t *t = d + r * columns + c;
      memcpy(t, &c0, 16), memcpy(t + columns, &c1, 16);
      memcpy(t + 2 * columns, &c2, 16), memcpy(t + 3 * columns, &c3, 16);
    }
    for (; r < rows; r++)
      for (int k = 0; k < 4; k++) d[r * columns + c + k] = s0[k * stride + r];
  }
  for (; c < columns; c++)
    for (int64_t r = 0; r < rows; r++) d[r * columns + c] = s[c * stride + r];
}
static void WG(load_word)(void *d, const void *s, int64_t rows, int64_t columns, int64_t row_stride, int64_t column_stride) {
  if (row_stride == 1 && column_stride != 1 && rows > 1)
    WG(load_word_transposed)(d, s, rows, columns, column_stride);
  else
    WG(load_word_plain)(d, s, rows, columns, row_stride, column_stride);
}
LOAD(load_wide, int64_t, int64_t, x)
LOAD(load_half, float, uint16_t, WG(float_of_half)(x))
LOAD(load_bfloat, float, uint16_t, WG(float_of_bfloat)(x))
STORE(store_truth, uint8_t, int32_t, x != 0)
STORE(store_byte, uint8_t, int32_t, (uint8_t)x)
STORE(store_word, int32_t, int32_t, x)
STORE(store_wide, int64_t, int64_t, x)
STORE(store_half, uint16_t, float, WG(half_of_float)(x))
STORE(store_bfloat, uint16_t, float, WG(bfloat_of_float)(x))
// What is stored in half precision and loaded again.
PLAIN_UNARY(rounded_half, float, float, WG(float_of_half)(WG(half_of_float)(x)))
PLAIN_UNARY(rounded_bfloat, float, float, WG(float_of_bfloat)(WG(bfloat_of_float)(x)))

// --- Counting and random bits ----------------------------------------------------------------------------------------------------------

static void WG(iota)(int64_t *d, int64_t start, int64_t n) {
  LANES for (int64_t i = 0; i < n; i++) d[i] = start + i;
}

#define RANDOM_LANE(lane)                                                                                          \
  for (; i + WIDTH <= n; i += WIDTH) {                                                                             \
    _Pragma("clang loop vectorize(assume_safety) interleave_count(4)") for (int j = 0; j < WIDTH; j++)             \
      d[i + j] = (int64_t)philox(first + (uint64_t)(i + j), high, stream, key, lane);                              \
  }                                                                                                                \
  ONE_BY_ONE for (; i < n; i++) d[i] = (int64_t)philox(first + (uint64_t)i, high, stream, key, lane);
// Elements that share the upper word of their position.
static void WG(random_part)(int64_t *d, uint64_t key, uint32_t stream, int lane, uint64_t first, int64_t n) {
  uint64_t high = first >> 32;
  int64_t i = 0;
  switch (lane) {
  case 0: RANDOM_LANE(0) break;
  case 1: RANDOM_LANE(1) break;
  case 2: RANDOM_LANE(2) break;
  default: RANDOM_LANE(3)
  }
}
static void WG(random)(int64_t *d, int64_t key, uint32_t stream, int lane, int64_t start, int64_t n) {
  while (n > 0) {
    int64_t left = (int64_t)(PHILOX_WORD - ((uint64_t)start & PHILOX_WORD)) + 1;
    int64_t part = n < left ? n : left;
    WG(random_part)(d, (uint64_t)key, stream, lane, (uint64_t)start, part);
    d += part, start += part, n -= part;
  }
}

// --- The table -----------------------------------------------------------------------------------------------------------------------

#include "joined.inc.h"

#define SELECTS(name) {WG(name##_0), WG(name##_1), WG(name##_2), WG(name##_3), WG(name##_4), WG(name##_5), WG(name##_6)}
#define CAST_ENTRY(from, to, A, D, expression) [from][to] = WG(cast_##from##_##to),
#define LOAD_ENTRY(name, kernel) [WG_DTYPE_##name] = WG(load_##kernel),
#define STORE_ENTRY(name, kernel) [WG_DTYPE_##name] = WG(store_##kernel),
static const wg_rows_table WG(table) = {
  .lanes = {[WG_I32] = &WG(lanes_i32), [WG_I64] = &WG(lanes_i64), [WG_F32] = &WG(lanes_f32), [WG_F64] = &WG(lanes_f64)},
  .select = {SELECTS(select_32), SELECTS(select_64)},
  .cast = {WG_CASTS(CAST_ENTRY)},
  .rounded = {WG(rounded_half), WG(rounded_bfloat)},
  .fill = {WG(fill_32), WG(fill_64)},
  .logical_not = WG(logical_not),
  .load = {WG_DTYPES(LOAD_ENTRY)},
  .store = {WG_DTYPES(STORE_ENTRY)},
  .iota = WG(iota),
  .random = WG(random),
  .pair = {WG_JOINED_FIRSTS(JOINED_FIRST_ENTRY)},
  .tree = {WG_JOINED_TREES(JOINED_ENTRY)},
  .update = {WG_JOINED_UPDATES(JOINED_ENTRY)},
  .joined_reduction = {WG_JOINED_REDUCTIONS(JOINED_ENTRY)},
};
#undef SELECTS
#undef CAST_ENTRY
#undef LOAD_ENTRY
#undef STORE_ENTRY
