// Included once per instruction-set level by ops.c, which defines LEVEL(name) and the target attribute.
#pragma clang fp contract(fast)

// exp(x) for x not above 88: 2^n * exp(r) with |r| <= ln 2 / 2, relative error about 2e-7; below the least normal number it is 0.
static inline float LEVEL(exp_f32)(float x) {
  float clamped = x < -87.3365f ? -87.3365f : x;
  clamped = clamped > 88.0f ? 88.0f : clamped;
  float t = clamped * 1.44269504f;
  t = t == t ? t : 0.0f;
  int32_t n = (int32_t)(t + (t < 0 ? -0.5f : 0.5f));
  float m = (float)n;
  float r = clamped - m * 0.693359375f;
  r = r + m * 2.12194440e-4f;
  float p = 1.3888889e-3f;
  p = p * r + 8.3333333e-3f;
  p = p * r + 4.1666667e-2f;
  p = p * r + 1.6666667e-1f;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  union {
    uint32_t bits;
    float value;
  } power = {.bits = (uint32_t)(n + 127) << 23};
  float result = p * power.value;
  return x < -87.3365f ? 0.0f : result;
}

static inline double LEVEL(exp_f64)(double x) { return exp(x); }

// Word 0 of Philox-4x32-10 (Salmon et al. 2011) for counter (e low, e high, 0, 0).
static inline uint32_t LEVEL(philox)(uint64_t e, uint32_t k0, uint32_t k1) {
  uint32_t c0 = (uint32_t)e, c1 = (uint32_t)(e >> 32), c2 = 0, c3 = 0;
#pragma clang loop unroll(full)
  for (int round = 0; round < 10; ++round) {
    uint64_t a = (uint64_t)c0 * 0xD2511F53u, b = (uint64_t)c2 * 0xCD9E8D57u;
    c0 = (uint32_t)(b >> 32) ^ c1 ^ k0;
    c1 = (uint32_t)b;
    c2 = (uint32_t)(a >> 32) ^ c3 ^ k1;
    c3 = (uint32_t)a;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  return c0;
}

#define REAL float
#define TYPED(name) LEVEL(name##_f32)
#define UNIT(bits) ((float)((bits) >> 8) * 0x1p-24f)
#include "ops_real.h"
#undef REAL
#undef TYPED
#undef UNIT

#define REAL double
#define TYPED(name) LEVEL(name##_f64)
#define UNIT(bits) (((double)(bits) + 0.5) * 0x1p-32)
#include "ops_real.h"
#undef REAL
#undef TYPED
#undef UNIT

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
    LEVEL(softmax_f32),  LEVEL(softmax_gradient_f32), LEVEL(inner_f32),    LEVEL(softmax_f64),   LEVEL(softmax_gradient_f64),
    LEVEL(inner_f64),    LEVEL(from_float16),         LEVEL(to_float16),   LEVEL(from_bfloat16), LEVEL(to_bfloat16),
};
