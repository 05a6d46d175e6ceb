#pragma once
#include <stddef.h>
#include <stdint.h>

// Inner loops of attention and of the half types, compiled for several x86-64 levels; the best one is chosen at the first call.

// Dropout replayed from Philox-4x32-10: weight (row, column) of a block is element `first + row * step + column`.
typedef struct {
  uint64_t key;
  uint64_t first;
  uint64_t step;
  double rate;
} ops_dropout;

// Each row of scores [rows, columns], contiguous, becomes its softmax, and logSumExp[row] the logarithm of the sum of exponentials.
// With dropout (which may be null), the weights are then dropped or divided by 1 - rate.
void ops_softmax_f32(float *scores, ptrdiff_t rows, ptrdiff_t columns, float *logSumExp, const ops_dropout *dropout);
void ops_softmax_f64(double *scores, ptrdiff_t rows, ptrdiff_t columns, double *logSumExp, const ops_dropout *dropout);

// With p = exp(scores - logSumExp[row]) and the dropout factor m: scores becomes m p, and gradient becomes p (m gradient - inner[row]) scale.
void ops_softmax_gradient_f32(float *scores, float *gradient, ptrdiff_t rows, ptrdiff_t columns, const float *logSumExp, const float *inner,
                              float scale, const ops_dropout *dropout);
void ops_softmax_gradient_f64(double *scores, double *gradient, ptrdiff_t rows, ptrdiff_t columns, const double *logSumExp,
                              const double *inner, double scale, const ops_dropout *dropout);

// inner[row] = sum over columns of a * b.
void ops_inner_f32(const float *a, ptrdiff_t aStep, const float *b, ptrdiff_t bStep, ptrdiff_t rows, ptrdiff_t columns, float *inner);
void ops_inner_f64(const double *a, ptrdiff_t aStep, const double *b, ptrdiff_t bStep, ptrdiff_t rows, ptrdiff_t columns, double *inner);

// Between float32, contiguous, and half types, `step` elements apart; to half rounds to nearest, ties to even.
void ops_from_float16(const void *source, ptrdiff_t step, float *target, ptrdiff_t count);
void ops_to_float16(const float *source, void *target, ptrdiff_t step, ptrdiff_t count);
void ops_from_bfloat16(const void *source, ptrdiff_t step, float *target, ptrdiff_t count);
void ops_to_bfloat16(const float *source, void *target, ptrdiff_t step, ptrdiff_t count);
