#include "ops.h"

#include <math.h>

struct table {
  void (*softmax_f32)(float *, ptrdiff_t, ptrdiff_t, float *, const ops_dropout *);
  void (*softmax_gradient_f32)(float *, float *, ptrdiff_t, ptrdiff_t, const float *, const float *, float, const ops_dropout *);
  void (*inner_f32)(const float *, ptrdiff_t, const float *, ptrdiff_t, ptrdiff_t, ptrdiff_t, float *);
  void (*softmax_f64)(double *, ptrdiff_t, ptrdiff_t, double *, const ops_dropout *);
  void (*softmax_gradient_f64)(double *, double *, ptrdiff_t, ptrdiff_t, const double *, const double *, double, const ops_dropout *);
  void (*inner_f64)(const double *, ptrdiff_t, const double *, ptrdiff_t, ptrdiff_t, ptrdiff_t, double *);
  void (*from_float16)(const void *, ptrdiff_t, float *, ptrdiff_t);
  void (*to_float16)(const float *, void *, ptrdiff_t, ptrdiff_t);
  void (*from_bfloat16)(const void *, ptrdiff_t, float *, ptrdiff_t);
  void (*to_bfloat16)(const float *, void *, ptrdiff_t, ptrdiff_t);
};

#define LEVEL(name) base_##name
#include "ops_level.h"
#undef LEVEL

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,bmi,bmi2"))), apply_to = function)
#define LEVEL(name) avx2_##name
#include "ops_level.h"
#undef LEVEL
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma,f16c,bmi,bmi2"))), \
                             apply_to = function)
#define LEVEL(name) avx512_##name
#include "ops_level.h"
#undef LEVEL
#pragma clang attribute pop
#endif

static const struct table *table(void) {
#if defined(__x86_64__)
  // The answer is the same on every call, and cheap beside any of the loops: the processor is asked once by the C runtime.
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vl")) {
    return &avx512_table;
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return &avx2_table;
#endif
  return &base_table;
}

void ops_softmax_f32(float *scores, ptrdiff_t rows, ptrdiff_t columns, float *logSumExp, const ops_dropout *dropout) {
  table()->softmax_f32(scores, rows, columns, logSumExp, dropout);
}
void ops_softmax_f64(double *scores, ptrdiff_t rows, ptrdiff_t columns, double *logSumExp, const ops_dropout *dropout) {
  table()->softmax_f64(scores, rows, columns, logSumExp, dropout);
}
void ops_softmax_gradient_f32(float *scores, float *gradient, ptrdiff_t rows, ptrdiff_t columns, const float *logSumExp, const float *inner,
                              float scale, const ops_dropout *dropout) {
  table()->softmax_gradient_f32(scores, gradient, rows, columns, logSumExp, inner, scale, dropout);
}
void ops_softmax_gradient_f64(double *scores, double *gradient, ptrdiff_t rows, ptrdiff_t columns, const double *logSumExp,
                              const double *inner, double scale, const ops_dropout *dropout) {
  table()->softmax_gradient_f64(scores, gradient, rows, columns, logSumExp, inner, scale, dropout);
}
void ops_inner_f32(const float *a, ptrdiff_t aStep, const float *b, ptrdiff_t bStep, ptrdiff_t rows, ptrdiff_t columns, float *inner) {
  table()->inner_f32(a, aStep, b, bStep, rows, columns, inner);
}
void ops_inner_f64(const double *a, ptrdiff_t aStep, const double *b, ptrdiff_t bStep, ptrdiff_t rows, ptrdiff_t columns, double *inner) {
  table()->inner_f64(a, aStep, b, bStep, rows, columns, inner);
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
