// The loops of attention, products and the half types at one level.
#include "../math/double.inc.h"
#include "../math/float.inc.h"
#include "../math/half.inc.h"

// A weight of attention, e^x for an x that is not far above 0. Where it would be a denormal float it is 0: processors calculate with these up to twenty times more
// slowly, and no sum of weighted values sees them.
INLINE float WG(weight_f32)(float x) {
  const float least = -87.3365f;
  float weight = WG(exp_parts_f32)(x, -0.0f, least, EXP_NORMAL);
  return x < least ? 0.0f : weight;
}
INLINE double WG(weight_f64)(double x) { return WG(exp_f64)(x); }

#define TYPED(name) WG(OF_T(name))

#define OF_T(name) name##_f32
#define T float
// The least word whose unit interval value is not below the rate.
#define KEPT_FROM(rate) ((uint64_t)ceil((double)(float)(rate)*0x1p24) << 8)
#include "attention.inc.h"
#include "tiles.inc.h"
static const wg_tile TYPED(tile) = {TILE_ROWS, TILE_VECTORS * LANE_COUNT};
#undef OF_T
#undef T
#undef KEPT_FROM

#define OF_T(name) name##_f64
#define T double
#define KEPT_FROM(rate) ((uint64_t)fmax(ceil((rate)*0x1p32 - 0.5), 0))
#include "attention.inc.h"
#include "tiles.inc.h"
static const wg_tile TYPED(tile) = {TILE_ROWS, TILE_VECTORS * LANE_COUNT};
#undef OF_T
#undef T
#undef KEPT_FROM
#undef TYPED

// Contiguous elements have a loop of their own, which becomes vector code.
#define HALF_TYPE(name, half)                                                                                     \
  static void WG(from_##name)(const void *source, ptrdiff_t step, float *restrict target, ptrdiff_t count) {      \
    const uint16_t *x = source;                                                                                   \
    if (step == 1)                                                                                                \
      for (ptrdiff_t i = 0; i < count; ++i) target[i] = WG(float_of_##half)(x[i]);                                \
    else                                                                                                          \
      for (ptrdiff_t i = 0; i < count; ++i) target[i] = WG(float_of_##half)(x[i * step]);                         \
  }                                                                                                               \
  static void WG(to_##name)(const float *restrict source, void *target, ptrdiff_t step, ptrdiff_t count) {        \
    uint16_t *y = target;                                                                                         \
    if (step == 1)                                                                                                \
      for (ptrdiff_t i = 0; i < count; ++i) y[i] = WG(half##_of_float)(source[i]);                                \
    else                                                                                                          \
      for (ptrdiff_t i = 0; i < count; ++i) y[i * step] = WG(half##_of_float)(source[i]);                         \
  }
HALF_TYPE(float16, half)
HALF_TYPE(bfloat16, bfloat)
#undef HALF_TYPE

#define ENTRY(name, parameters, arguments) .name = WG(name),
static const wg_products_table WG(table) = {FUNCTIONS(ENTRY).tile_f32 = WG(tile_f32), .tile_f64 = WG(tile_f64)};
#undef ENTRY
