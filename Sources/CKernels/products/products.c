// Inner loops of attention, small products and the half types: the tables of all levels, and calls at the one in force.
#include "products.h"
#include "../math/philox.h"

// X(name, parameters, arguments) for each function of numbers of type T, and for those of the half types.
#define NUMBER_FUNCTIONS(X, T, t)                                                                                                          \
  X(softmax_##t, (T *scores, ptrdiff_t step, ptrdiff_t rows, ptrdiff_t columns, T *logSumExp, const wg_dropout *dropout),                  \
    (scores, step, rows, columns, logSumExp, dropout))                                                                                     \
  X(softmax_gradient_##t,                                                                                                                  \
    (T *scores, T *gradient, ptrdiff_t step, ptrdiff_t rows, ptrdiff_t columns, const T *logSumExp, const T *inner, T scale,               \
     const wg_dropout *dropout),                                                                                                           \
    (scores, gradient, step, rows, columns, logSumExp, inner, scale, dropout))                                                             \
  X(inner_##t, (const T *a, ptrdiff_t aStep, const T *b, ptrdiff_t bStep, ptrdiff_t rows, ptrdiff_t columns, T *inner),                    \
    (a, aStep, b, bStep, rows, columns, inner))                                                                                            \
  X(product_##t,                                                                                                                           \
    (const T *a, ptrdiff_t aRow, ptrdiff_t aColumn, const T *b, ptrdiff_t bRow, T *c, ptrdiff_t cRow, ptrdiff_t m, ptrdiff_t n,            \
     ptrdiff_t k, T alpha, int accumulates, const void *ahead, ptrdiff_t aheadBytes),                                                      \
    (a, aRow, aColumn, b, bRow, c, cRow, m, n, k, alpha, accumulates, ahead, aheadBytes))                                                  \
  X(product_of_panels_##t,                                                                                                                 \
    (const T *a, ptrdiff_t panelStep, const T *b, ptrdiff_t bRow, T *c, ptrdiff_t cRow, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k,             \
     int accumulates, const void *ahead, ptrdiff_t aheadBytes),                                                                            \
    (a, panelStep, b, bRow, c, cRow, m, n, k, accumulates, ahead, aheadBytes))                                                             \
  X(product_of_places_##t,                                                                                                                 \
    (const T *a, ptrdiff_t panelStep, const T *b, const int32_t *places, T *c, ptrdiff_t cRow, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k,      \
     int accumulates),                                                                                                                     \
    (a, panelStep, b, places, c, cRow, m, n, k, accumulates))                                                                              \
  X(product_of_rows_##t,                                                                                                                   \
    (const T *a, const int32_t *places, const T *b, ptrdiff_t bRow, T *c, ptrdiff_t cRow, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k,           \
     int accumulates),                                                                                                                     \
    (a, places, b, bRow, c, cRow, m, n, k, accumulates))                                                                                   \
  X(transpose_##t, (const T *a, ptrdiff_t aRow, ptrdiff_t rows, ptrdiff_t columns, T *d, ptrdiff_t padded), (a, aRow, rows, columns, d, padded))  \
  X(pack_##t, (const T *a, ptrdiff_t aRow, ptrdiff_t rows, ptrdiff_t columns, T *d, ptrdiff_t width, ptrdiff_t panelStep),                 \
    (a, aRow, rows, columns, d, width, panelStep))
#define HALF_FUNCTIONS(X, half)                                                                                                            \
  X(from_##half, (const void *source, ptrdiff_t step, float *target, ptrdiff_t count), (source, step, target, count))                      \
  X(to_##half, (const float *source, void *target, ptrdiff_t step, ptrdiff_t count), (source, target, step, count))
#define FUNCTIONS(X) NUMBER_FUNCTIONS(X, float, f32) NUMBER_FUNCTIONS(X, double, f64) HALF_FUNCTIONS(X, float16) HALF_FUNCTIONS(X, bfloat16)

#define MEMBER(name, parameters, arguments) void(*name) parameters;
typedef struct {
  FUNCTIONS(MEMBER)
  wg_tile tile_f32, tile_f64;
} wg_products_table;

#define WG_SOURCE "products/products.inc.h"
#define WG_TABLE wg_products_table
#include "../dispatch.h"

#define CALL_OF_LEVEL(name, parameters, arguments) void wg_##name parameters { table()->name arguments; }
FUNCTIONS(CALL_OF_LEVEL)

wg_tile wg_tile_f32(void) { return table()->tile_f32; }
wg_tile wg_tile_f64(void) { return table()->tile_f64; }

void wg_prefetch(const void *start, ptrdiff_t step, ptrdiff_t rows, ptrdiff_t rowBytes) {
  for (ptrdiff_t i = 0; i < rows; ++i) {
    for (ptrdiff_t j = 0; j < rowBytes; j += 64) __builtin_prefetch((const char *)start + i * step + j);
  }
}
