// Products by tiles of registers. Included for float and double by products.inc.h, which defines T and TYPED(name). A tile is TILE_ROWS rows of
// TILE_VECTORS vectors, whose sums stay in registers: as many as there are, less those that a step of the inner axis needs.
// The left factor is read as it lies, or from panels of TILE_ROWS rows, in which the rows' numbers are side by side. The rows of one factor may lie anywhere: a table then says where.

typedef T TYPED(vector) __attribute__((vector_size(VECTOR_BYTES)));
#define TILE_ROWS (VECTOR_BYTES == 16 ? 3 : VECTOR_BYTES == 32 ? 6 : 8)
#define TILE_VECTORS (VECTOR_BYTES == 16 ? 4 : 2)
#define LANE_COUNT ((ptrdiff_t)(VECTOR_BYTES / sizeof(T)))
#define LINE_COUNT ((ptrdiff_t)(64 / sizeof(T)))

// Memory that will be needed soon, of which each step asks for some lines.
typedef struct {
  const char *start, *end;
  ptrdiff_t stepBytes;
} TYPED(ahead);

// c = alpha a b (+ c) for `rows` rows and `vectors` vectors of columns, which are constants where this is inlined. What the next tile reads on the left, at `next`
// unless that is null, is fetched: lines that are `nextRow` apart, one for each row, and as much further on for each step of a line as this tile goes.
static inline __attribute__((always_inline)) void TYPED(product_tile)(int rows, int vectors, const T *a, ptrdiff_t aRow, ptrdiff_t aColumn,
                                                                      const int32_t *aPlaces, const T *b, ptrdiff_t bRow,
                                                                      const int32_t *bPlaces, T *c, ptrdiff_t cRow, ptrdiff_t k, T alpha,
                                                                      int accumulates, const T *next, ptrdiff_t nextRow,
                                                                      TYPED(ahead) *ahead) {
  TYPED(vector) sums[TILE_ROWS][TILE_VECTORS];
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; ++i) {
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; ++v) sums[i][v] = (TYPED(vector)){0};
  }
  for (ptrdiff_t start = 0; start < k; start += LINE_COUNT) {
    ptrdiff_t end = start + LINE_COUNT < k ? start + LINE_COUNT : k;
    // What the sums are added to is there when they are: a row each step, since many at once would keep what the step itself needs waiting.
    ptrdiff_t row = start / LINE_COUNT;
    if (row < rows) {
#pragma clang loop unroll(full)
      for (int v = 0; v < vectors; v += 64 / VECTOR_BYTES) __builtin_prefetch(c + row * cRow + v * LANE_COUNT, 1);
    }
    if (next) {
#pragma clang loop unroll(full)
      for (int i = 0; i < rows; ++i) __builtin_prefetch(next + i * nextRow + start * aColumn);
    }
    if (ahead->start < ahead->end) {
      for (ptrdiff_t byte = 0; byte < ahead->stepBytes; byte += 64) __builtin_prefetch(ahead->start + byte, 0, 2);
      ahead->start += ahead->stepBytes;
    }
    for (ptrdiff_t l = start; l < end; ++l) {
      TYPED(vector) right[TILE_VECTORS];
      const T *line = b + (bPlaces ? bPlaces[l] : l * bRow);
#pragma clang loop unroll(full)
      for (int v = 0; v < vectors; ++v) memcpy(&right[v], line + v * LANE_COUNT, sizeof right[v]);
#pragma clang loop unroll(full)
      for (int i = 0; i < rows; ++i) {
        T left = a[(aPlaces ? aPlaces[i] : i * aRow) + l * aColumn];
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

// The same for all of `m` rows, whose tiles are `aTile` apart on the left: either whole rows, or panels, where aRow is 1 and aColumn TILE_ROWS.
static inline __attribute__((always_inline)) void TYPED(product_rows)(int vectors, const T *a, ptrdiff_t aTile, ptrdiff_t aRow,
                                                                      ptrdiff_t aColumn, const int32_t *aPlaces, const T *b, ptrdiff_t bRow,
                                                                      const int32_t *bPlaces, T *c, ptrdiff_t cRow, ptrdiff_t m,
                                                                      ptrdiff_t k, T alpha, int accumulates, TYPED(ahead) *ahead) {
  const int isPanel = aRow == 1 && aColumn == TILE_ROWS, isFetched = !aPlaces && (isPanel || aColumn == 1);
  const ptrdiff_t nextRow = isPanel ? LINE_COUNT : aRow;
  ptrdiff_t i = 0;
  for (; i + TILE_ROWS <= m; i += TILE_ROWS, a += aTile) {
    const T *next = isFetched && i + 2 * TILE_ROWS <= m ? a + aTile : NULL;
    TYPED(product_tile)(TILE_ROWS, vectors, a, aRow, aColumn, aPlaces ? aPlaces + i : NULL, b, bRow, bPlaces, c + i * cRow, cRow, k, alpha,
                        accumulates, next, nextRow, ahead);
  }
#define LAST_ROWS(rows)                                                                                                          \
  case rows:                                                                                                                     \
    if (rows < TILE_ROWS)                                                                                                        \
      TYPED(product_tile)(rows, vectors, a, aRow, aColumn, aPlaces ? aPlaces + i : NULL, b, bRow, bPlaces, c + i * cRow, cRow,   \
                          k, alpha, accumulates, NULL, 0, ahead);                                                                \
    break;
  switch (m - i) { LAST_ROWS(1) LAST_ROWS(2) LAST_ROWS(3) LAST_ROWS(4) LAST_ROWS(5) LAST_ROWS(6) LAST_ROWS(7) }
#undef LAST_ROWS
}

// The last columns, fewer than a vector: the right factor is padded with zeros.
static void TYPED(product_tail)(const T *a, ptrdiff_t aTile, ptrdiff_t aRow, ptrdiff_t aColumn, const T *b, ptrdiff_t bRow, T *c, ptrdiff_t cRow, ptrdiff_t m,
                                ptrdiff_t n, ptrdiff_t k, T alpha, int accumulates) {
  enum { DEPTH = 128 };
  T right[DEPTH * LANE_COUNT], sums[TILE_ROWS * LANE_COUNT];
  TYPED(ahead) nothing = {NULL, NULL, 0};
  for (ptrdiff_t start = 0; start < k; start += DEPTH) {
    ptrdiff_t depth = k - start < DEPTH ? k - start : DEPTH;
    memset(right, 0, sizeof right);
    for (ptrdiff_t l = 0; l < depth; ++l) {
      for (ptrdiff_t j = 0; j < n; ++j) right[l * LANE_COUNT + j] = b[(start + l) * bRow + j];
    }
    const T *left = a + start * aColumn;
    for (ptrdiff_t i = 0; i < m; i += TILE_ROWS, left += aTile) {
      ptrdiff_t rows = m - i < TILE_ROWS ? m - i : TILE_ROWS;
      TYPED(product_rows)(1, left, aTile, aRow, aColumn, NULL, right, LANE_COUNT, NULL, sums, LANE_COUNT, rows, depth, alpha, 0, &nothing);
      for (ptrdiff_t r = 0; r < rows; ++r) {
        for (ptrdiff_t j = 0; j < n; ++j) {
          T *place = c + (i + r) * cRow + j;
          *place = sums[r * LANE_COUNT + j] + (accumulates || start > 0 ? *place : 0);
        }
      }
    }
  }
}

#define COLUMNS(vectors, aRow, aColumn)                                                  \
  for (; j + vectors * LANE_COUNT <= n; j += vectors * LANE_COUNT)                       \
  TYPED(product_rows)(vectors, a, aTile, aRow, aColumn, NULL, b + j, bRow, NULL, c + j, cRow, m, k, alpha, accumulates, ahead)

static void TYPED(product_part)(const T *a, ptrdiff_t aTile, ptrdiff_t aRow, ptrdiff_t aColumn, const T *b, ptrdiff_t bRow, T *c,
                                ptrdiff_t cRow, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, T alpha, int accumulates, TYPED(ahead) *ahead) {
  ptrdiff_t j = 0;
  // Rows side by side need one address.
  if (aRow == 1 && aColumn == TILE_ROWS) {
    COLUMNS(TILE_VECTORS, 1, TILE_ROWS);
  } else if (aRow == 1) {
    COLUMNS(TILE_VECTORS, 1, aColumn);
  }
  COLUMNS(TILE_VECTORS, aRow, aColumn);
  COLUMNS(1, aRow, aColumn);
  if (j < n) TYPED(product_tail)(a, aTile, aRow, aColumn, b + j, bRow, c + j, cRow, m, n - j, k, alpha, accumulates);
}
#undef COLUMNS

// `aheadBytes` in as many pieces as lines of the inner axis are gone along.
static inline TYPED(ahead) TYPED(in_steps)(const void *ahead, ptrdiff_t aheadBytes, ptrdiff_t m, ptrdiff_t k) {
  ptrdiff_t steps = ((m + TILE_ROWS - 1) / TILE_ROWS) * ((k + LINE_COUNT - 1) / LINE_COUNT), lines = (aheadBytes + 63) / 64;
  return (TYPED(ahead)){ahead, aheadBytes > 0 ? (const char *)ahead + aheadBytes : ahead, steps > 0 ? (lines + steps - 1) / steps * 64 : 0};
}

// Deep products part by part, so that errors grow with a part's depth and the number of parts, not with the whole depth.
static void TYPED(product)(const T *a, ptrdiff_t aRow, ptrdiff_t aColumn, const T *b, ptrdiff_t bRow, T *c, ptrdiff_t cRow, ptrdiff_t m,
                           ptrdiff_t n, ptrdiff_t k, T alpha, int accumulates, const void *ahead, ptrdiff_t aheadBytes) {
  enum { DEPTH = 1024 };
  TYPED(ahead) soon = TYPED(in_steps)(ahead, aheadBytes, m, k);
  ptrdiff_t start = 0;
  do {
    ptrdiff_t depth = k - start < DEPTH ? k - start : DEPTH;
    TYPED(product_part)(a + start * aColumn, TILE_ROWS * aRow, aRow, aColumn, b + start * bRow, bRow, c, cRow, m, n, depth, alpha,
                        accumulates || start > 0, &soon);
    start += DEPTH;
  } while (start < k);
}

static void TYPED(product_of_panels)(const T *a, ptrdiff_t panelStep, const T *b, ptrdiff_t bRow, T *c, ptrdiff_t cRow, ptrdiff_t m, ptrdiff_t n,
                                     ptrdiff_t k, int accumulates, const void *ahead, ptrdiff_t aheadBytes) {
  TYPED(ahead) soon = TYPED(in_steps)(ahead, aheadBytes, m, k);
  TYPED(product_part)(a, panelStep, 1, TILE_ROWS, b, bRow, c, cRow, m, n, k, 1, accumulates, &soon);
}

// The rows of the right factor are at `places`, and those of the left one in panels; whole vectors of columns.
static void TYPED(product_of_places)(const T *a, ptrdiff_t panelStep, const T *b, const int32_t *places, T *c, ptrdiff_t cRow, ptrdiff_t m,
                                     ptrdiff_t n, ptrdiff_t k, int accumulates) {
  TYPED(ahead) nothing = {NULL, NULL, 0};
  ptrdiff_t j = 0;
#define COLUMNS(vectors)                                                           \
  for (; j + vectors * LANE_COUNT <= n; j += vectors * LANE_COUNT)                 \
  TYPED(product_rows)(vectors, a, panelStep, 1, TILE_ROWS, NULL, b + j, 0, places, c + j, cRow, m, k, 1, accumulates, &nothing)
  COLUMNS(TILE_VECTORS);
  COLUMNS(1);
#undef COLUMNS
}

// The rows of the left factor are at `places`; whole vectors of columns.
static void TYPED(product_of_rows)(const T *a, const int32_t *places, const T *b, ptrdiff_t bRow, T *c, ptrdiff_t cRow, ptrdiff_t m, ptrdiff_t n,
                                   ptrdiff_t k, int accumulates) {
  TYPED(ahead) nothing = {NULL, NULL, 0};
  ptrdiff_t j = 0;
#define COLUMNS(vectors)                                                           \
  for (; j + vectors * LANE_COUNT <= n; j += vectors * LANE_COUNT)                 \
  TYPED(product_rows)(vectors, a, 0, 0, 1, places, b + j, bRow, NULL, c + j, cRow, m, k, 1, accumulates, &nothing)
  COLUMNS(TILE_VECTORS);
  COLUMNS(1);
#undef COLUMNS
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

// The columns of a [rows, columns] in panels of `width`, the first at d and each `panelStep` further on, row by row, the last one filled up with zeros.
static void TYPED(pack)(const T *a, ptrdiff_t aRow, ptrdiff_t rows, ptrdiff_t columns, T *d, ptrdiff_t width, ptrdiff_t panelStep) {
  enum { AHEAD = 12 };
  for (ptrdiff_t l = 0; l < rows; ++l) {
    const T *source = a + l * aRow;
    T *line = d + l * width;
    // Rows are too short a way for the processor's own prefetching.
    for (ptrdiff_t j = 0; j < columns && l + AHEAD < rows; j += LINE_COUNT) __builtin_prefetch(source + AHEAD * aRow + j);
    ptrdiff_t j = 0;
    if (width % LANE_COUNT == 0) {
      for (; j + width <= columns; j += width, line += panelStep) {
        for (ptrdiff_t v = 0; v < width; v += LANE_COUNT) {
          TYPED(vector) some;
          memcpy(&some, source + j + v, sizeof some);
          memcpy(line + v, &some, sizeof some);
        }
      }
    } else if (width <= 8 && (width == 8 || l + 3 < rows)) {
      // Eight at a time; what is too many is written over by the next rows, of which there are enough.
      for (; j + 8 <= columns; j += width, line += panelStep) {
        TYPED(eight) some;
        memcpy(&some, source + j, sizeof some);
        memcpy(line, &some, sizeof some);
      }
    }
    for (; j < columns; j += width, line += panelStep) {
      for (ptrdiff_t q = 0; q < width; ++q) line[q] = j + q < columns ? source[j + q] : 0;
    }
  }
}
