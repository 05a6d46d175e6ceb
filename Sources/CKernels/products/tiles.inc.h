// Products of small matrices. Included for float and double by products.inc.h, which defines T and TYPED(name). A tile is TILE_ROWS rows of
// TILE_VECTORS vectors, whose sums stay in registers. No operand is packed: it fits the cache as it lies.

typedef T TYPED(vector) __attribute__((vector_size(VECTOR_BYTES)));
#define TILE_ROWS (VECTOR_BYTES == 16 ? 4 : VECTOR_BYTES == 32 ? 6 : 8)
#define TILE_VECTORS 2
#define LANE_COUNT ((ptrdiff_t)(VECTOR_BYTES / sizeof(T)))

// c = alpha a b (+ c) for `rows` rows and `vectors` vectors of columns, which are constants where this is inlined. The rows at `next`, unless it is null, are
// fetched for the next tile.
static inline __attribute__((always_inline)) void TYPED(product_tile)(int rows, int vectors, const T *a, ptrdiff_t aRow, ptrdiff_t aColumn,
                                                                      const T *b, ptrdiff_t bRow, T *c, ptrdiff_t cRow, ptrdiff_t k,
                                                                      T alpha, int accumulates, const T *next) {
  TYPED(vector) sums[TILE_ROWS][TILE_VECTORS];
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; ++i) {
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; ++v) sums[i][v] = (TYPED(vector)){0};
  }
  // What the sums are added to is there when they are.
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; ++i) {
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; ++v) __builtin_prefetch(c + i * cRow + v * LANE_COUNT, 1);
  }
  const ptrdiff_t line = 64 / (ptrdiff_t)sizeof(T);
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
        T left = a[i * aRow + l * aColumn];
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
      T *place = c + i * cRow + v * LANE_COUNT;
      if (accumulates) {
        memcpy(&old, place, sizeof old);
        sum += old;
      }
      memcpy(place, &sum, sizeof sum);
    }
  }
}

static inline __attribute__((always_inline)) void TYPED(product_rows)(int vectors, const T *a, ptrdiff_t aRow, ptrdiff_t aColumn, const T *b,
                                                                      ptrdiff_t bRow, T *c, ptrdiff_t cRow, ptrdiff_t m, ptrdiff_t k,
                                                                      T alpha, int accumulates) {
  ptrdiff_t i = 0;
  for (; i + TILE_ROWS <= m; i += TILE_ROWS) {
    const T *next = aColumn == 1 && i + 2 * TILE_ROWS <= m ? a + (i + TILE_ROWS) * aRow : NULL;
    TYPED(product_tile)(TILE_ROWS, vectors, a + i * aRow, aRow, aColumn, b, bRow, c + i * cRow, cRow, k, alpha, accumulates, next);
  }
  for (; i + 2 <= m; i += 2)
    TYPED(product_tile)(2, vectors, a + i * aRow, aRow, aColumn, b, bRow, c + i * cRow, cRow, k, alpha, accumulates, NULL);
  if (i < m) TYPED(product_tile)(1, vectors, a + i * aRow, aRow, aColumn, b, bRow, c + i * cRow, cRow, k, alpha, accumulates, NULL);
}

// The last columns, fewer than a vector: the right factor is padded with zeros.
static void TYPED(product_tail)(const T *a, ptrdiff_t aRow, ptrdiff_t aColumn, const T *b, ptrdiff_t bRow, T *c, ptrdiff_t cRow, ptrdiff_t m,
                                ptrdiff_t n, ptrdiff_t k, T alpha, int accumulates) {
  enum { DEPTH = 128 };
  T right[DEPTH * LANE_COUNT], sums[TILE_ROWS * LANE_COUNT];
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
          T *place = c + (i + r) * cRow + j;
          *place = sums[r * LANE_COUNT + j] + (accumulates || start > 0 ? *place : 0);
        }
      }
    }
  }
}

static void TYPED(product_part)(const T *a, ptrdiff_t aRow, ptrdiff_t aColumn, const T *b, ptrdiff_t bRow, T *c, ptrdiff_t cRow, ptrdiff_t m,
                           ptrdiff_t n, ptrdiff_t k, T alpha, int accumulates) {
  ptrdiff_t j = 0;
  if (aRow == 1) {
    // Rows side by side need one address.
    for (; j + TILE_VECTORS * LANE_COUNT <= n; j += TILE_VECTORS * LANE_COUNT)
      TYPED(product_rows)(TILE_VECTORS, a, 1, aColumn, b + j, bRow, c + j, cRow, m, k, alpha, accumulates);
  }
  for (; j + TILE_VECTORS * LANE_COUNT <= n; j += TILE_VECTORS * LANE_COUNT)
    TYPED(product_rows)(TILE_VECTORS, a, aRow, aColumn, b + j, bRow, c + j, cRow, m, k, alpha, accumulates);
  for (; j + LANE_COUNT <= n; j += LANE_COUNT) TYPED(product_rows)(1, a, aRow, aColumn, b + j, bRow, c + j, cRow, m, k, alpha, accumulates);
  if (j < n) TYPED(product_tail)(a, aRow, aColumn, b + j, bRow, c + j, cRow, m, n - j, k, alpha, accumulates);
}

// Deep products part by part, so that errors grow with a part's depth and the number of parts, not with the whole depth.
static void TYPED(product)(const T *a, ptrdiff_t aRow, ptrdiff_t aColumn, const T *b, ptrdiff_t bRow, T *c, ptrdiff_t cRow, ptrdiff_t m,
                           ptrdiff_t n, ptrdiff_t k, T alpha, int accumulates) {
  enum { DEPTH = 1024 };
  ptrdiff_t start = 0;
  do {
    ptrdiff_t depth = k - start < DEPTH ? k - start : DEPTH;
    TYPED(product_part)(a + start * aColumn, aRow, aColumn, b + start * bRow, bRow, c, cRow, m, n, depth, alpha, accumulates || start > 0);
    start += DEPTH;
  } while (start < k);
}

typedef T TYPED(eight) __attribute__((vector_size(8 * sizeof(T))));

// Exchanges v[i][l | step] and v[i | step][l] for all i and l without the bit `step`.
#define EXCHANGE(step, ...)                                                         \
  for (int i = 0; i < 8; ++i) {                                                     \
    if (i & step) continue;                                                         \
    TYPED(eight) upper = v[i], lower = v[i + step];                                 \
    v[i] = __builtin_shufflevector(upper, lower, FIRST(__VA_ARGS__));               \
    v[i + step] = __builtin_shufflevector(upper, lower, SECOND(step, __VA_ARGS__)); \
  }
#define FIRST(a, b, c, d, e, f, g, h) a, b, c, d, e, f, g, h
#define SECOND(s, a, b, c, d, e, f, g, h) a + s, b + s, c + s, d + s, e + s, f + s, g + s, h + s

// d[column, row] = a[row, column], with zeros up to a width of `padded` rows; squares of 8 x 8 pass through registers.
static void TYPED(transpose)(const T *a, ptrdiff_t aRow, ptrdiff_t rows, ptrdiff_t columns, T *d, ptrdiff_t padded) {
  ptrdiff_t r = 0;
  for (; r + 8 <= rows; r += 8) {
    const T *source = a + r * aRow;
    ptrdiff_t j = 0;
    for (; j + 8 <= columns; j += 8) {
      TYPED(eight) v[8];
#pragma clang loop unroll(full)
      for (int i = 0; i < 8; ++i) memcpy(&v[i], source + i * aRow + j, sizeof v[i]);
#pragma clang loop unroll(full)
      EXCHANGE(1, 0, 8, 2, 10, 4, 12, 6, 14)
#pragma clang loop unroll(full)
      EXCHANGE(2, 0, 1, 8, 9, 4, 5, 12, 13)
#pragma clang loop unroll(full)
      EXCHANGE(4, 0, 1, 2, 3, 8, 9, 10, 11)
#pragma clang loop unroll(full)
      for (int i = 0; i < 8; ++i) memcpy(d + (j + i) * padded + r, &v[i], sizeof v[i]);
    }
    for (; j < columns; ++j) {
      for (int i = 0; i < 8; ++i) d[j * padded + r + i] = source[i * aRow + j];
    }
  }
  for (ptrdiff_t j = 0; j < columns; ++j) {
    for (ptrdiff_t i = r; i < padded; ++i) d[j * padded + i] = i < rows ? a[i * aRow + j] : 0;
  }
}
#undef EXCHANGE
#undef FIRST
#undef SECOND

// The columns of a [rows, columns] in panels of WG_PANEL, the first at d and each `panelStep` further on, row by row, the last one filled up with zeros.
static void TYPED(pack)(const T *a, ptrdiff_t aRow, ptrdiff_t rows, ptrdiff_t columns, T *d, ptrdiff_t panelStep) {
  for (ptrdiff_t l = 0; l < rows; ++l) {
    const T *source = a + l * aRow;
    T *line = d + l * WG_PANEL;
    ptrdiff_t j = 0;
    for (; j + WG_PANEL <= columns; j += WG_PANEL, line += panelStep) {
#pragma clang loop unroll(full)
      for (ptrdiff_t v = 0; v < WG_PANEL / LANE_COUNT; ++v) {
        TYPED(vector) some;
        memcpy(&some, source + j + v * LANE_COUNT, sizeof some);
        memcpy(line + v * LANE_COUNT, &some, sizeof some);
      }
    }
    if (j < columns) {
      for (ptrdiff_t q = 0; q < WG_PANEL; ++q) line[q] = j + q < columns ? source[j + q] : 0;
    }
  }
}
