// The loops of attention. Included for float and double by products.inc.h, which defines T, TYPED(name) and KEPT_FROM(rate).

// Loops over rows of scores go by whole blocks of this many: no remainder, and the compiler makes straight vector code of each.
#ifndef BLOCK
#define BLOCK 16
#define EACH_LANE _Pragma("clang loop vectorize(assume_safety)") for (int l = 0; l < BLOCK; ++l)
#endif

// 0 or 1 / (1 - rate) for a part of a row of weights.
static void TYPED(dropout_factors)(const wg_dropout *dropout, ptrdiff_t row, ptrdiff_t start, ptrdiff_t count, T *restrict factors) {
  const T kept = (T)(1 / (1 - dropout->rate));
  const uint64_t limit = KEPT_FROM(dropout->rate);
  const uint64_t key = dropout->key + (dropout->keys ? dropout->keys[row * dropout->keys_step] : 0);
  uint64_t first = dropout->first + (uint64_t)row * dropout->step + (uint64_t)start;
  while (count > 0) {
    // The counter's upper word is the same for all of a part.
    ptrdiff_t left = (ptrdiff_t)(PHILOX_WORD - (first & PHILOX_WORD)) + 1, part = count < left ? count : left;
    uint64_t high = first >> 32;
#pragma clang loop vectorize(assume_safety) interleave_count(4)
    for (ptrdiff_t j = 0; j < part; ++j) factors[j] = philox(first + (uint64_t)j, high, 0, key, 0) >= limit ? kept : 0;
    factors += part, first += (uint64_t)part, count -= part;
  }
}

// The largest of `count` numbers, a multiple of BLOCK, NaN left out.
static inline T TYPED(maximum)(const T *x, ptrdiff_t count) {
  T lanes[BLOCK];
  for (int l = 0; l < BLOCK; ++l) lanes[l] = x[l] > -INFINITY ? x[l] : -INFINITY;
  for (ptrdiff_t j = BLOCK; j < count; j += BLOCK) {
    for (int l = 0; l < BLOCK; ++l) lanes[l] = x[j + l] > lanes[l] ? x[j + l] : lanes[l];
  }
#pragma clang loop unroll(full)
  for (int half = BLOCK / 2; half > 0; half /= 2) {
    for (int l = 0; l < half; ++l) lanes[l] = lanes[l + half] > lanes[l] ? lanes[l + half] : lanes[l];
  }
  return lanes[0];
}

// The sum of `count` numbers, a multiple of BLOCK: in double after each run of RUN blocks.
static inline T TYPED(sum)(const T *x, ptrdiff_t count) {
  enum { RUN = 64 };
  double total = 0;
  for (ptrdiff_t start = 0; start < count; start += RUN * BLOCK) {
    ptrdiff_t end = start + RUN * BLOCK < count ? start + RUN * BLOCK : count;
    T lanes[BLOCK] = {0};
    for (ptrdiff_t j = start; j < end; j += BLOCK) {
      for (int l = 0; l < BLOCK; ++l) lanes[l] += x[j + l];
    }
#pragma clang loop unroll(full)
    for (int half = BLOCK / 2; half > 0; half /= 2) {
      for (int l = 0; l < half; ++l) lanes[l] += lanes[l + half];
    }
    total += lanes[0];
  }
  return (T)total;
}

static void TYPED(softmax)(T *scores, ptrdiff_t step, ptrdiff_t rows, ptrdiff_t columns, T *logSumExp, const wg_dropout *dropout) {
  enum { ROWS = 32 };
  ptrdiff_t padded = (columns + BLOCK - 1) / BLOCK * BLOCK;
  for (ptrdiff_t start = 0; start < rows; start += ROWS) {
    ptrdiff_t some = rows - start < ROWS ? rows - start : ROWS;
    T maxima[ROWS], sums[ROWS];
    for (ptrdiff_t i = 0; i < some; ++i) {
      T *restrict x = scores + (start + i) * step;
      for (ptrdiff_t j = columns; j < padded; ++j) x[j] = -INFINITY;
      T maximum = TYPED(maximum)(x, padded);
      for (ptrdiff_t j = 0; j < padded; j += BLOCK) EACH_LANE x[j + l] = TYPED(weight)(x[j + l] - maximum);
      T sum = TYPED(sum)(x, padded), factor = 1 / sum;
      maxima[i] = maximum;
      sums[i] = sum;
      if (!dropout) {
        for (ptrdiff_t j = 0; j < padded; ++j) x[j] *= factor;
        continue;
      }
      for (ptrdiff_t j = 0; j < padded; j += 256) {
        T factors[256];
        ptrdiff_t count = padded - j < 256 ? padded - j : 256;
        TYPED(dropout_factors)(dropout, start + i, j, count, factors);
        for (ptrdiff_t k = 0; k < count; ++k) x[j + k] *= factor * factors[k];
      }
    }
    for (ptrdiff_t i = 0; i < some; ++i) logSumExp[start + i] = maxima[i] + TYPED(log)(sums[i]);
  }
}

static void TYPED(softmax_gradient)(T *scores, T *gradient, ptrdiff_t step, ptrdiff_t rows, ptrdiff_t columns,
                                    const T *logSumExp, const T *inner, T scale, const wg_dropout *dropout) {
  ptrdiff_t padded = (columns + BLOCK - 1) / BLOCK * BLOCK;
  for (ptrdiff_t row = 0; row < rows; ++row) {
    T *restrict x = scores + row * step;
    T *restrict g = gradient + row * step;
    T shift = logSumExp[row], mean = inner[row];
    if (!dropout) {
      for (ptrdiff_t j = 0; j < padded; j += BLOCK) {
        EACH_LANE {
          T p = TYPED(weight)(x[j + l] - shift);
          x[j + l] = p;
          g[j + l] = p * (g[j + l] - mean) * scale;
        }
      }
      continue;
    }
    for (ptrdiff_t j = 0; j < padded; j += 256) {
      T factors[256];
      ptrdiff_t count = padded - j < 256 ? padded - j : 256;
      TYPED(dropout_factors)(dropout, row, j, count, factors);
      for (ptrdiff_t k = j; k < j + count; k += BLOCK) {
        EACH_LANE {
          T p = TYPED(weight)(x[k + l] - shift), m = factors[k - j + l];
          x[k + l] = p * m;
          g[k + l] = p * (m * g[k + l] - mean) * scale;
        }
      }
    }
  }
}

static void TYPED(inner)(const T *a, ptrdiff_t aStep, const T *b, ptrdiff_t bStep, ptrdiff_t rows, ptrdiff_t columns, T *inner) {
#pragma clang fp reassociate(on)
  for (ptrdiff_t row = 0; row < rows; ++row) {
    T sum = 0;
    for (ptrdiff_t j = 0; j < columns; ++j) sum += a[row * aStep + j] * b[row * bStep + j];
    inner[row] = sum;
  }
}
