#pragma once
#include <stddef.h>
#include <stdint.h>

// Inner loops of attention, small products and the half types, compiled for several x86-64 levels; see wg_level for which one runs.

// Dropout replayed from Philox-4x32-10: weight (row, column) of a block is element `first + row * step + column` of `key`, to which the row's own
// key `keys[row * keys_step]` is added where there are some.
typedef struct {
  uint64_t key;
  uint64_t first;
  uint64_t step;
  double rate;
  const uint64_t *keys;
  ptrdiff_t keys_step;
} wg_dropout;

// Each row of scores [rows, columns], `step` apart, becomes its softmax, and logSumExp[row] the logarithm of the sum of exponentials. Exponentials below the least
// normal float are 0.
// With dropout (which may be null), the weights are then dropped or divided by 1 - rate. Rows have room up to a multiple of 16 columns, whose
// content is lost, here and below.
void wg_softmax_f32(float *scores, ptrdiff_t step, ptrdiff_t rows, ptrdiff_t columns, float *logSumExp, const wg_dropout *dropout);
void wg_softmax_f64(double *scores, ptrdiff_t step, ptrdiff_t rows, ptrdiff_t columns, double *logSumExp, const wg_dropout *dropout);

// With p = exp(scores - logSumExp[row]) and the dropout factor m: scores becomes m p, and gradient becomes p (m gradient - inner[row]) scale.
void wg_softmax_gradient_f32(float *scores, float *gradient, ptrdiff_t step, ptrdiff_t rows, ptrdiff_t columns, const float *logSumExp,
                              const float *inner, float scale, const wg_dropout *dropout);
void wg_softmax_gradient_f64(double *scores, double *gradient, ptrdiff_t step, ptrdiff_t rows, ptrdiff_t columns, const double *logSumExp,
                              const double *inner, double scale, const wg_dropout *dropout);

// inner[row] = sum over columns of a * b.
void wg_inner_f32(const float *a, ptrdiff_t aStep, const float *b, ptrdiff_t bStep, ptrdiff_t rows, ptrdiff_t columns, float *inner);
void wg_inner_f64(const double *a, ptrdiff_t aStep, const double *b, ptrdiff_t bStep, ptrdiff_t rows, ptrdiff_t columns, double *inner);

// The registers of a product's tile: how many rows and columns are summed up at once at the level in force. Products of whole tiles are fastest.
typedef struct {
  ptrdiff_t rows, columns;
} wg_tile;
wg_tile wg_tile_f32(void);
wg_tile wg_tile_f64(void);

// c [m, n] = alpha a [m, k] b [k, n], or that added to c, where b and c have contiguous rows `bRow` and `cRow` apart and a any strides. For matrices
// that fit the cache: nothing is packed. The `aheadBytes` at `ahead` are fetched into the second-level cache meanwhile.
void wg_product_f32(const float *a, ptrdiff_t aRow, ptrdiff_t aColumn, const float *b, ptrdiff_t bRow, float *c, ptrdiff_t cRow, ptrdiff_t m,
                     ptrdiff_t n, ptrdiff_t k, float alpha, int accumulates, const void *ahead, ptrdiff_t aheadBytes);
void wg_product_f64(const double *a, ptrdiff_t aRow, ptrdiff_t aColumn, const double *b, ptrdiff_t bRow, double *c, ptrdiff_t cRow, ptrdiff_t m,
                     ptrdiff_t n, ptrdiff_t k, double alpha, int accumulates, const void *ahead, ptrdiff_t aheadBytes);

// The same, with alpha 1, where a is in panels [k, rows of a tile] that are `panelStep` apart.
void wg_product_of_panels_f32(const float *a, ptrdiff_t panelStep, const float *b, ptrdiff_t bRow, float *c, ptrdiff_t cRow, ptrdiff_t m,
                               ptrdiff_t n, ptrdiff_t k, int accumulates, const void *ahead, ptrdiff_t aheadBytes);
void wg_product_of_panels_f64(const double *a, ptrdiff_t panelStep, const double *b, ptrdiff_t bRow, double *c, ptrdiff_t cRow, ptrdiff_t m,
                               ptrdiff_t n, ptrdiff_t k, int accumulates, const void *ahead, ptrdiff_t aheadBytes);

// The same where row l of b is at b + places[l], and n is a multiple of a vector's lanes, so that no tile's columns are too many.
void wg_product_of_places_f32(const float *a, ptrdiff_t panelStep, const float *b, const int32_t *places, float *c, ptrdiff_t cRow, ptrdiff_t m,
                               ptrdiff_t n, ptrdiff_t k, int accumulates);
void wg_product_of_places_f64(const double *a, ptrdiff_t panelStep, const double *b, const int32_t *places, double *c, ptrdiff_t cRow, ptrdiff_t m,
                               ptrdiff_t n, ptrdiff_t k, int accumulates);

// The same where it is row i of a, contiguous, that is at a + places[i], and the rows of b are `bRow` apart.
void wg_product_of_rows_f32(const float *a, const int32_t *places, const float *b, ptrdiff_t bRow, float *c, ptrdiff_t cRow, ptrdiff_t m,
                             ptrdiff_t n, ptrdiff_t k, int accumulates);
void wg_product_of_rows_f64(const double *a, const int32_t *places, const double *b, ptrdiff_t bRow, double *c, ptrdiff_t cRow, ptrdiff_t m,
                             ptrdiff_t n, ptrdiff_t k, int accumulates);

// d [columns, padded]: the transpose of a [rows, columns], whose rows are `aRow` apart, then zeros.
void wg_transpose_f32(const float *a, ptrdiff_t aRow, ptrdiff_t rows, ptrdiff_t columns, float *d, ptrdiff_t padded);
void wg_transpose_f64(const double *a, ptrdiff_t aRow, ptrdiff_t rows, ptrdiff_t columns, double *d, ptrdiff_t padded);

// The columns of a [rows, columns], whose rows are `aRow` apart, in panels [rows, width] that are `panelStep` apart; the last one is filled up with zeros.
void wg_pack_f32(const float *a, ptrdiff_t aRow, ptrdiff_t rows, ptrdiff_t columns, float *d, ptrdiff_t width, ptrdiff_t panelStep);
void wg_pack_f64(const double *a, ptrdiff_t aRow, ptrdiff_t rows, ptrdiff_t columns, double *d, ptrdiff_t width, ptrdiff_t panelStep);

// Asks for the memory of `rows` rows of `rowBytes` bytes, `step` bytes apart, before it is needed.
void wg_prefetch(const void *start, ptrdiff_t step, ptrdiff_t rows, ptrdiff_t rowBytes);

// Between float32, contiguous, and half types, `step` elements apart; to half rounds to nearest, ties to even.
void wg_from_float16(const void *source, ptrdiff_t step, float *target, ptrdiff_t count);
void wg_to_float16(const float *source, void *target, ptrdiff_t step, ptrdiff_t count);
void wg_from_bfloat16(const void *source, ptrdiff_t step, float *target, ptrdiff_t count);
void wg_to_bfloat16(const float *source, void *target, ptrdiff_t step, ptrdiff_t count);
