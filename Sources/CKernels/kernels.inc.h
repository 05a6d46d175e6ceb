// The kernels of one level; WG(name) is the name at that level.

#include "math_double.h"
#include "math_float.h"

// Loops of a fixed width become straight vector code without a remainder; what is left over passes through a padded block, so that an element's
// result does not depend on its position.
#ifndef WIDTH
#define WIDTH 32
#define TAIL 16
#define LANES _Pragma("clang loop vectorize(assume_safety)")
#define ROLLED _Pragma("clang loop vectorize(assume_safety) unroll(disable)")
#define ONE_BY_ONE _Pragma("clang loop vectorize(disable) unroll(disable)")

// d[i] = f(x) on vector registers.
#define VECTOR_UNARY(name, D, A, expression)                                     \
  static void WG(name)(void *dp, const void *ap, int64_t n) {  \
    D *d = dp;                                                                   \
    const A *a = ap;                                                             \
    int64_t i = 0;                                                               \
    for (; i + WIDTH <= n; i += WIDTH) {                                         \
      LANES for (int j = 0; j < WIDTH; j++) {                                    \
        A x = a[i + j];                                                          \
        d[i + j] = (expression);                                                 \
      }                                                                          \
    }                                                                            \
    for (; i < n; i += TAIL) {                                                   \
      A in[TAIL] = {0};                                                          \
      D out[TAIL];                                                               \
      int64_t m = n - i < TAIL ? n - i : TAIL;                                   \
      memcpy(in, a + i, (size_t)m * sizeof(A));                                  \
      LANES for (int j = 0; j < TAIL; j++) {                                     \
        A x = in[j];                                                             \
        out[j] = (expression);                                                   \
      }                                                                          \
      memcpy(d + i, out, (size_t)m * sizeof(D));                                 \
    }                                                                            \
  }

// d[i] = f(x), cheap enough for a plain remainder.
#define PLAIN_UNARY(name, D, A, expression)                                      \
  static void WG(name)(void *dp, const void *ap, int64_t n) {  \
    D *d = dp;                                                                   \
    const A *a = ap;                                                             \
    int64_t i = 0;                                                               \
    for (; i + WIDTH <= n; i += WIDTH) {                                         \
      LANES for (int j = 0; j < WIDTH; j++) {                                    \
        A x = a[i + j];                                                          \
        d[i + j] = (expression);                                                 \
      }                                                                          \
    }                                                                            \
    ONE_BY_ONE for (; i < n; i++) {                                              \
      A x = a[i];                                                                \
      d[i] = (expression);                                                       \
    }                                                                            \
  }

// d[i] = f(x) by a call per element.
#define CALL_UNARY(name, D, A, expression)                                       \
  static void WG(name)(void *dp, const void *ap, int64_t n) {                    \
    D *d = dp;                                                                   \
    const A *a = ap;                                                             \
    ONE_BY_ONE for (int64_t i = 0; i < n; i++) {                                 \
      A x = a[i];                                                                \
      d[i] = (expression);                                                       \
    }                                                                            \
  }

#define BINARY_SHAPE(name, D, A, X, Y, expression)                                                        \
  static void WG(name)(void *dp, const void *ap, const void *bp, int64_t n) {  \
    D *d = dp;                                                                                            \
    const A *a = ap, *b = bp;                                                                             \
    if (n <= 0) return;                                                                                   \
    const A a0 = *a, b0 = *b;                                                                             \
    (void)a0, (void)b0;                                                                                   \
    int64_t i = 0;                                                                                        \
    for (; i + WIDTH <= n; i += WIDTH) {                                                                  \
      LANES for (int j = 0; j < WIDTH; j++) {                                                             \
        int64_t k = i + j;                                                                                \
        A x = X, y = Y;                                                                                   \
        d[k] = (expression);                                                                              \
      }                                                                                                   \
    }                                                                                                     \
    ONE_BY_ONE for (int64_t k = i; k < n; k++) {                                                          \
      A x = X, y = Y;                                                                                     \
      d[k] = (expression);                                                                                \
    }                                                                                                     \
  }
#define CALL_SHAPE(name, T, X, Y, expression)                                                             \
  static void WG(name)(void *dp, const void *ap, const void *bp, int64_t n) {                             \
    T *d = dp;                                                                                            \
    const T *a = ap, *b = bp;                                                                             \
    if (n <= 0) return;                                                                                   \
    const T a0 = *a, b0 = *b;                                                                             \
    (void)a0, (void)b0;                                                                                   \
    ONE_BY_ONE for (int64_t k = 0; k < n; k++) {                                                          \
      T x = X, y = Y;                                                                                     \
      d[k] = (expression);                                                                                \
    }                                                                                                     \
  }
#define CALL_BINARY(name, T, expression)             \
  CALL_SHAPE(name##_vv, T, a[k], b[k], expression)   \
  CALL_SHAPE(name##_vs, T, a[k], b0, expression)     \
  CALL_SHAPE(name##_sv, T, a0, b[k], expression)
#define BINARY(name, D, A, expression)                   \
  BINARY_SHAPE(name##_vv, D, A, a[k], b[k], expression)  \
  BINARY_SHAPE(name##_vs, D, A, a[k], b0, expression)    \
  BINARY_SHAPE(name##_sv, D, A, a0, b[k], expression)
#define SHAPES(name) {WG(name##_vv), WG(name##_vs), WG(name##_sv)}

#define SELECT_SHAPE(name, T, C, X, Y)                                                                          \
  static void WG(name)(void *restrict dp, const void *cp, const void *ap, const void *bp, int64_t n) {  \
    T *d = dp;                                                                                                  \
    const int32_t *c = cp;                                                                                      \
    const T *a = ap, *b = bp;                                                                                   \
    if (n <= 0) return;                                                                                         \
    const int32_t c0 = *c;                                                                                      \
    const T a0 = *a, b0 = *b;                                                                                   \
    (void)c0, (void)a0, (void)b0;                                                                               \
    int64_t i = 0;                                                                                              \
    for (; i + WIDTH <= n; i += WIDTH) {                                                                        \
      LANES for (int j = 0; j < WIDTH; j++) {                                                                   \
        int64_t k = i + j;                                                                                      \
        T x = X, y = Y;                                                                                         \
        d[k] = C ? x : y;                                                                                       \
      }                                                                                                         \
    }                                                                                                           \
    ONE_BY_ONE for (int64_t k = i; k < n; k++) {                                                                \
      T x = X, y = Y;                                                                                           \
      d[k] = C ? x : y;                                                                                         \
    }                                                                                                           \
  }
#define SELECT(name, T)                           \
  SELECT_SHAPE(name##_0, T, c[k], a[k], b[k])     \
  SELECT_SHAPE(name##_1, T, c0, a[k], b[k])       \
  SELECT_SHAPE(name##_2, T, c[k], a0, b[k])       \
  SELECT_SHAPE(name##_3, T, c0, a0, b[k])         \
  SELECT_SHAPE(name##_4, T, c[k], a[k], b0)       \
  SELECT_SHAPE(name##_5, T, c0, a[k], b0)         \
  SELECT_SHAPE(name##_6, T, c[k], a0, b0)

// A block between strided memory and packed lanes. Where rows lie next to each other in memory (a transposed view), columns are the outer loop.
#define LOAD(name, D, S, expression)                                                                  \
  static void WG(name)(void *dp, const void *sp, int64_t rows, int64_t columns,     \
                       int64_t row_stride, int64_t column_stride) {                                   \
    D *d = dp;                                                                                        \
    const S *s = sp;                                                                                  \
    if (column_stride == 1) {                                                                         \
      if (row_stride == columns) columns *= rows, rows = 1;                                           \
      for (int64_t r = 0; r < rows; r++, d += columns, s += row_stride) {                             \
        LANES for (int64_t c = 0; c < columns; c++) {                                                 \
          S x = s[c];                                                                                 \
          d[c] = (expression);                                                                        \
        }                                                                                             \
      }                                                                                               \
    } else if (row_stride == 1 && rows > 1) {                                                         \
      for (int64_t c = 0; c < columns; c++)                                                           \
        for (int64_t r = 0; r < rows; r++) {                                                          \
          S x = s[c * column_stride + r];                                                             \
          d[r * columns + c] = (expression);                                                          \
        }                                                                                             \
    } else {                                                                                          \
      for (int64_t r = 0; r < rows; r++, d += columns, s += row_stride)                               \
        for (int64_t c = 0; c < columns; c++) {                                                       \
          S x = s[c * column_stride];                                                                 \
          d[c] = (expression);                                                                        \
        }                                                                                             \
    }                                                                                                 \
  }
#define STORE(name, D, S, expression)                                                                 \
  static void WG(name)(void *dp, const void *sp, int64_t rows, int64_t columns,     \
                       int64_t row_stride, int64_t column_stride) {                                   \
    D *d = dp;                                                                                        \
    const S *s = sp;                                                                                  \
    if (column_stride == 1) {                                                                         \
      if (row_stride == columns) columns *= rows, rows = 1;                                           \
      for (int64_t r = 0; r < rows; r++, d += row_stride, s += columns) {                             \
        LANES for (int64_t c = 0; c < columns; c++) {                                                 \
          S x = s[c];                                                                                 \
          d[c] = (expression);                                                                        \
        }                                                                                             \
      }                                                                                               \
    } else {                                                                                          \
      for (int64_t r = 0; r < rows; r++, d += row_stride, s += columns)                               \
        for (int64_t c = 0; c < columns; c++) {                                                       \
          S x = s[c];                                                                                 \
          d[c * column_stride] = (expression);                                                        \
        }                                                                                             \
    }                                                                                                 \
  }

// A block of four-byte elements whose rows lie next to each other in memory, by squares of 4 × 4.
typedef int32_t wg_four __attribute__((vector_size(16)));
#define LOAD_TRANSPOSED(name)                                                                             \
  static void WG(name)(int32_t *d, const int32_t *s, int64_t rows, int64_t columns, int64_t stride) {     \
    int64_t c = 0;                                                                                        \
    for (; c + 4 <= columns; c += 4) {                                                                    \
      const int32_t *s0 = s + c * stride, *s1 = s0 + stride, *s2 = s1 + stride, *s3 = s2 + stride;        \
      int64_t r = 0;                                                                                      \
      for (; r + 4 <= rows; r += 4) {                                                                     \
        wg_four a0, a1, a2, a3;                                                                           \
        memcpy(&a0, s0 + r, 16), memcpy(&a1, s1 + r, 16), memcpy(&a2, s2 + r, 16), memcpy(&a3, s3 + r, 16);  \
        wg_four b0 = __builtin_shufflevector(a0, a1, 0, 4, 1, 5), b1 = __builtin_shufflevector(a0, a1, 2, 6, 3, 7);  \
        wg_four b2 = __builtin_shufflevector(a2, a3, 0, 4, 1, 5), b3 = __builtin_shufflevector(a2, a3, 2, 6, 3, 7);  \
        wg_four c0 = __builtin_shufflevector(b0, b2, 0, 1, 4, 5), c1 = __builtin_shufflevector(b0, b2, 2, 3, 6, 7);  \
        wg_four c2 = __builtin_shufflevector(b1, b3, 0, 1, 4, 5), c3 = __builtin_shufflevector(b1, b3, 2, 3, 6, 7);  \
        int32_t *t = d + r * columns + c;                                                                 \
        memcpy(t, &c0, 16), memcpy(t + columns, &c1, 16);                                                 \
        memcpy(t + 2 * columns, &c2, 16), memcpy(t + 3 * columns, &c3, 16);                               \
      }                                                                                                   \
      for (; r < rows; r++)                                                                               \
        for (int k = 0; k < 4; k++) d[r * columns + c + k] = s0[k * stride + r];                          \
    }                                                                                                     \
    for (; c < columns; c++)                                                                              \
      for (int64_t r = 0; r < rows; r++) d[r * columns + c] = s[c * stride + r];                          \
  }

// n lanes into one state: 64 running values, whose errors stay small, then these in the state's type.
// `few_lanes`: how many of them are left to it (one where the order is all the same).
#define REDUCE(name, A, R, S, few_lanes, combine_lane, combine_state)           \
  static void WG(name)(void *state, const void *ap, int64_t n) {                \
    const A *a = ap;                                                            \
    R lanes[64];                                                                \
    S p = *(S *)state;                                                          \
    int64_t i = 0;                                                              \
    if (n >= 64) {                                                              \
      for (int j = 0; j < 64; j++) lanes[j] = a[j];                             \
      for (i = 64; i + 64 <= n; i += 64) {                                      \
        _Pragma("clang loop vectorize(assume_safety) unroll(full)")             \
        for (int j = 0; j < 64; j++) {                                          \
          R p = lanes[j], x = a[i + j];                                         \
          lanes[j] = (combine_lane);                                            \
        }                                                                       \
      }                                                                         \
      R folded[64];                                                             \
      for (int j = 0; j < 64; j++) folded[j] = lanes[j];                        \
      for (int step = 32; step >= few_lanes; step >>= 1) {                      \
        ROLLED for (int j = 0; j < step; j++) {                                 \
          R p = folded[j], x = folded[j + step];                                \
          folded[j] = (combine_lane);                                           \
        }                                                                       \
      }                                                                         \
      for (int j = 0; j < few_lanes; j++) {                                     \
        S x = (S)folded[j];                                                     \
        p = (combine_state);                                                    \
      }                                                                         \
    }                                                                           \
    if (i + 8 <= n) {                                                           \
      S few[8];                                                                 \
      for (int j = 0; j < 8; j++) few[j] = (S)a[i + j];                         \
      for (i += 8; i + 8 <= n; i += 8) {                                        \
        LANES for (int j = 0; j < 8; j++) {                                     \
          S p = few[j], x = (S)a[i + j];                                        \
          few[j] = (combine_state);                                             \
        }                                                                       \
      }                                                                         \
      for (int j = 0; j < 8; j++) {                                             \
        S x = few[j];                                                           \
        p = (combine_state);                                                    \
      }                                                                         \
    }                                                                           \
    ONE_BY_ONE for (; i < n; i++) {                                             \
      S x = (S)a[i];                                                            \
      p = (combine_state);                                                      \
    }                                                                           \
    *(S *)state = p;                                                            \
  }
// Rows into one state per column, by fours and twos: R is the type in which so few lanes are combined, S the state's.
#define ACCUMULATE(name, A, R, S, combine_lane, combine_state)                  \
  static void WG(name)(void *states, const void *ap, int64_t rows, int64_t columns) {  \
    S *s = states;                                                              \
    const A *a = ap;                                                            \
    int64_t r = 0;                                                              \
    for (; r + 4 <= rows; r += 4, a += 4 * columns) {                           \
      const A *b = a + columns, *c = b + columns, *d = c + columns;             \
      LANES for (int64_t k = 0; k < columns; k++) {                             \
        R few = (R)a[k], more = (R)c[k];                                        \
        {                                                                       \
          R p = few, x = (R)b[k];                                               \
          few = (combine_lane);                                                 \
        }                                                                       \
        {                                                                       \
          R p = more, x = (R)d[k];                                              \
          more = (combine_lane);                                                \
        }                                                                       \
        {                                                                       \
          R p = few, x = more;                                                  \
          few = (combine_lane);                                                 \
        }                                                                       \
        S p = s[k], x = (S)few;                                                 \
        s[k] = (combine_state);                                                 \
      }                                                                         \
    }                                                                           \
    for (; r + 2 <= rows; r += 2, a += 2 * columns) {                           \
      const A *b = a + columns;                                                 \
      LANES for (int64_t k = 0; k < columns; k++) {                             \
        R few = (R)a[k];                                                        \
        {                                                                       \
          R p = few, x = (R)b[k];                                               \
          few = (combine_lane);                                                 \
        }                                                                       \
        S p = s[k], x = (S)few;                                                 \
        s[k] = (combine_state);                                                 \
      }                                                                         \
    }                                                                           \
    for (; r < rows; r++, a += columns) {                                       \
      LANES for (int64_t k = 0; k < columns; k++) {                             \
        S p = s[k], x = (S)a[k];                                                \
        s[k] = (combine_state);                                                 \
      }                                                                         \
    }                                                                           \
  }

#define PROPAGATE_MIN (((p < x) | (p != p)) ? p : x)
#define PROPAGATE_MAX (((p > x) | (p != p)) ? p : x)
#endif

// --- 32- and 64-bit integers: everything wraps, nothing traps -----------------------------------------------------------------------

#define INTEGER_UNARIES(t, T, U)                                                \
  PLAIN_UNARY(negate_##t, T, T, (T)(0 - (U)x))                                  \
  PLAIN_UNARY(abs_##t, T, T, x < 0 ? (T)(0 - (U)x) : x)                         \
  PLAIN_UNARY(sign_##t, T, T, (T)((x > 0) - (x < 0)))                           \
  PLAIN_UNARY(same_##t, T, T, x)                                                \
  PLAIN_UNARY(reciprocal_##t, T, T, x == 1 || x == -1 ? x : 0)                  \
  PLAIN_UNARY(square_##t, T, T, (T)((U)x * (U)x))                               \
  PLAIN_UNARY(relu_##t, T, T, x > 0 ? x : 0)                                    \
  PLAIN_UNARY(not_##t, T, T, ~x)                                                \
  PLAIN_UNARY(is_nan_##t, int32_t, T, x & 0)                                   \
  PLAIN_UNARY(is_finite_##t, int32_t, T, (x & 0) == 0)

#define INTEGER_BINARIES(t, T, U)                                                                                     \
  INLINE T WG(divide_##t)(T x, T y) { return y == 0 ? 0 : y == -1 ? (T)(0 - (U)x) : x / y; }                   \
  INLINE T WG(remainder_##t)(T x, T y) {                                                                       \
    if (y == 0 || y == -1) return 0;                                                                                  \
    T m = x % y;                                                                                                      \
    return m != 0 && (m < 0) != (y < 0) ? m + y : m;                                                                  \
  }                                                                                                                   \
  INLINE T WG(floor_divide_##t)(T x, T y) {                                                                    \
    T q = WG(divide_##t)(x, y);                                                                                       \
    return WG(remainder_##t)(x, y) != 0 && (x < 0) != (y < 0) && x % y != 0 ? q - 1 : q;                              \
  }                                                                                                                   \
  INLINE T WG(power_##t)(T x, T y) {                                                                           \
    if (y < 0) return x == 1 ? 1 : x == -1 ? (y & 1 ? -1 : 1) : 0;                                                    \
    U result = 1, base = (U)x;                                                                                        \
    for (; y; y >>= 1, base *= base)                                                                                  \
      if (y & 1) result *= base;                                                                                      \
    return (T)result;                                                                                                 \
  }                                                                                                                   \
  BINARY(add_##t, T, T, (T)((U)x + (U)y))                                                                             \
  BINARY(subtract_##t, T, T, (T)((U)x - (U)y))                                                                        \
  BINARY(multiply_##t, T, T, (T)((U)x * (U)y))                                                                        \
  CALL_BINARY(divide_all_##t, T, WG(divide_##t)(x, y))                                                                  \
  CALL_BINARY(power_all_##t, T, WG(power_##t)(x, y))                                                                    \
  BINARY(minimum_##t, T, T, x < y ? x : y)                                                                            \
  BINARY(maximum_##t, T, T, x > y ? x : y)                                                                            \
  CALL_BINARY(floor_divide_all_##t, T, WG(floor_divide_##t)(x, y))                                                      \
  CALL_BINARY(remainder_all_##t, T, WG(remainder_##t)(x, y))                                                            \
  BINARY(and_##t, T, T, x & y)                                                                                        \
  BINARY(or_##t, T, T, x | y)                                                                                         \
  BINARY(xor_##t, T, T, x ^ y)

#define COMPARISONS(t, T)                      \
  BINARY(equal_##t, int32_t, T, x == y)            \
  BINARY(not_equal_##t, int32_t, T, x != y)        \
  BINARY(less_##t, int32_t, T, x < y)              \
  BINARY(less_or_equal_##t, int32_t, T, x <= y)    \
  BINARY(greater_##t, int32_t, T, x > y)           \
  BINARY(greater_or_equal_##t, int32_t, T, x >= y)

INTEGER_UNARIES(i32, int32_t, uint32_t)
INTEGER_UNARIES(i64, int64_t, uint64_t)
INTEGER_BINARIES(i32, int32_t, uint32_t)
INTEGER_BINARIES(i64, int64_t, uint64_t)
COMPARISONS(i32, int32_t)
COMPARISONS(i64, int64_t)
COMPARISONS(f32, float)
COMPARISONS(f64, double)
PLAIN_UNARY(logical_not, int32_t, int32_t, x == 0)
PLAIN_UNARY(unit_f32, float, int64_t, (float)(int32_t)((uint64_t)x >> 8) * 0x1p-24f)
PLAIN_UNARY(unit_f64, double, int64_t, (WG(double_of)(0x4330000000000000 | x) - 0x1p52 + 0.5) * 0x1p-32)

// --- Floating point -----------------------------------------------------------------------------------------------------------------

#define FLOAT_UNARIES(t, T, s, c)                              \
  PLAIN_UNARY(negate_##t, T, T, -x)                            \
  PLAIN_UNARY(abs_##t, T, T, WG(abs_##s)(x))                   \
  PLAIN_UNARY(sign_##t, T, T, WG(sign_##s)(x))                 \
  PLAIN_UNARY(floor_##t, T, T, WG(floor_##s)(x))               \
  PLAIN_UNARY(ceil_##t, T, T, WG(ceil_##s)(x))                 \
  PLAIN_UNARY(round_##t, T, T, WG(round_##s)(x))               \
  PLAIN_UNARY(reciprocal_##t, T, T, 1 / x)                     \
  PLAIN_UNARY(square_##t, T, T, x * x)                         \
  VECTOR_UNARY(exp_##t, T, T, WG(exp_##s)(x))                  \
  CALL_UNARY(expm1_##t, T, T, expm1##c(x))                     \
  VECTOR_UNARY(log_##t, T, T, WG(log_##s)(x))                  \
  CALL_UNARY(log1p_##t, T, T, log1p##c(x))                     \
  PLAIN_UNARY(sqrt_##t, T, T, __builtin_elementwise_sqrt(x))   \
  PLAIN_UNARY(rsqrt_##t, T, T, 1 / __builtin_elementwise_sqrt(x))  \
  CALL_UNARY(sin_##t, T, T, sin##c(x))                         \
  CALL_UNARY(cos_##t, T, T, cos##c(x))                         \
  CALL_UNARY(tan_##t, T, T, tan##c(x))                         \
  CALL_UNARY(asin_##t, T, T, asin##c(x))                       \
  CALL_UNARY(acos_##t, T, T, acos##c(x))                       \
  CALL_UNARY(atan_##t, T, T, atan##c(x))                       \
  CALL_UNARY(sinh_##t, T, T, sinh##c(x))                       \
  CALL_UNARY(cosh_##t, T, T, cosh##c(x))                       \
  VECTOR_UNARY(sigmoid_##t, T, T, WG(sigmoid_##s)(x))          \
  PLAIN_UNARY(relu_##t, T, T, x > 0 ? x : x != x ? x : 0)      \
  VECTOR_UNARY(gelu_tanh_##t, T, T, WG(gelu_tanh_##s)(x))      \
  VECTOR_UNARY(silu_##t, T, T, WG(silu_##s)(x))                \
  PLAIN_UNARY(is_nan_##t, int32_t, T, x != x)                  \
  PLAIN_UNARY(is_finite_##t, int32_t, T, WG(abs_##s)(x) < (T)INFINITY)

FLOAT_UNARIES(f32, float, f, f)
FLOAT_UNARIES(f64, double, d, )
VECTOR_UNARY(tanh_f32, float, float, WG(tanh_f)(x))
VECTOR_UNARY(softplus_f32, float, float, WG(softplus_f)(x))
VECTOR_UNARY(erf_f32, float, float, WG(erf_f)(x))
VECTOR_UNARY(erfc_f32, float, float, WG(erfc_f)(x))
VECTOR_UNARY(normal_cdf_f32, float, float, WG(normal_cdf_f)(x))
VECTOR_UNARY(gelu_f32, float, float, WG(gelu_f)(x))
CALL_UNARY(tanh_f64, double, double, tanh(x))
CALL_UNARY(softplus_f64, double, double, WG(softplus_d)(x))
CALL_UNARY(erf_f64, double, double, erf(x))
CALL_UNARY(erfc_f64, double, double, erfc(x))
CALL_UNARY(normal_cdf_f64, double, double, WG(normal_cdf_d)(x))
CALL_UNARY(gelu_f64, double, double, WG(gelu_d)(x))

#define FLOAT_BINARIES(t, T, c)                                                          \
  INLINE T WG(remainder_##t)(T x, T y) {                                          \
    T m = fmod##c(x, y);                                                                 \
    if (m == 0) return copysign##c(0, y);                                                \
    return (m < 0) != (y < 0) ? m + y : m;                                               \
  }                                                                                      \
  INLINE T WG(floor_divide_##t)(T x, T y) {                                       \
    T m = fmod##c(x, y);                                                                 \
    if (y == 0 || m != m) return y == 0 ? x / y : m;                                     \
    T q = (x - m) / y;                                                                   \
    if (m != 0 && (m < 0) != (y < 0)) q -= 1;                                            \
    if (q == 0) return copysign##c(0, x / y);                                            \
    T whole = floor##c(q);                                                               \
    return q - whole > (T)0.5 ? whole + 1 : whole;                                       \
  }                                                                                      \
  BINARY(add_##t, T, T, x + y)                                                           \
  BINARY(subtract_##t, T, T, x - y)                                                      \
  BINARY(multiply_##t, T, T, x *y)                                                       \
  BINARY(divide_all_##t, T, T, x / y)                                                    \
  CALL_BINARY(power_all_##t, T, pow##c(x, y))                                              \
  BINARY(minimum_##t, T, T, ((x < y) | (x != x)) ? x : y)                                  \
  BINARY(maximum_##t, T, T, ((x > y) | (x != x)) ? x : y)                                  \
  CALL_BINARY(atan2_##t, T, atan2##c(x, y))                                                \
  CALL_BINARY(floor_divide_all_##t, T, WG(floor_divide_##t)(x, y))                         \
  CALL_BINARY(remainder_all_##t, T, WG(remainder_##t)(x, y))

FLOAT_BINARIES(f32, float, f)
FLOAT_BINARIES(f64, double, )

SELECT(select_32, int32_t)
SELECT(select_64, int64_t)

#define FILL(name, T)                                                           \
  static void WG(name)(void *dp, const void *ap, int64_t n) { \
    T *d = dp;                                                                  \
    if (n <= 0) return;                                                         \
    const T x = *(const T *)ap;                                                 \
    LANES for (int64_t i = 0; i < n; i++) d[i] = x;                             \
  }
FILL(fill_32, int32_t)
FILL(fill_64, int64_t)

// --- Casts: float to integer cuts off the fraction, saturates, and takes NaN to 0 -----------------------------------------------------

INLINE int32_t WG(i32_of_f)(float x) {
  float c = x != x ? 0.0f : x > 0x1.fffffep30f ? 0x1.fffffep30f : x < -0x1p31f ? -0x1p31f : x;
  int32_t i = (int32_t)c;
  return x >= 0x1p31f ? INT32_MAX : i;
}
INLINE int32_t WG(i32_of_d)(double x) {
  double c = x != x ? 0.0 : x > 2147483647.0 ? 2147483647.0 : x < -2147483648.0 ? -2147483648.0 : x;
  return (int32_t)c;
}
INLINE int64_t WG(i64_of_d)(double x) {
  double c = x != x ? 0.0 : x > 0x1.fffffffffffffp62 ? 0x1.fffffffffffffp62 : x < -0x1p63 ? -0x1p63 : x;
  int64_t i = (int64_t)c;
  return x >= 0x1p63 ? INT64_MAX : i;
}
PLAIN_UNARY(i64_of_i32, int64_t, int32_t, x)
PLAIN_UNARY(f32_of_i32, float, int32_t, (float)x)
PLAIN_UNARY(f64_of_i32, double, int32_t, x)
PLAIN_UNARY(i32_of_i64, int32_t, int64_t, (int32_t)x)
PLAIN_UNARY(f32_of_i64, float, int64_t, (float)x)
PLAIN_UNARY(f64_of_i64, double, int64_t, (double)x)
PLAIN_UNARY(i32_of_f32, int32_t, float, WG(i32_of_f)(x))
PLAIN_UNARY(i64_of_f32, int64_t, float, WG(i64_of_d)(x))
PLAIN_UNARY(f64_of_f32, double, float, x)
PLAIN_UNARY(i32_of_f64, int32_t, double, WG(i32_of_d)(x))
PLAIN_UNARY(i64_of_f64, int64_t, double, WG(i64_of_d)(x))
PLAIN_UNARY(f32_of_f64, float, double, (float)x)
PLAIN_UNARY(same_f32, float, float, x)
PLAIN_UNARY(same_f64, double, double, x)
PLAIN_UNARY(bool_of_i32, int32_t, int32_t, x != 0)
PLAIN_UNARY(bool_of_i64, int32_t, int64_t, x != 0)
PLAIN_UNARY(bool_of_f32, int32_t, float, x != 0)
PLAIN_UNARY(bool_of_f64, int32_t, double, x != 0)

// --- Memory --------------------------------------------------------------------------------------------------------------------------

INLINE float WG(of_half)(uint16_t h) {
  int32_t magnitude = (h & 0x7fff) << 13;
  float x = WG(float_of)(magnitude) * 0x1p112f;
  int32_t b = (h & 0x7c00) == 0x7c00 ? magnitude | 0x7f800000 : WG(bits_f)(x);
  return WG(float_of)(b | (int32_t)((uint32_t)(h & 0x8000) << 16));
}
/// Adding 2^(e + 13) to a normal number, or ½ to a denormal one, rounds at the last bit that a half keeps.
INLINE uint16_t WG(half_of)(float x) {
  uint32_t b = (uint32_t)WG(bits_f)(x), magnitude = b & 0x7fffffff;
  uint32_t normal = (magnitude + 0xfff + ((magnitude >> 13) & 1) - 0x38000000) >> 13;
  uint32_t small = (uint32_t)WG(bits_f)(WG(float_of)((int32_t)magnitude) + 0.5f) - 0x3f000000;
  uint32_t h = magnitude < 0x38800000 ? small : magnitude >= 0x477ff000 ? 0x7c00 : normal;
  h = magnitude > 0x7f800000 ? 0x7e00 : h;
  return (uint16_t)(h | (b >> 16 & 0x8000));
}
INLINE uint16_t WG(bfloat_of)(float x) {
  uint32_t b = (uint32_t)WG(bits_f)(x);
  uint32_t rounded = (b + 0x7fff + (b >> 16 & 1)) >> 16;
  return (uint16_t)((b & 0x7fffffff) > 0x7f800000 ? (b >> 16 | 0x40) : rounded);
}
LOAD(load_bool, int32_t, uint8_t, x != 0)
LOAD(load_uint8, int32_t, uint8_t, x)
LOAD(load_int32_plain, int32_t, int32_t, x)
LOAD_TRANSPOSED(load_int32_transposed)
static void WG(load_int32)(void *d, const void *s, int64_t rows, int64_t columns, int64_t row_stride, int64_t column_stride) {
  if (row_stride == 1 && column_stride != 1 && rows > 1)
    WG(load_int32_transposed)(d, s, rows, columns, column_stride);
  else
    WG(load_int32_plain)(d, s, rows, columns, row_stride, column_stride);
}
LOAD(load_int64, int64_t, int64_t, x)
LOAD(load_half, float, uint16_t, WG(of_half)(x))
LOAD(load_bfloat, float, uint16_t, WG(float_of)((int32_t)((uint32_t)x << 16)))
STORE(store_bool, uint8_t, int32_t, x != 0)
STORE(store_uint8, uint8_t, int32_t, (uint8_t)x)
STORE(store_int32, int32_t, int32_t, x)
STORE(store_int64, int64_t, int64_t, x)
STORE(store_half, uint16_t, float, WG(half_of)(x))
STORE(store_bfloat, uint16_t, float, WG(bfloat_of)(x))
// What is stored in half precision and loaded again.
PLAIN_UNARY(rounded_half, float, float, WG(of_half)(WG(half_of)(x)))
PLAIN_UNARY(rounded_bfloat, float, float, WG(float_of)((int32_t)((uint32_t)WG(bfloat_of)(x) << 16)))

// --- Reductions ----------------------------------------------------------------------------------------------------------------------

#define INTEGER_REDUCTIONS(t, T)                                                                                        \
  REDUCE(sum_##t, T, int64_t, int64_t, 8, (int64_t)((uint64_t)p + (uint64_t)x), (int64_t)((uint64_t)p + (uint64_t)x))   \
  REDUCE(product_##t, T, int64_t, int64_t, 8, (int64_t)((uint64_t)p * (uint64_t)x), (int64_t)((uint64_t)p * (uint64_t)x))  \
  REDUCE(min_##t, T, T, int64_t, 1, p < x ? p : x, p < x ? p : x)                                                       \
  REDUCE(max_##t, T, T, int64_t, 1, p > x ? p : x, p > x ? p : x)                                                       \
  ACCUMULATE(add_rows_##t, T, int64_t, int64_t, (int64_t)((uint64_t)p + (uint64_t)x), (int64_t)((uint64_t)p + (uint64_t)x))  \
  ACCUMULATE(multiply_rows_##t, T, int64_t, int64_t, (int64_t)((uint64_t)p * (uint64_t)x), (int64_t)((uint64_t)p * (uint64_t)x))  \
  ACCUMULATE(min_rows_##t, T, T, int64_t, p < x ? p : x, p < x ? p : x)                                                 \
  ACCUMULATE(max_rows_##t, T, T, int64_t, p > x ? p : x, p > x ? p : x)
#define FLOAT_REDUCTIONS(t, T)                                         \
  REDUCE(product_##t, T, double, double, 8, p * x, p * x)              \
  REDUCE(min_##t, T, T, double, 1, PROPAGATE_MIN, PROPAGATE_MIN)  \
  ACCUMULATE(add_rows_##t, T, T, double, p + x, p + x)                 \
  ACCUMULATE(multiply_rows_##t, T, double, double, p * x, p * x)       \
  ACCUMULATE(min_rows_##t, T, T, double, PROPAGATE_MIN, PROPAGATE_MIN)  \
  ACCUMULATE(max_rows_##t, T, T, double, PROPAGATE_MAX, PROPAGATE_MAX)
INTEGER_REDUCTIONS(i32, int32_t)
INTEGER_REDUCTIONS(i64, int64_t)
FLOAT_REDUCTIONS(f32, float)
FLOAT_REDUCTIONS(f64, double)
REDUCE(sum_f64, double, double, double, 8, p + x, p + x)
REDUCE(max_f64, double, double, double, 1, PROPAGATE_MAX, PROPAGATE_MAX)
#include "float_rows.inc.h"

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

#define INTEGER_UNARY_ROWS(t)                                                                                     \
  {[U_NEGATE] = WG(negate_##t), [U_ABS] = WG(abs_##t), [U_SIGN] = WG(sign_##t), [U_FLOOR] = WG(same_##t),         \
   [U_CEIL] = WG(same_##t), [U_ROUND] = WG(same_##t), [U_RECIPROCAL] = WG(reciprocal_##t),                        \
   [U_SQUARE] = WG(square_##t), [U_RELU] = WG(relu_##t), [U_NOT] = WG(not_##t), [U_IS_NAN] = WG(is_nan_##t),      \
   [U_IS_FINITE] = WG(is_finite_##t)}
#define FLOAT_UNARY_ROWS(t)                                                                                       \
  {[U_NEGATE] = WG(negate_##t), [U_ABS] = WG(abs_##t), [U_SIGN] = WG(sign_##t), [U_FLOOR] = WG(floor_##t),        \
   [U_CEIL] = WG(ceil_##t), [U_ROUND] = WG(round_##t), [U_RECIPROCAL] = WG(reciprocal_##t),                       \
   [U_SQUARE] = WG(square_##t), [U_EXP] = WG(exp_##t), [U_EXPM1] = WG(expm1_##t), [U_LOG] = WG(log_##t),          \
   [U_LOG1P] = WG(log1p_##t), [U_SQRT] = WG(sqrt_##t), [U_RSQRT] = WG(rsqrt_##t), [U_SIN] = WG(sin_##t),          \
   [U_COS] = WG(cos_##t), [U_TAN] = WG(tan_##t), [U_ASIN] = WG(asin_##t), [U_ACOS] = WG(acos_##t),                \
   [U_ATAN] = WG(atan_##t), [U_SINH] = WG(sinh_##t), [U_COSH] = WG(cosh_##t), [U_TANH] = WG(tanh_##t),            \
   [U_SIGMOID] = WG(sigmoid_##t), [U_SOFTPLUS] = WG(softplus_##t), [U_ERF] = WG(erf_##t), [U_ERFC] = WG(erfc_##t),  \
   [U_NORMAL_CDF] = WG(normal_cdf_##t), [U_RELU] = WG(relu_##t), [U_GELU] = WG(gelu_##t),                         \
   [U_GELU_TANH] = WG(gelu_tanh_##t), [U_SILU] = WG(silu_##t), [U_IS_NAN] = WG(is_nan_##t),                       \
   [U_IS_FINITE] = WG(is_finite_##t), [U_UNIT_INTERVAL] = WG(unit_##t)}
#define BINARY_ROWS(t)                                                                                            \
  [B_ADD] = SHAPES(add_##t), [B_SUBTRACT] = SHAPES(subtract_##t), [B_MULTIPLY] = SHAPES(multiply_##t),            \
  [B_DIVIDE] = SHAPES(divide_all_##t), [B_POWER] = SHAPES(power_all_##t), [B_MINIMUM] = SHAPES(minimum_##t),      \
  [B_MAXIMUM] = SHAPES(maximum_##t), [B_FLOOR_DIVIDE] = SHAPES(floor_divide_all_##t),                             \
  [B_REMAINDER] = SHAPES(remainder_all_##t)
#define COMPARE_ROWS(t)                                                                                           \
  {[C_EQUAL] = SHAPES(equal_##t), [C_NOT_EQUAL] = SHAPES(not_equal_##t), [C_LESS] = SHAPES(less_##t),             \
   [C_LESS_OR_EQUAL] = SHAPES(less_or_equal_##t), [C_GREATER] = SHAPES(greater_##t),                              \
   [C_GREATER_OR_EQUAL] = SHAPES(greater_or_equal_##t)}
#define REDUCE_ROWS(t)                                                                                            \
  {[R_SUM] = WG(sum_##t), [R_PRODUCT] = WG(product_##t), [R_MINIMUM] = WG(min_##t), [R_MAXIMUM] = WG(max_##t)}
#define ACCUMULATE_ROWS(t)                                                                                        \
  {[R_SUM] = WG(add_rows_##t), [R_PRODUCT] = WG(multiply_rows_##t), [R_MINIMUM] = WG(min_rows_##t),               \
   [R_MAXIMUM] = WG(max_rows_##t)}
#define MOVE_ROWS(m)                                                                                              \
  {[D_BOOL] = WG(m##_bool), [D_UINT8] = WG(m##_uint8), [D_INT32] = WG(m##_int32), [D_INT64] = WG(m##_int64),      \
   [D_FLOAT16] = WG(m##_half), [D_BFLOAT16] = WG(m##_bfloat), [D_FLOAT32] = WG(m##_int32), [D_FLOAT64] = WG(m##_int64)}
#define SELECT_ROWS(t) {WG(t##_0), WG(t##_1), WG(t##_2), WG(t##_3), WG(t##_4), WG(t##_5), WG(t##_6)}

static const wg_table WG(table) = {
  .unary = {INTEGER_UNARY_ROWS(i32), INTEGER_UNARY_ROWS(i64), FLOAT_UNARY_ROWS(f32), FLOAT_UNARY_ROWS(f64)},
  .binary = {
    {BINARY_ROWS(i32), [B_AND] = SHAPES(and_i32), [B_OR] = SHAPES(or_i32), [B_XOR] = SHAPES(xor_i32)},
    {BINARY_ROWS(i64), [B_AND] = SHAPES(and_i64), [B_OR] = SHAPES(or_i64), [B_XOR] = SHAPES(xor_i64)},
    {BINARY_ROWS(f32), [B_ATAN2] = SHAPES(atan2_f32)},
    {BINARY_ROWS(f64), [B_ATAN2] = SHAPES(atan2_f64)},
  },
  .compare = {COMPARE_ROWS(i32), COMPARE_ROWS(i64), COMPARE_ROWS(f32), COMPARE_ROWS(f64)},
  .select = {SELECT_ROWS(select_32), SELECT_ROWS(select_64)},
  .cast = {
    {WG(same_i32), WG(i64_of_i32), WG(f32_of_i32), WG(f64_of_i32), WG(bool_of_i32)},
    {WG(i32_of_i64), WG(same_i64), WG(f32_of_i64), WG(f64_of_i64), WG(bool_of_i64)},
    {WG(i32_of_f32), WG(i64_of_f32), WG(same_f32), WG(f64_of_f32), WG(bool_of_f32)},
    {WG(i32_of_f64), WG(i64_of_f64), WG(f32_of_f64), WG(same_f64), WG(bool_of_f64)},
  },
  .rounded = {WG(rounded_half), WG(rounded_bfloat)},
  .fill = {WG(fill_32), WG(fill_64)},
  .logical_not = WG(logical_not),
  .load = MOVE_ROWS(load),
  .store = MOVE_ROWS(store),
  .reduce = {REDUCE_ROWS(i32), REDUCE_ROWS(i64), REDUCE_ROWS(f32), REDUCE_ROWS(f64)},
  .accumulate = {ACCUMULATE_ROWS(i32), ACCUMULATE_ROWS(i64), ACCUMULATE_ROWS(f32), ACCUMULATE_ROWS(f64)},
  .iota = WG(iota),
  .random = WG(random),
};
