// Sums and maxima of rows of floats, at one level: sixty-four running values, element i in value i mod 64, folded by halves to eight, then as doubles to one.
// Sums are folded after each run of 2,048 elements and go on in double: at most 35 float additions lie between an element and there, however long the row is.
// A rest passes through a padded block, so that the order does not depend on what is around the row.

// All of it is inlined: no vector is passed in a call.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wpsabi"

#ifndef RUNNING
#define RUNNING
typedef float wg_running __attribute__((ext_vector_type(64), aligned(4)));
typedef float wg_f32x32 __attribute__((ext_vector_type(32)));
typedef float wg_f32x16 __attribute__((ext_vector_type(16)));
typedef float wg_f32x8 __attribute__((ext_vector_type(8)));
typedef float wg_f32x4 __attribute__((ext_vector_type(4)));
typedef float wg_f32x2 __attribute__((ext_vector_type(2)));
typedef int32_t wg_i32x64 __attribute__((ext_vector_type(64)));
typedef double wg_f64x8 __attribute__((ext_vector_type(8)));
typedef double wg_f64x4 __attribute__((ext_vector_type(4)));
typedef double wg_f64x2 __attribute__((ext_vector_type(2)));
#define FIRST2 0, 1
#define FIRST4 FIRST2, 2, 3
#define FIRST8 FIRST4, 4, 5, 6, 7
#define FIRST16 FIRST8, 8, 9, 10, 11, 12, 13, 14, 15
#define FIRST32 FIRST16, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
#define LAST2 2, 3
#define LAST4 4, 5, 6, 7
#define LAST8 8, 9, 10, 11, 12, 13, 14, 15
#define LAST16 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
#define LAST32 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63
// Whether a run of sums ends with the sixty-four elements before `end`.
#define RUN_ENDS(end) (((end) & 2047) == 0)
#define HALVES(T, v, n) T v##first = __builtin_shufflevector(v, v, FIRST##n), v##last = __builtin_shufflevector(v, v, LAST##n);
// NaN, once met, stays.
#define LARGER(x, m) ((((x) > (m)) | ((x) != (x))) ? (x) : (m))
#endif

INLINE double WG(folded_sum)(wg_running v) {
  HALVES(wg_f32x32, v, 32)
  wg_f32x32 a = vfirst + vlast;
  HALVES(wg_f32x16, a, 16)
  wg_f32x16 b = afirst + alast;
  HALVES(wg_f32x8, b, 8)
  wg_f64x8 c = __builtin_convertvector(bfirst, wg_f64x8) + __builtin_convertvector(blast, wg_f64x8);
  HALVES(wg_f64x4, c, 4)
  wg_f64x4 d = cfirst + clast;
  HALVES(wg_f64x2, d, 2)
  wg_f64x2 e = dfirst + dlast;
  return e[0] + e[1];
}

INLINE float WG(folded_max)(wg_running v) {
  HALVES(wg_f32x32, v, 32)
  wg_f32x32 a = LARGER(vfirst, vlast);
  HALVES(wg_f32x16, a, 16)
  wg_f32x16 b = LARGER(afirst, alast);
  HALVES(wg_f32x8, b, 8)
  wg_f32x8 c = LARGER(bfirst, blast);
  HALVES(wg_f32x4, c, 4)
  wg_f32x4 d = LARGER(cfirst, clast);
  HALVES(wg_f32x2, d, 2)
  wg_f32x2 e = LARGER(dfirst, dlast);
  float x = e[0], m = e[1];
  return LARGER(x, m);
}

/// Fewer than sixty-four values, and `fill` after them.
INLINE wg_running WG(rest_of_row)(const float *a, int64_t n, float fill) {
  float padded[64];
  for (int j = 0; j < 64; j++) padded[j] = fill;
  memcpy(padded, a, (size_t)n * sizeof(float));
  return *(const wg_running *)padded;
}

INLINE double WG(sum_of_row)(const float *a, int64_t n) {
  wg_running none = 0;
  none = -none;
  wg_running running = none;
  double total = 0;
  int64_t i = 0;
  for (; i + 64 <= n; i += 64) {
    running += *(const wg_running *)(a + i);
    if (RUN_ENDS(i + 64)) {
      total += WG(folded_sum)(running);
      running = none;
    }
  }
  if (i < n) running += WG(rest_of_row)(a + i, n - i, -0.0f);
  return total + WG(folded_sum)(running);
}

/// With NaN, once met, kept.
static float WG(max_with_nan)(const float *a, int64_t n) {
  float m = -INFINITY;
  for (int64_t i = 0; i < n; i++) m = LARGER(a[i], m);
  return m;
}

// One instruction finds the larger of two, and forgets NaN: whether there was one is noted aside.
INLINE float WG(max_of_row)(const float *a, int64_t n) {
  wg_running running = n < 64 ? WG(rest_of_row)(a, n, -INFINITY) : *(const wg_running *)a;
  wg_i32x64 strange = running != running;
  int64_t i = 64;
  for (; i + 64 <= n; i += 64) {
    wg_running x = *(const wg_running *)(a + i);
    running = x > running ? x : running;
    strange |= x != x;
  }
  if (i < n) {
    wg_running x = WG(rest_of_row)(a + i, n - i, -INFINITY);
    running = x > running ? x : running;
    strange |= x != x;
  }
  return __builtin_reduce_or(strange) ? WG(max_with_nan)(a, n) : WG(folded_max)(running);
}

static void WG(reduce_sum_f32)(void *state, const void *a, int64_t n) {
  if (n > 0) *(double *)state += WG(sum_of_row)(a, n);
}

static void WG(reduce_maximum_f32)(void *state, const void *a, int64_t n) {
  if (n <= 0) return;
  double p = WG(max_of_row)(a, n), x = *(double *)state;
  *(double *)state = PROPAGATE_MAX;
}

#pragma clang diagnostic pop
