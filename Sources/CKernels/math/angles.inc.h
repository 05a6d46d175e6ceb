// float32 functions of angles, in the manner of float.inc.h. Where a rounding on the way would show, the last steps are in float64.

#define QUARTER_TURN 0x1.921fb54442d18p+0
// Up to this, whole quarter turns can be taken from a float32 in float64; what is beyond goes to the C library.
#define MANY_TURNS 0x1p27f
#define TURNS_OFTEN(x) ((WG(abs_f32)(x) >= MANY_TURNS) & (WG(abs_f32)(x) < INFINITY))

/// a less the nearest number of quarter turns, which is in the lowest bits of `turns`. The first part of a quarter has 25 bits, so that the product is exact.
INLINE double WG(rest_of_turns_f32)(float a, int32_t *turns) {
  const double magic = 0x1.8p52;
  double x = a;
  double shifted = x * 0x1.45f306dc9c883p-1 + magic;
  double n = shifted - magic;
  *turns = (int32_t)WG(bits_f64)(shifted);
  return (x - n * 0x1.921fb5p+0) - n * 0x1.110b4611a6263p-26;
}
/// sin(rest + turns·π/2) for |rest| ≤ π/4, its sign changed by that of `sign`.
INLINE float WG(sin_turned_f32)(double rest, int32_t turns, int32_t sign) {
  float r = (float)rest;
  float z = (float)(rest * rest);
  float p = -0x1.9953fcp-13f;
  p = p * z + 0x1.110778p-7f;
  p = p * z + -0x1.555546p-3f;
  float q = 0x1.99e80cp-16f;
  q = q * z + -0x1.6c0c28p-10f;
  q = q * z + 0x1.55554ap-5f;
  int isCosine = turns & 1;
  float y = (float)((isCosine ? 1.0 : rest) + (double)(isCosine ? (z * z) * q - 0.5f * z : (r * z) * p));
  return WG(float_of)(WG(bits_f32)(y) ^ (((int32_t)((uint32_t)turns << 30) ^ sign) & INT32_MIN));
}
INLINE float WG(sin_f32)(float x) {
  int32_t turns;
  double rest = WG(rest_of_turns_f32)(WG(abs_f32)(x), &turns);
  return WG(sin_turned_f32)(rest, turns, WG(bits_f32)(x));
}
INLINE float WG(cos_f32)(float x) {
  int32_t turns;
  double rest = WG(rest_of_turns_f32)(WG(abs_f32)(x), &turns);
  return WG(sin_turned_f32)(rest, (int32_t)((uint32_t)turns + 1), 0);
}
/// t = r + r³·P(r²), or −1/t: a float32 quotient, mended by one step in float64.
INLINE float WG(tan_f32)(float x) {
  int32_t turns;
  double rest = WG(rest_of_turns_f32)(WG(abs_f32)(x), &turns);
  float r = (float)rest;
  float z = r * r;
  float p = 0x1.1e914ap-8f;
  p = p * z + 0x1.9c24b4p-14f;
  p = p * z + 0x1.62cb28p-7f;
  p = p * z + 0x1.5cc0d4p-6f;
  p = p * z + 0x1.bad9c2p-5f;
  p = p * z + 0x1.110d9ep-3f;
  p = p * z + 0x1.555560p-2f;
  double t = rest + (double)((r * z) * p);
  // The slope of t less r is t².
  t += (rest - (double)r) * (t * t);
  double q = (double)(-1.0f / (float)t);
  float y = (float)(turns & 1 ? q + q * (q * t + 1.0) : t);
  return WG(float_of)(WG(bits_f32)(y) ^ (WG(bits_f32)(x) & INT32_MIN));
}

/// asin(a) for a ≤ ½; beyond, asin(√((1 − a)/2)), which is (π/2 − asin(a))/2: the root with what its rounding left.
INLINE double WG(asin_part_f32)(float a) {
  int isLarge = a > 0.5f;
  float w = 0.5f - 0.5f * a;
  float root = __builtin_elementwise_sqrt(w);
  float left = (float)((double)w - (double)root * (double)root) / (2.0f * root + 0x1p-100f);
  float s = isLarge ? root : a;
  float z = isLarge ? w : a * a;
  float p = 0x1.596d60p-5f;
  p = p * z + 0x1.8c2d84p-6f;
  p = p * z + 0x1.747d06p-5f;
  p = p * z + 0x1.3301fcp-4f;
  p = p * z + 0x1.5555c8p-3f;
  return (double)s + (double)((s * z) * p + (isLarge ? left : 0.0f));
}
INLINE float WG(asin_f32)(float x) {
  float a = WG(abs_f32)(x);
  double v = WG(asin_part_f32)(a);
  return WG(copysign_f32)((float)(a > 0.5f ? QUARTER_TURN - 2.0 * v : v), x);
}
INLINE float WG(acos_f32)(float x) {
  double v = WG(asin_part_f32)(WG(abs_f32)(x));
  v = x > 0.5f || x < -0.5f ? -2.0 * v : v;
  // Of x > ½ it is 2·v, of x < −½ π − 2·v, between π/2 ∓ v.
  double y = x > 0.0f ? -v : v;
  return (float)((x > 0.5f ? 0.0 : x < -0.5f ? 2.0 * QUARTER_TURN : QUARTER_TURN) + y);
}

/// atan(a) for a from 0 to 1.
INLINE double WG(atan_part_f32)(double a) {
  float t = (float)a;
  float z = t * t;
  float p = -0x1.c2506ap-10f;
  p = p * z + 0x1.5da4eep-7f;
  p = p * z + -0x1.f9f1a2p-6f;
  p = p * z + 0x1.d96582p-5f;
  p = p * z + -0x1.5801e0p-4f;
  p = p * z + 0x1.c0905cp-4f;
  p = p * z + -0x1.2420aap-3f;
  p = p * z + 0x1.9991e4p-3f;
  p = p * z + -0x1.55553ep-2f;
  return a + (double)((t * z) * p);
}
INLINE float WG(atan_f32)(float x) {
  float a = WG(abs_f32)(x);
  int isSteep = a > 1.0f;
  double v = WG(atan_part_f32)((double)((isSteep ? 1.0f : a) / (isSteep ? a : 1.0f)));
  return WG(copysign_f32)((float)(isSteep ? QUARTER_TURN - v : v), x);
}
/// The quotient of the smaller and the larger is a float32 one, mended by one step.
INLINE float WG(atan2_f32)(float y, float x) {
  float a = WG(abs_f32)(y), b = WG(abs_f32)(x);
  int isSteep = a > b, isBehind = WG(bits_f32)(x) < 0;
  float low = isSteep ? b : a, high = isSteep ? a : b;
  // Of two zeros that is 0, of two infinities 1.
  int isEdge = (high == 0.0f) | (high == INFINITY);
  low = isEdge ? (low == INFINITY ? 1.0f : low * 0.0f) : low;
  high = isEdge ? 1.0f : high;
  float scale = high < 0x1p-100f ? 0x1p100f : 1.0f;
  low *= scale, high *= scale;
  float inverse = 1.0f / high;
  float rough = low * inverse;
  double v = WG(atan_part_f32)((double)rough + ((double)low - (double)rough * (double)high) * (double)inverse);
  double from = isSteep ? QUARTER_TURN : isBehind ? 2.0 * QUARTER_TURN : 0.0;
  return WG(copysign_f32)((float)(from + (isSteep != isBehind ? -v : v)), y);
}
