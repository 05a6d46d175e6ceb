// What 32- and 64-bit integers need beside expressions; everything wraps, nothing traps. Then their kernels.

#define KIND(macro) INTEGER_##macro

INLINE T TYPED(divide)(T x, T y) { return y == 0 ? 0 : y == -1 ? (T)(0 - (U)x) : x / y; }
INLINE T TYPED(remainder)(T x, T y) {
  if (y == 0 || y == -1) return 0;
  T m = x % y;
  return m != 0 && (m < 0) != (y < 0) ? m + y : m;
}
INLINE T TYPED(floor_divide)(T x, T y) {
  T q = TYPED(divide)(x, y);
  return TYPED(remainder)(x, y) != 0 && (x < 0) != (y < 0) && x % y != 0 ? q - 1 : q;
}
INLINE T TYPED(power)(T x, T y) {
  if (y < 0) return x == 1 ? 1 : x == -1 ? (y & 1 ? -1 : 1) : 0;
  U result = 1, base = (U)x;
  for (; y; y >>= 1, base *= base)
    if (y & 1) result *= base;
  return (T)result;
}

#define SUM (int64_t)((uint64_t)p + (uint64_t)x)
#define PRODUCT (int64_t)((uint64_t)p * (uint64_t)x)
#define MINIMUM p < x ? p : x
#define MAXIMUM p > x ? p : x
REDUCE(OF_T(reduce_sum), T, int64_t, int64_t, 8, SUM, SUM)
REDUCE(OF_T(reduce_product), T, int64_t, int64_t, 8, PRODUCT, PRODUCT)
REDUCE(OF_T(reduce_minimum), T, T, int64_t, 1, MINIMUM, MINIMUM)
REDUCE(OF_T(reduce_maximum), T, T, int64_t, 1, MAXIMUM, MAXIMUM)
ACCUMULATE(OF_T(accumulate_sum), T, int64_t, int64_t, SUM, SUM)
ACCUMULATE(OF_T(accumulate_product), T, int64_t, int64_t, PRODUCT, PRODUCT)
ACCUMULATE(OF_T(accumulate_minimum), T, T, int64_t, MINIMUM, MINIMUM)
ACCUMULATE(OF_T(accumulate_maximum), T, T, int64_t, MAXIMUM, MAXIMUM)
#undef SUM
#undef PRODUCT
#undef MINIMUM
#undef MAXIMUM

#include "lanes.inc.h"
#undef KIND
