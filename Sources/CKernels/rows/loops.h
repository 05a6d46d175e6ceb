// The loops that kernels are made of. Each macro defines a function WG(name).
#pragma once

// Loops of a fixed width become straight vector code without a remainder; what is left over passes through a padded block, so that an element's
// result does not depend on its position.
#define WIDTH 32
#define TAIL 16
#define ROLLED _Pragma("clang loop vectorize(assume_safety) unroll(disable)")
#define ONE_BY_ONE _Pragma("clang loop vectorize(disable) unroll(disable)")

// d[i] = f(x) on vector registers; where the test holds, by a call.
#define GUARDED_UNARY(name, D, A, expression, test, call)                        \
  INLINE void WG(name##_part)(D *d, const A *a, int64_t m) {                     \
    A in[TAIL] = {0};                                                            \
    D out[TAIL];                                                                 \
    memcpy(in, a, (size_t)m * sizeof(A));                                        \
    LANES for (int j = 0; j < TAIL; j++) {                                       \
      A x = in[j];                                                               \
      out[j] = (expression);                                                     \
    }                                                                            \
    ONE_BY_ONE for (int64_t j = 0; j < m; j++) {                                 \
      A x = in[j];                                                               \
      if (test) out[j] = (call);                                                 \
    }                                                                            \
    memcpy(d, out, (size_t)m * sizeof(D));                                       \
  }                                                                              \
  static void WG(name)(void *dp, const void *ap, int64_t n) {                    \
    D *d = dp;                                                                   \
    const A *a = ap;                                                             \
    int64_t i = 0;                                                               \
    for (; i + WIDTH <= n; i += WIDTH) {                                         \
      int any = 0;                                                               \
      LANES for (int j = 0; j < WIDTH; j++) {                                    \
        A x = a[i + j];                                                          \
        (void)x;                                                                 \
        any |= (test);                                                           \
      }                                                                          \
      if (any) {                                                                 \
        for (int j = 0; j < WIDTH; j += TAIL) WG(name##_part)(d + i + j, a + i + j, TAIL);  \
        continue;                                                                \
      }                                                                          \
      LANES for (int j = 0; j < WIDTH; j++) {                                    \
        A x = a[i + j];                                                          \
        d[i + j] = (expression);                                                 \
      }                                                                          \
    }                                                                            \
    for (; i < n; i += TAIL) WG(name##_part)(d + i, a + i, n - i < TAIL ? n - i : TAIL);  \
  }
#define VECTOR_UNARY(name, D, A, expression) GUARDED_UNARY(name, D, A, expression, 0, expression)

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

#define PLAIN_SHAPE(name, D, A, X, Y, expression)                                                        \
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
#define GUARDED_SHAPE(name, D, A, X, Y, expression, test, call)                                          \
  INLINE void WG(name##_part)(D *d, const A *a, const A *b, A a0, A b0, int64_t i, int64_t m) {           \
    (void)a, (void)b, (void)a0, (void)b0;                                                                 \
    A xs[TAIL] = {0}, ys[TAIL] = {0};                                                                     \
    D out[TAIL];                                                                                          \
    for (int64_t k = i; k < i + m; k++) xs[k - i] = X, ys[k - i] = Y;                                     \
    LANES for (int j = 0; j < TAIL; j++) {                                                                \
      A x = xs[j], y = ys[j];                                                                             \
      out[j] = (expression);                                                                              \
    }                                                                                                     \
    ONE_BY_ONE for (int64_t j = 0; j < m; j++) {                                                          \
      A x = xs[j], y = ys[j];                                                                             \
      if (test) out[j] = (call);                                                                          \
    }                                                                                                     \
    memcpy(d + i, out, (size_t)m * sizeof(D));                                                            \
  }                                                                                                       \
  static void WG(name)(void *dp, const void *ap, const void *bp, int64_t n) {                             \
    D *d = dp;                                                                                            \
    const A *a = ap, *b = bp;                                                                             \
    if (n <= 0) return;                                                                                   \
    const A a0 = *a, b0 = *b;                                                                             \
    int64_t i = 0;                                                                                        \
    for (; i + WIDTH <= n; i += WIDTH) {                                                                  \
      int any = 0;                                                                                        \
      LANES for (int64_t k = i; k < i + WIDTH; k++) {                                                     \
        A x = X, y = Y;                                                                                   \
        (void)x, (void)y;                                                                                 \
        any |= (test);                                                                                    \
      }                                                                                                   \
      if (any) {                                                                                          \
        for (int j = 0; j < WIDTH; j += TAIL) WG(name##_part)(d, a, b, a0, b0, i + j, TAIL);              \
        continue;                                                                                         \
      }                                                                                                   \
      LANES for (int64_t k = i; k < i + WIDTH; k++) {                                                     \
        A x = X, y = Y;                                                                                   \
        d[k] = (expression);                                                                              \
      }                                                                                                   \
    }                                                                                                     \
    for (; i < n; i += TAIL) WG(name##_part)(d, a, b, a0, b0, i, n - i < TAIL ? n - i : TAIL);            \
  }
#define CALL_SHAPE(name, D, A, X, Y, expression)                                                          \
  static void WG(name)(void *dp, const void *ap, const void *bp, int64_t n) {                             \
    D *d = dp;                                                                                            \
    const A *a = ap, *b = bp;                                                                             \
    if (n <= 0) return;                                                                                   \
    const A a0 = *a, b0 = *b;                                                                             \
    (void)a0, (void)b0;                                                                                   \
    ONE_BY_ONE for (int64_t k = 0; k < n; k++) {                                                          \
      A x = X, y = Y;                                                                                     \
      d[k] = (expression);                                                                                \
    }                                                                                                     \
  }
#define CALL_BINARY(name, D, A, expression)              \
  CALL_SHAPE(name##_vv, D, A, a[k], b[k], expression)    \
  CALL_SHAPE(name##_vs, D, A, a[k], b0, expression)      \
  CALL_SHAPE(name##_sv, D, A, a0, b[k], expression)
#define GUARDED_BINARY(name, D, A, expression, test, call)           \
  GUARDED_SHAPE(name##_vv, D, A, a[k], b[k], expression, test, call) \
  GUARDED_SHAPE(name##_vs, D, A, a[k], b0, expression, test, call)   \
  GUARDED_SHAPE(name##_sv, D, A, a0, b[k], expression, test, call)
#define VECTOR_BINARY(name, D, A, expression) GUARDED_BINARY(name, D, A, expression, 0, expression)
#define PLAIN_BINARY(name, D, A, expression)             \
  PLAIN_SHAPE(name##_vv, D, A, a[k], b[k], expression)  \
  PLAIN_SHAPE(name##_vs, D, A, a[k], b0, expression)    \
  PLAIN_SHAPE(name##_sv, D, A, a0, b[k], expression)

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

typedef int32_t wg_four __attribute__((vector_size(16)));

// NaN, once met, stays.
#define PROPAGATE_MIN (((p < x) | (p != p)) ? p : x)
#define PROPAGATE_MAX (((p > x) | (p != p)) ? p : x)

// The forms that operations.h names: loop, types of result and operands, expression. A kernel of one is defined by UNARY or BINARY, and its place in a table filled
// in by UNARY_ENTRY or BINARY_ENTRY; INTEGER and FLOAT choose the column.
#define PLAIN(...) PLAIN, T, T, (__VA_ARGS__)
#define VECTOR(...) VECTOR, T, T, (__VA_ARGS__)
#define GUARDED(expression, test, call) GUARDED, T, T, (expression), (test), (call)
#define CALL(...) CALL, T, T, (__VA_ARGS__)
#define TEST(...) PLAIN, int32_t, T, (__VA_ARGS__)
#define WORDS(...) PLAIN, T, int64_t, (__VA_ARGS__)
#define NONE NONE, T, T, 0
#define NONE_UNARY(...)
#define NONE_BINARY(...)
#define PLAIN_ENTRY(...) __VA_ARGS__
#define VECTOR_ENTRY(...) __VA_ARGS__
#define GUARDED_ENTRY(...) __VA_ARGS__
#define CALL_ENTRY(...) __VA_ARGS__
#define NONE_ENTRY(...)

#define UNARY(name, form, ...) UNARY_NAMED(OF_T(unary_##name), form, __VA_ARGS__)
#define UNARY_NAMED(name, form, ...) form##_UNARY(name, __VA_ARGS__)
#define UNARY_ENTRY(name, form, ...) form##_ENTRY([WG_UNARY_##name] = TYPED(unary_##name), )
#define BINARY(name, form, ...) BINARY_NAMED(OF_T(name), form, __VA_ARGS__)
#define BINARY_NAMED(name, form, ...) form##_BINARY(name, __VA_ARGS__)
#define BINARY_ENTRY(place, name, form, ...) form##_ENTRY([place] = SHAPES(OF_T(name)), )
#define SHAPES(name) SHAPES_OF(name)
#define SHAPES_OF(name) {WG(name##_vv), WG(name##_vs), WG(name##_sv)}

#define INTEGER_UNARY(name, integers, floats) UNARY(name, integers)
#define FLOAT_UNARY(name, integers, floats) UNARY(name, floats)
#define INTEGER_UNARY_ENTRY(name, integers, floats) UNARY_ENTRY(name, integers)
#define FLOAT_UNARY_ENTRY(name, integers, floats) UNARY_ENTRY(name, floats)
#define INTEGER_BINARY(name, integers, floats) BINARY(binary_##name, integers)
#define FLOAT_BINARY(name, integers, floats) BINARY(binary_##name, floats)
#define INTEGER_BINARY_ENTRY(name, integers, floats) BINARY_ENTRY(WG_BINARY_##name, binary_##name, integers)
#define FLOAT_BINARY_ENTRY(name, integers, floats) BINARY_ENTRY(WG_BINARY_##name, binary_##name, floats)
#define COMPARE(name, kernel) BINARY(compare_##name, kernel)
#define COMPARE_ENTRY(name, kernel) BINARY_ENTRY(WG_COMPARE_##name, compare_##name, kernel)
#define REDUCE_ENTRY(name) [WG_REDUCE_##name] = TYPED(reduce_##name),
#define ACCUMULATE_ENTRY(name) [WG_REDUCE_##name] = TYPED(accumulate_##name),
