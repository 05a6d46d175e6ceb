// Included for float and double by ops_level.h, which defines REAL, TYPED(name) and UNIT(bits).

// 0 or 1 / (1 - rate) for a row of weights.
static void TYPED(dropout_factors)(const ops_dropout *dropout, ptrdiff_t row, ptrdiff_t start, ptrdiff_t count, REAL *restrict factors) {
  uint64_t e = dropout->first + (uint64_t)row * dropout->step + (uint64_t)start;
  uint32_t k0 = (uint32_t)dropout->key, k1 = (uint32_t)(dropout->key >> 32);
  REAL rate = (REAL)dropout->rate, kept = (REAL)(1 / (1 - dropout->rate));
  for (ptrdiff_t j = 0; j < count; ++j) {
    uint32_t bits = LEVEL(philox)(e + (uint64_t)j, k0, k1);
    factors[j] = UNIT(bits) >= rate ? kept : 0;
  }
}

static void TYPED(softmax)(REAL *scores, ptrdiff_t rows, ptrdiff_t columns, REAL *logSumExp, const ops_dropout *dropout) {
#pragma clang fp reassociate(on)
  for (ptrdiff_t row = 0; row < rows; ++row) {
    REAL *restrict x = scores + row * columns;
    // Sixteen maxima side by side: the compiler will not reorder comparisons of floats on its own.
    REAL lanes[16];
    for (int l = 0; l < 16; ++l) lanes[l] = -INFINITY;
    ptrdiff_t j = 0;
    for (; j + 16 <= columns; j += 16) {
      for (int l = 0; l < 16; ++l) lanes[l] = x[j + l] > lanes[l] ? x[j + l] : lanes[l];
    }
    for (; j < columns; ++j) lanes[0] = x[j] > lanes[0] ? x[j] : lanes[0];
    REAL maximum = lanes[0];
    for (int l = 1; l < 16; ++l) maximum = lanes[l] > maximum ? lanes[l] : maximum;

    REAL sum = 0;
    for (j = 0; j < columns; ++j) {
      x[j] = TYPED(exp)(x[j] - maximum);
      sum += x[j];
    }
    logSumExp[row] = maximum + (REAL)log((double)sum);
    REAL factor = 1 / sum;
    if (!dropout) {
      for (j = 0; j < columns; ++j) x[j] *= factor;
      continue;
    }
    for (j = 0; j < columns; j += 256) {
      REAL factors[256];
      ptrdiff_t count = columns - j < 256 ? columns - j : 256;
      TYPED(dropout_factors)(dropout, row, j, count, factors);
      for (ptrdiff_t i = 0; i < count; ++i) x[j + i] *= factor * factors[i];
    }
  }
}

static void TYPED(softmax_gradient)(REAL *scores, REAL *gradient, ptrdiff_t rows, ptrdiff_t columns, const REAL *logSumExp,
                                    const REAL *inner, REAL scale, const ops_dropout *dropout) {
  for (ptrdiff_t row = 0; row < rows; ++row) {
    REAL *restrict x = scores + row * columns;
    REAL *restrict g = gradient + row * columns;
    REAL shift = logSumExp[row], mean = inner[row];
    if (!dropout) {
      for (ptrdiff_t j = 0; j < columns; ++j) {
        REAL p = TYPED(exp)(x[j] - shift);
        x[j] = p;
        g[j] = p * (g[j] - mean) * scale;
      }
      continue;
    }
    for (ptrdiff_t j = 0; j < columns; j += 256) {
      REAL factors[256];
      ptrdiff_t count = columns - j < 256 ? columns - j : 256;
      TYPED(dropout_factors)(dropout, row, j, count, factors);
      for (ptrdiff_t i = 0; i < count; ++i) {
        REAL p = TYPED(exp)(x[j + i] - shift);
        x[j + i] = p * factors[i];
        g[j + i] = p * (factors[i] * g[j + i] - mean) * scale;
      }
    }
  }
}

static void TYPED(inner)(const REAL *a, ptrdiff_t aStep, const REAL *b, ptrdiff_t bStep, ptrdiff_t rows, ptrdiff_t columns, REAL *inner) {
#pragma clang fp reassociate(on)
  for (ptrdiff_t row = 0; row < rows; ++row) {
    REAL sum = 0;
    for (ptrdiff_t j = 0; j < columns; ++j) sum += a[row * aStep + j] * b[row * bStep + j];
    inner[row] = sum;
  }
}
