// What float and double need beside expressions and the functions of math/. Then their kernels. Sums and maxima of floats are in float_rows.inc.h.

#define KIND(macro) FLOAT_##macro

INLINE T TYPED(remainder)(T x, T y) {
  T m = LIBRARY(fmod)(x, y);
  if (m == 0) return LIBRARY(copysign)(0, y);
  return (m < 0) != (y < 0) ? m + y : m;
}
INLINE T TYPED(floor_divide)(T x, T y) {
  T m = LIBRARY(fmod)(x, y);
  if (y == 0 || m != m) return y == 0 ? x / y : m;
  T q = (x - m) / y;
  if (m != 0 && (m < 0) != (y < 0)) q -= 1;
  if (q == 0) return LIBRARY(copysign)(0, x / y);
  T whole = LIBRARY(floor)(q);
  return q - whole > (T)0.5 ? whole + 1 : whole;
}

REDUCE(OF_T(reduce_product), T, double, double, 8, p * x, p * x)
REDUCE(OF_T(reduce_minimum), T, T, double, 1, PROPAGATE_MIN, PROPAGATE_MIN)
ACCUMULATE(OF_T(accumulate_sum), T, T, double, p + x, p + x)
ACCUMULATE(OF_T(accumulate_product), T, double, double, p * x, p * x)
ACCUMULATE(OF_T(accumulate_minimum), T, T, double, PROPAGATE_MIN, PROPAGATE_MIN)
ACCUMULATE(OF_T(accumulate_maximum), T, T, double, PROPAGATE_MAX, PROPAGATE_MAX)

#include "lanes.inc.h"
#undef KIND
