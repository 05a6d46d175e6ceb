// Products of small matrices. Included for float and double by ops_level.h, which defines REAL, TYPED(name) and the tile: TILE_ROWS rows of
// TILE_VECTORS vectors, whose sums stay in registers. No operand is packed: it fits the cache as it lies.

typedef REAL TYPED(vector) __attribute__((vector_size(VECTOR_BYTES)));
#define LANE_COUNT ((ptrdiff_t)(VECTOR_BYTES / sizeof(REAL)))

// c = alpha a b (+ c) for `rows` rows and `vectors` vectors of columns, which are constants where this is inlined. The rows at `next`, unless it is null, are
// fetched for the next tile.
static inline __attribute__((always_inline)) void TYPED(product_tile)(int rows, int vectors, const REAL *a, ptrdiff_t aRow, ptrdiff_t aColumn,
                                                                      const REAL *b, ptrdiff_t bRow, REAL *c, ptrdiff_t cRow, ptrdiff_t k,
                                                                      REAL alpha, int accumulates, const REAL *next) {
  TYPED(vector) sums[TILE_ROWS][TILE_VECTORS];
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; ++i) {
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; ++v) sums[i][v] = (TYPED(vector)){0};
  }
  const ptrdiff_t line = 64 / (ptrdiff_t)sizeof(REAL);
  for (ptrdiff_t start = 0; start < k; start += line) {
    ptrdiff_t end = start + line < k ? start + line : k;
    if (next) {
#pragma clang loop unroll(full)
      for (int i = 0; i < rows; ++i) __builtin_prefetch(next + i * aRow + start);
    }
    for (ptrdiff_t l = start; l < end; ++l) {
      TYPED(vector) right[TILE_VECTORS];
#pragma clang loop unroll(full)
      for (int v = 0; v < vectors; ++v) memcpy(&right[v], b + l * bRow + v * LANE_COUNT, sizeof right[v]);
#pragma clang loop unroll(full)
      for (int i = 0; i < rows; ++i) {
        REAL left = a[i * aRow + l * aColumn];
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; ++v) sums[i][v] += left * right[v];
      }
    }
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; ++i) {
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; ++v) {
      TYPED(vector) sum = sums[i][v] * alpha, old;
      REAL *place = c + i * cRow + v * LANE_COUNT;
      if (accumulates) {
        memcpy(&old, place, sizeof old);
        sum += old;
      }
      memcpy(place, &sum, sizeof sum);
    }
  }
}

static inline __attribute__((always_inline)) void TYPED(product_rows)(int vectors, const REAL *a, ptrdiff_t aRow, ptrdiff_t aColumn, const REAL *b,
                                                                      ptrdiff_t bRow, REAL *c, ptrdiff_t cRow, ptrdiff_t m, ptrdiff_t k,
                                                                      REAL alpha, int accumulates) {
  ptrdiff_t i = 0;
  for (; i + TILE_ROWS <= m; i += TILE_ROWS) {
    const REAL *next = aColumn == 1 && i + 2 * TILE_ROWS <= m ? a + (i + TILE_ROWS) * aRow : NULL;
    TYPED(product_tile)(TILE_ROWS, vectors, a + i * aRow, aRow, aColumn, b, bRow, c + i * cRow, cRow, k, alpha, accumulates, next);
  }
  for (; i + 2 <= m; i += 2)
    TYPED(product_tile)(2, vectors, a + i * aRow, aRow, aColumn, b, bRow, c + i * cRow, cRow, k, alpha, accumulates, NULL);
  if (i < m) TYPED(product_tile)(1, vectors, a + i * aRow, aRow, aColumn, b, bRow, c + i * cRow, cRow, k, alpha, accumulates, NULL);
}

// The last columns, fewer than a vector: the right factor is padded with zeros.
static void TYPED(product_tail)(const REAL *a, ptrdiff_t aRow, ptrdiff_t aColumn, const REAL *b, ptrdiff_t bRow, REAL *c, ptrdiff_t cRow, ptrdiff_t m,
                                ptrdiff_t n, ptrdiff_t k, REAL alpha, int accumulates) {
  enum { DEPTH = 128 };
  REAL right[DEPTH * LANE_COUNT], sums[TILE_ROWS * LANE_COUNT];
  for (ptrdiff_t start = 0; start < k; start += DEPTH) {
    ptrdiff_t depth = k - start < DEPTH ? k - start : DEPTH;
    memset(right, 0, sizeof right);
    for (ptrdiff_t l = 0; l < depth; ++l) {
      for (ptrdiff_t j = 0; j < n; ++j) right[l * LANE_COUNT + j] = b[(start + l) * bRow + j];
    }
    for (ptrdiff_t i = 0; i < m; i += TILE_ROWS) {
      ptrdiff_t rows = m - i < TILE_ROWS ? m - i : TILE_ROWS;
      TYPED(product_rows)(1, a + i * aRow + start * aColumn, aRow, aColumn, right, LANE_COUNT, sums, LANE_COUNT, rows, depth, alpha, 0);
      for (ptrdiff_t r = 0; r < rows; ++r) {
        for (ptrdiff_t j = 0; j < n; ++j) {
          REAL *place = c + (i + r) * cRow + j;
          *place = sums[r * LANE_COUNT + j] + (accumulates || start > 0 ? *place : 0);
        }
      }
    }
  }
}

static void TYPED(product)(const REAL *a, ptrdiff_t aRow, ptrdiff_t aColumn, const REAL *b, ptrdiff_t bRow, REAL *c, ptrdiff_t cRow, ptrdiff_t m,
                           ptrdiff_t n, ptrdiff_t k, REAL alpha, int accumulates) {
  ptrdiff_t j = 0;
  for (; j + TILE_VECTORS * LANE_COUNT <= n; j += TILE_VECTORS * LANE_COUNT)
    TYPED(product_rows)(TILE_VECTORS, a, aRow, aColumn, b + j, bRow, c + j, cRow, m, k, alpha, accumulates);
  for (; j + LANE_COUNT <= n; j += LANE_COUNT) TYPED(product_rows)(1, a, aRow, aColumn, b + j, bRow, c + j, cRow, m, k, alpha, accumulates);
  if (j < n) TYPED(product_tail)(a, aRow, aColumn, b + j, bRow, c + j, cRow, m, n - j, k, alpha, accumulates);
}

// d[column, row] = a[row, column], with zeros up to a width of `padded` rows; squares of 4 x 4 pass through registers.
static void TYPED(transpose)(const REAL *a, ptrdiff_t aRow, ptrdiff_t rows, ptrdiff_t columns, REAL *d, ptrdiff_t padded) {
  typedef REAL four __attribute__((vector_size(4 * sizeof(REAL))));
  ptrdiff_t i = 0;
  for (; i + 4 <= rows; i += 4) {
    const REAL *s0 = a + i * aRow, *s1 = s0 + aRow, *s2 = s1 + aRow, *s3 = s2 + aRow;
    ptrdiff_t j = 0;
    for (; j + 4 <= columns; j += 4) {
      four a0, a1, a2, a3;
      memcpy(&a0, s0 + j, sizeof a0), memcpy(&a1, s1 + j, sizeof a1), memcpy(&a2, s2 + j, sizeof a2), memcpy(&a3, s3 + j, sizeof a3);
      four b0 = __builtin_shufflevector(a0, a1, 0, 4, 1, 5), b1 = __builtin_shufflevector(a0, a1, 2, 6, 3, 7);
      four b2 = __builtin_shufflevector(a2, a3, 0, 4, 1, 5), b3 = __builtin_shufflevector(a2, a3, 2, 6, 3, 7);
      four c0 = __builtin_shufflevector(b0, b2, 0, 1, 4, 5), c1 = __builtin_shufflevector(b0, b2, 2, 3, 6, 7);
      four c2 = __builtin_shufflevector(b1, b3, 0, 1, 4, 5), c3 = __builtin_shufflevector(b1, b3, 2, 3, 6, 7);
      REAL *t = d + j * padded + i;
      memcpy(t, &c0, sizeof c0), memcpy(t + padded, &c1, sizeof c1);
      memcpy(t + 2 * padded, &c2, sizeof c2), memcpy(t + 3 * padded, &c3, sizeof c3);
    }
    for (; j < columns; ++j) {
      REAL *t = d + j * padded + i;
      t[0] = s0[j], t[1] = s1[j], t[2] = s2[j], t[3] = s3[j];
    }
  }
  for (ptrdiff_t j = 0; j < columns; ++j) {
    for (ptrdiff_t r = i; r < padded; ++r) d[j * padded + r] = r < rows ? a[r * aRow + j] : 0;
  }
}
