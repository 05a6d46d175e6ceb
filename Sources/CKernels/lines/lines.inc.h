// The loops over lines at one level.

// Running sums within a vector by doubling steps, plus the sum of all vectors before. −0 changes no number, −0 included.
#ifndef RUNNING_SUM
#define SHIFTED(...) x += __builtin_shufflevector(__VA_ARGS__)
#define UP_16                                                                    \
  SHIFTED(none, x, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30);  \
  SHIFTED(none, x, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29);  \
  SHIFTED(none, x, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27);  \
  SHIFTED(none, x, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23);
#define DOWN_16                                                                  \
  SHIFTED(x, none, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16);       \
  SHIFTED(x, none, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17);      \
  SHIFTED(x, none, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19);    \
  SHIFTED(x, none, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23);
#define UP_8                                       \
  SHIFTED(none, x, 7, 8, 9, 10, 11, 12, 13, 14);   \
  SHIFTED(none, x, 6, 7, 8, 9, 10, 11, 12, 13);    \
  SHIFTED(none, x, 4, 5, 6, 7, 8, 9, 10, 11);
#define DOWN_8                                     \
  SHIFTED(x, none, 1, 2, 3, 4, 5, 6, 7, 8);        \
  SHIFTED(x, none, 2, 3, 4, 5, 6, 7, 8, 9);        \
  SHIFTED(x, none, 4, 5, 6, 7, 8, 9, 10, 11);

#define RUNNING_SUM(t, T, N)                                             \
  typedef T WG(line_##t) __attribute__((vector_size(N * sizeof(T))));    \
  static void WG(running_sum_##t)(void *dp, const void *sp, int64_t n) { \
    T *d = dp;                                                           \
    const T *s = sp;                                                     \
    const WG(line_##t) none = -(WG(line_##t)){0};                        \
    WG(line_##t) carry = none, x;                                        \
    int64_t i = 0;                                                       \
    for (; i + N <= n; i += N) {                                         \
      memcpy(&x, s + i, sizeof x);                                       \
      UP_##N;                                                            \
      WG(line_##t) y = carry + x;                                        \
      memcpy(d + i, &y, sizeof y);                                       \
      carry += x[N - 1] + none;                                          \
    }                                                                    \
    T total = carry[0];                                                  \
    for (; i < n; i++) d[i] = total += s[i];                             \
  }                                                                      \
  static void WG(running_sum_back_##t)(void *dp, const void *sp, int64_t n) { \
    T *d = dp;                                                           \
    const T *s = sp;                                                     \
    const WG(line_##t) none = -(WG(line_##t)){0};                        \
    WG(line_##t) carry = none, x;                                        \
    int64_t i = n;                                                       \
    for (; i >= N; i -= N) {                                             \
      memcpy(&x, s + i - N, sizeof x);                                   \
      DOWN_##N;                                                          \
      WG(line_##t) y = carry + x;                                        \
      memcpy(d + i - N, &y, sizeof y);                                   \
      carry += x[0] + none;                                              \
    }                                                                    \
    T total = carry[0];                                                  \
    for (; i > 0; i--) d[i - 1] = total += s[i - 1];                     \
  }

// The same on floats, in float64 except for the steps within a vector: what is carried over does not drift, however long the line is.
#define RUNNING_SUM_WIDE(N)                                                                    \
  typedef double WG(wide_line) __attribute__((vector_size(N * sizeof(double))));               \
  static void WG(running_sum_f32)(void *dp, const void *sp, int64_t n) {                       \
    float *d = dp;                                                                             \
    const float *s = sp;                                                                       \
    const WG(line_f32) none = -(WG(line_f32)){0};                                              \
    WG(line_f32) x, y;                                                                         \
    double carry = -0.0;                                                                       \
    int64_t i = 0;                                                                             \
    for (; i + N <= n; i += N) {                                                               \
      memcpy(&x, s + i, sizeof x);                                                             \
      UP_##N;                                                                                  \
      y = __builtin_convertvector(__builtin_convertvector(x, WG(wide_line)) + carry, WG(line_f32)); \
      memcpy(d + i, &y, sizeof y);                                                             \
      carry += (double)x[N - 1];                                                               \
    }                                                                                          \
    for (; i < n; i++) d[i] = (float)(carry += s[i]);                                          \
  }                                                                                            \
  static void WG(running_sum_back_f32)(void *dp, const void *sp, int64_t n) {                  \
    float *d = dp;                                                                             \
    const float *s = sp;                                                                       \
    const WG(line_f32) none = -(WG(line_f32)){0};                                              \
    WG(line_f32) x, y;                                                                         \
    double carry = -0.0;                                                                       \
    int64_t i = n;                                                                             \
    for (; i >= N; i -= N) {                                                                   \
      memcpy(&x, s + i - N, sizeof x);                                                         \
      DOWN_##N;                                                                                \
      y = __builtin_convertvector(__builtin_convertvector(x, WG(wide_line)) + carry, WG(line_f32)); \
      memcpy(d + i - N, &y, sizeof y);                                                         \
      carry += (double)x[0];                                                                   \
    }                                                                                          \
    for (; i > 0; i--) d[i - 1] = (float)(carry += s[i - 1]);                                  \
  }

// Sixty-four elements are compared at once; only where one of sixteen is below the limit are they looked at one by one.
#define CANDIDATES(t, T, KEY)                                                                                      \
  INLINE uint32_t WG(key_##t)(T x) { return KEY; }                                                                 \
  static int64_t WG(candidates_##t)(const void *xp, int64_t n, uint32_t flip, uint64_t limit, uint32_t position, uint64_t *out) { \
    const T *x = xp;                                                                                               \
    int64_t found = 0, i = 0;                                                                                      \
    uint32_t bound = (uint32_t)limit;                                                                              \
    if (limit <= UINT32_MAX) {                                                                                     \
      for (; i + 64 <= n; i += 64) {                                                                               \
        uint32_t below[16];                                                                                        \
        for (int j = 0; j < 16; j++) below[j] = 0;                                                                 \
        for (int block = 0; block < 64; block += 16) {                                                             \
          LANES for (int j = 0; j < 16; j++) below[j] |= (WG(key_##t)(x[i + block + j]) ^ flip) < bound;           \
        }                                                                                                          \
        uint32_t any = 0;                                                                                          \
        LANES for (int j = 0; j < 16; j++) any |= below[j];                                                        \
        if (!any) continue;                                                                                        \
        for (int j = 0; j < 64; j++) {                                                                             \
          if (!below[j & 15]) continue;                                                                            \
          uint32_t key = WG(key_##t)(x[i + j]) ^ flip;                                                             \
          if (key < bound) out[found++] = (uint64_t)key << 32 | (position + (uint32_t)(i + j));                    \
        }                                                                                                          \
      }                                                                                                            \
    }                                                                                                              \
    for (; i < n; i++) {                                                                                           \
      uint32_t key = WG(key_##t)(x[i]) ^ flip;                                                                     \
      out[found] = (uint64_t)key << 32 | (position + (uint32_t)i);                                                 \
      found += key < limit;                                                                                        \
    }                                                                                                              \
    return found;                                                                                                  \
  }

// The next row is on its way while one is added.
#define ADD_ROWS(t, T)                                                                                                        \
  static void WG(add_rows_##t)(void *target, int64_t target_step, const void *updates, int64_t update_step, const int64_t *positions, \
                               int64_t count, int64_t first, int64_t end, int64_t width) {                                    \
    const int64_t ahead = 4;                                                                                                  \
    for (int64_t j = 0; j < count; j++) {                                                                                     \
      int64_t position = positions[j];                                                                                        \
      if (j + ahead < count) {                                                                                                \
        const char *next = (const char *)((T *)target + positions[j + ahead] * target_step);                                  \
        for (int64_t b = 0; b < 1024 && b < width * (int64_t)sizeof(T); b += 64) __builtin_prefetch(next + b, 1);             \
      }                                                                                                                       \
      if (position < first || position >= end) continue;                                                                      \
      T *d = (T *)target + position * target_step;                                                                            \
      const T *s = (const T *)updates + j * update_step;                                                                      \
      LANES for (int64_t i = 0; i < width; i++) d[i] += s[i];                                                                 \
    }                                                                                                                         \
  }
#endif

RUNNING_SUM(u32, uint32_t, 16)
RUNNING_SUM(u64, uint64_t, 8)
typedef float WG(line_f32) __attribute__((vector_size(16 * sizeof(float))));
RUNNING_SUM_WIDE(16)
RUNNING_SUM(f64, double, 8)

INLINE uint32_t WG(order_of)(float x) {
  // Adding zero turns −0 into +0.
  float y = x + 0.0f;
  uint32_t b;
  memcpy(&b, &y, 4);
  uint32_t negative = (uint32_t)((int32_t)b >> 31);
  return y != y ? UINT32_MAX : b ^ (negative | 0x80000000u);
}
CANDIDATES(f32, float, WG(order_of)(x))
CANDIDATES(i32, int32_t, (uint32_t)x ^ 0x80000000u)

ADD_ROWS(u32, uint32_t)
ADD_ROWS(u64, uint64_t)
ADD_ROWS(f32, float)
ADD_ROWS(f64, double)

// Where `slots` has a negative number −1 − q for a position, what comes there goes to the q-th row of sums; without slots, to the position's own.
static void WG(add_rows_wide)(float *target, int64_t target_step, const float *updates, int64_t update_step, const int64_t *positions, int64_t count,
                              int64_t first, int64_t end, int64_t width, const int32_t *slots, double *sums, int64_t sums_step) {
  const int64_t ahead = 4;
  for (int64_t j = 0; j < count; j++) {
    int64_t position = positions[j], slot = slots ? slots[position] : -1 - position;
    if (slots && j + ahead < count) {
      const char *next = (const char *)(target + positions[j + ahead] * target_step);
      for (int64_t b = 0; b < 1024 && b < width * 4; b += 64) __builtin_prefetch(next + b, 1);
    }
    if (position < first || position >= end) continue;
    const float *s = updates + j * update_step;
    if (slot < 0) {
      double *d = sums + (-1 - slot) * sums_step;
      LANES for (int64_t i = 0; i < width; i++) d[i] += (double)s[i];
    } else {
      float *d = target + position * target_step;
      LANES for (int64_t i = 0; i < width; i++) d[i] += s[i];
    }
  }
}

static void WG(add_wide)(double *sums, const float *s, int64_t n) {
  LANES for (int64_t i = 0; i < n; i++) sums[i] += (double)s[i];
}

static void WG(running_rows)(double *sums, const float *s, float *d, int64_t n) {
  LANES for (int64_t i = 0; i < n; i++) {
    sums[i] += (double)s[i];
    d[i] = (float)sums[i];
  }
}

static const wg_lines_table WG(table) = {
  .running_sum = {
    [WG_I32] = {WG(running_sum_u32), WG(running_sum_back_u32)},
    [WG_I64] = {WG(running_sum_u64), WG(running_sum_back_u64)},
    [WG_F32] = {WG(running_sum_f32), WG(running_sum_back_f32)},
    [WG_F64] = {WG(running_sum_f64), WG(running_sum_back_f64)},
  },
  .candidates = {[WG_I32] = WG(candidates_i32), [WG_F32] = WG(candidates_f32)},
  .add_rows = {[WG_I32] = WG(add_rows_u32), [WG_I64] = WG(add_rows_u64), [WG_F32] = WG(add_rows_f32), [WG_F64] = WG(add_rows_f64)},
  .add_rows_wide = WG(add_rows_wide),
  .add_wide = WG(add_wide),
  .running_rows = WG(running_rows),
};
