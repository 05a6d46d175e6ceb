// Included once per instruction-set level by ops.c, which defines LEVEL(name) and the target attribute.
#pragma clang fp contract(fast)

#define WG(name) LEVEL(name)
#include "math_double.h"
#include "math_float.h"
#undef WG

// exp(x) for x not far above 0: 2^n exp(r) with |r| <= ln 2 / 2, relative error about 2e-7; below the least normal number it is 0.
static inline float LEVEL(exp_f32)(float x) {
  float clamped = x < -87.3365f ? -87.3365f : x;
  const float magic = 0x1.8p23f;
  float shifted = clamped * 1.44269504f + magic;
  int32_t n = LEVEL(bits_f)(shifted) - LEVEL(bits_f)(magic);
  float m = shifted - magic;
  float r = (clamped - m * 0.693359375f) + m * 2.12194440e-4f;
  float q = 0x1.6dbc12p-10f;
  q = q * r + 0x1.124152p-7f;
  q = q * r + 0x1.555454p-5f;
  q = q * r + 0x1.555486p-3f;
  q = q * r + 0.5f;
  float p = (r * r) * q + r + 1.0f;
  float result = p * LEVEL(float_of)((int32_t)((uint32_t)(n + 127) << 23));
  return x < -87.3365f ? 0.0f : result;
}

static inline double LEVEL(exp_f64)(double x) { return LEVEL(exp_d)(x); }

#define REAL float
#define TYPED(name) LEVEL(name##_f32)
#define LOG(x) LEVEL(log_f)(x)
// The least word whose unit interval value is not below the rate.
#define KEPT_FROM(rate) ((uint64_t)ceil((double)(float)(rate)*0x1p24) << 8)
#include "ops_real.h"
#include "ops_product.h"
#undef REAL
#undef TYPED
#undef LOG
#undef KEPT_FROM

#define REAL double
#define TYPED(name) LEVEL(name##_f64)
#define LOG(x) LEVEL(log_d)(x)
#define KEPT_FROM(rate) ((uint64_t)fmax(ceil((rate)*0x1p32 - 0.5), 0))
#include "ops_real.h"
#include "ops_product.h"
#undef REAL
#undef TYPED
#undef LOG
#undef KEPT_FROM

static void LEVEL(from_float16)(const void *source, ptrdiff_t step, float *restrict target, ptrdiff_t count) {
  const _Float16 *x = source;
  if (step == 1) {
    for (ptrdiff_t i = 0; i < count; ++i) target[i] = (float)x[i];
  } else {
    for (ptrdiff_t i = 0; i < count; ++i) target[i] = (float)x[i * step];
  }
}

static void LEVEL(to_float16)(const float *restrict source, void *target, ptrdiff_t step, ptrdiff_t count) {
  _Float16 *y = target;
  if (step == 1) {
    for (ptrdiff_t i = 0; i < count; ++i) y[i] = (_Float16)source[i];
  } else {
    for (ptrdiff_t i = 0; i < count; ++i) y[i * step] = (_Float16)source[i];
  }
}

static void LEVEL(from_bfloat16)(const void *source, ptrdiff_t step, float *restrict target, ptrdiff_t count) {
  const uint16_t *x = source;
  uint32_t *bits = (uint32_t *)target;
  for (ptrdiff_t i = 0; i < count; ++i) bits[i] = (uint32_t)x[i * step] << 16;
}

static void LEVEL(to_bfloat16)(const float *restrict source, void *target, ptrdiff_t step, ptrdiff_t count) {
  uint16_t *y = target;
  for (ptrdiff_t i = 0; i < count; ++i) {
    union {
      float value;
      uint32_t bits;
    } x = {.value = source[i]};
    uint32_t rounded = (x.bits + 0x7FFF + ((x.bits >> 16) & 1)) >> 16;
    uint32_t quiet = (x.bits >> 16) | 0x40;
    y[i * step] = (uint16_t)((x.bits & 0x7FFFFFFF) > 0x7F800000 ? quiet : rounded);
  }
}

static const struct table LEVEL(table) = {
    LEVEL(softmax_f32),  LEVEL(softmax_gradient_f32), LEVEL(inner_f32),    LEVEL(product_f32),   LEVEL(transpose_f32),
    LEVEL(softmax_f64),  LEVEL(softmax_gradient_f64), LEVEL(inner_f64),    LEVEL(product_f64),   LEVEL(transpose_f64),
    LEVEL(from_float16), LEVEL(to_float16),           LEVEL(from_bfloat16), LEVEL(to_bfloat16),
};
