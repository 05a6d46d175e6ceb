#include "ops.h"

#include "ckernels.h"
#include "philox.h"

#include <math.h>
#include <string.h>

struct table {
  void (*softmax_f32)(float *, ptrdiff_t, ptrdiff_t, ptrdiff_t, float *, const ops_dropout *);
  void (*softmax_gradient_f32)(float *, float *, ptrdiff_t, ptrdiff_t, ptrdiff_t, const float *, const float *, float, const ops_dropout *);
  void (*inner_f32)(const float *, ptrdiff_t, const float *, ptrdiff_t, ptrdiff_t, ptrdiff_t, float *);
  void (*product_f32)(const float *, ptrdiff_t, ptrdiff_t, const float *, ptrdiff_t, float *, ptrdiff_t, ptrdiff_t, ptrdiff_t, ptrdiff_t, float, int);
  void (*transpose_f32)(const float *, ptrdiff_t, ptrdiff_t, ptrdiff_t, float *, ptrdiff_t);
  void (*softmax_f64)(double *, ptrdiff_t, ptrdiff_t, ptrdiff_t, double *, const ops_dropout *);
  void (*softmax_gradient_f64)(double *, double *, ptrdiff_t, ptrdiff_t, ptrdiff_t, const double *, const double *, double, const ops_dropout *);
  void (*inner_f64)(const double *, ptrdiff_t, const double *, ptrdiff_t, ptrdiff_t, ptrdiff_t, double *);
  void (*product_f64)(const double *, ptrdiff_t, ptrdiff_t, const double *, ptrdiff_t, double *, ptrdiff_t, ptrdiff_t, ptrdiff_t, ptrdiff_t, double, int);
  void (*transpose_f64)(const double *, ptrdiff_t, ptrdiff_t, ptrdiff_t, double *, ptrdiff_t);
  void (*from_float16)(const void *, ptrdiff_t, float *, ptrdiff_t);
  void (*to_float16)(const float *, void *, ptrdiff_t, ptrdiff_t);
  void (*from_bfloat16)(const void *, ptrdiff_t, float *, ptrdiff_t);
  void (*to_bfloat16)(const float *, void *, ptrdiff_t, ptrdiff_t);
};

#define INLINE static inline __attribute__((always_inline))

#define LEVEL(name) base_##name
#define VECTOR_BYTES 16
#define TILE_ROWS 4
#define TILE_VECTORS 2
#include "ops_level.h"
#undef LEVEL
#undef VECTOR_BYTES
#undef TILE_ROWS
#undef TILE_VECTORS

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,bmi,bmi2"))), apply_to = function)
#define LEVEL(name) avx2_##name
#define VECTOR_BYTES 32
#define TILE_ROWS 6
#define TILE_VECTORS 2
#include "ops_level.h"
#undef LEVEL
#undef VECTOR_BYTES
#undef TILE_ROWS
#undef TILE_VECTORS
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma,f16c,bmi,bmi2"))), \
                             apply_to = function)
#define LEVEL(name) avx512_##name
#define VECTOR_BYTES 64
#define TILE_ROWS 8
#define TILE_VECTORS 2
#include "ops_level.h"
#undef LEVEL
#undef VECTOR_BYTES
#undef TILE_ROWS
#undef TILE_VECTORS
#pragma clang attribute pop
#endif

static const struct table *table(void) {
  static const struct table *const tables[] = {
      &base_table,
#if defined(__x86_64__)
      &avx2_table,
      &avx512_table,
#endif
  };
  return tables[wg_level()];
}

void ops_softmax_f32(float *scores, ptrdiff_t step, ptrdiff_t rows, ptrdiff_t columns, float *logSumExp, const ops_dropout *dropout) {
  table()->softmax_f32(scores, step, rows, columns, logSumExp, dropout);
}
void ops_softmax_gradient_f32(float *scores, float *gradient, ptrdiff_t step, ptrdiff_t rows, ptrdiff_t columns, const float *logSumExp,
                              const float *inner, float scale, const ops_dropout *dropout) {
  table()->softmax_gradient_f32(scores, gradient, step, rows, columns, logSumExp, inner, scale, dropout);
}
void ops_inner_f32(const float *a, ptrdiff_t aStep, const float *b, ptrdiff_t bStep, ptrdiff_t rows, ptrdiff_t columns, float *inner) {
  table()->inner_f32(a, aStep, b, bStep, rows, columns, inner);
}
void ops_product_f32(const float *a, ptrdiff_t aRow, ptrdiff_t aColumn, const float *b, ptrdiff_t bRow, float *c, ptrdiff_t cRow, ptrdiff_t m,
                     ptrdiff_t n, ptrdiff_t k, float alpha, int accumulates) {
  table()->product_f32(a, aRow, aColumn, b, bRow, c, cRow, m, n, k, alpha, accumulates);
}
void ops_transpose_f32(const float *a, ptrdiff_t aRow, ptrdiff_t rows, ptrdiff_t columns, float *d, ptrdiff_t padded) {
  table()->transpose_f32(a, aRow, rows, columns, d, padded);
}
void ops_softmax_f64(double *scores, ptrdiff_t step, ptrdiff_t rows, ptrdiff_t columns, double *logSumExp, const ops_dropout *dropout) {
  table()->softmax_f64(scores, step, rows, columns, logSumExp, dropout);
}
void ops_softmax_gradient_f64(double *scores, double *gradient, ptrdiff_t step, ptrdiff_t rows, ptrdiff_t columns, const double *logSumExp,
                              const double *inner, double scale, const ops_dropout *dropout) {
  table()->softmax_gradient_f64(scores, gradient, step, rows, columns, logSumExp, inner, scale, dropout);
}
void ops_inner_f64(const double *a, ptrdiff_t aStep, const double *b, ptrdiff_t bStep, ptrdiff_t rows, ptrdiff_t columns, double *inner) {
  table()->inner_f64(a, aStep, b, bStep, rows, columns, inner);
}
void ops_product_f64(const double *a, ptrdiff_t aRow, ptrdiff_t aColumn, const double *b, ptrdiff_t bRow, double *c, ptrdiff_t cRow, ptrdiff_t m,
                     ptrdiff_t n, ptrdiff_t k, double alpha, int accumulates) {
  table()->product_f64(a, aRow, aColumn, b, bRow, c, cRow, m, n, k, alpha, accumulates);
}
void ops_transpose_f64(const double *a, ptrdiff_t aRow, ptrdiff_t rows, ptrdiff_t columns, double *d, ptrdiff_t padded) {
  table()->transpose_f64(a, aRow, rows, columns, d, padded);
}
void ops_prefetch(const void *start, ptrdiff_t step, ptrdiff_t rows, ptrdiff_t rowBytes) {
  for (ptrdiff_t i = 0; i < rows; ++i) {
    for (ptrdiff_t j = 0; j < rowBytes; j += 64) __builtin_prefetch((const char *)start + i * step + j);
  }
}
void ops_from_float16(const void *source, ptrdiff_t step, float *target, ptrdiff_t count) {
  table()->from_float16(source, step, target, count);
}
void ops_to_float16(const float *source, void *target, ptrdiff_t step, ptrdiff_t count) {
  table()->to_float16(source, target, step, count);
}
void ops_from_bfloat16(const void *source, ptrdiff_t step, float *target, ptrdiff_t count) {
  table()->from_bfloat16(source, step, target, count);
}
void ops_to_bfloat16(const float *source, void *target, ptrdiff_t step, ptrdiff_t count) {
  table()->to_bfloat16(source, target, step, count);
}
