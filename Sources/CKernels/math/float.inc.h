// float32 functions of one element, without branches so that a loop over them becomes vector code. Polynomials are minimax fits of the
// quantity named beside them.

INLINE int32_t WG(bits_f32)(float x) {
  int32_t b;
  memcpy(&b, &x, 4);
  return b;
}
INLINE float WG(float_of)(int32_t b) {
  float x;
  memcpy(&x, &b, 4);
  return x;
}
INLINE float WG(abs_f32)(float x) { return WG(float_of)(WG(bits_f32)(x) & 0x7fffffff); }
INLINE float WG(copysign_f32)(float x, float s) {
  return WG(float_of)((WG(bits_f32)(x) & 0x7fffffff) | (WG(bits_f32)(s) & (int32_t)0x80000000));
}

/// To the nearest integer, halves to the even one: above 2²³ every float is an integer.
INLINE float WG(round_f32)(float x) {
  float a = WG(abs_f32)(x);
  float r = (a + 0x1p23f) - 0x1p23f;
  return WG(copysign_f32)(a < 0x1p23f ? r : a, x);
}
INLINE float WG(floor_f32)(float x) {
  float r = WG(round_f32)(x);
  return WG(copysign_f32)(r > x ? r - 1.0f : r, x);
}
INLINE float WG(ceil_f32)(float x) {
  float r = WG(round_f32)(x);
  return WG(copysign_f32)(r < x ? r + 1.0f : r, x);
}
INLINE float WG(sign_f32)(float x) { return x > 0.0f ? 1.0f : x < 0.0f ? -1.0f : x; }

// How 2ⁿ goes into e^x = 2ⁿ·e^r, by as few instructions as the exponents allow; the bits are the same.
#define EXP_ANY 0     // x ≤ 89: 2ⁿ by halves
#define EXP_BELOW 1   // x ≤ 40: 2ⁿ⁺⁶⁵ and 2⁻⁶⁵
#define EXP_NORMAL 2  // x ≤ 88, no denormal result: 2ⁿ
#define EXP_SCALED 3  // x ≤ 40: 2ⁿ⁺⁶⁵; what it is multiplied with has the factor 2⁻⁶⁵
// Below this e^x is 0.
#define EXP_LEAST -104.5f

/// e^(x + low) for |low| ≪ 1: 2ⁿ·e^r with |r| ≤ ln2/2. Two factors round a denormal result once. Below `least` one of them is 0, since a product that is too small for a denormal takes
/// the processor many times as long, and masks make many such.
INLINE float WG(exp_parts_f32)(float x, float low, float least, int range) {
  const int isZero = x < least;
  x = isZero ? least : x;
  // The lowest bits of `shifted` are n and what makes an exponent of it, or of its halves; all even, so that ties go the same way.
  const float magic = 0x1.8p23f + (range == EXP_ANY ? 2 * 127 : range == EXP_NORMAL ? 0 : 127 + 65);
  float shifted = x * 0x1.715476p+0f + magic;
  float nf = shifted - magic;
  float r = (x - nf * 0.693359375f) - nf * -2.12194440e-4f + low;
  float q = 0x1.6dbc12p-10f;
  q = q * r + 0x1.124152p-7f;
  q = q * r + 0x1.555454p-5f;
  q = q * r + 0x1.555486p-3f;
  q = q * r + 0.5f;
  float p = (r * r) * q + r + 1.0f;
  uint32_t n = (uint32_t)WG(bits_f32)(shifted);
  if (range == EXP_NORMAL) return p * WG(float_of)((int32_t)((n + 127) << 23));
  if (range == EXP_SCALED) return p * WG(float_of)((int32_t)(n << 23));
  if (range == EXP_BELOW) return p * WG(float_of)((int32_t)(n << 23)) * (isZero ? 0.0f : 0x1p-65f);
  uint32_t first = n >> 1 << 23;
  return p * WG(float_of)((int32_t)first) * (isZero ? 0.0f : WG(float_of)((int32_t)((n << 23) - first)));
}
INLINE float WG(exp_f32)(float x) { return WG(exp_parts_f32)(x > 89.0f ? 89.0f : x, -0.0f, EXP_LEAST, EXP_ANY); }
INLINE float WG(exp_below_f32)(float x) { return WG(exp_parts_f32)(x, -0.0f, EXP_LEAST, EXP_BELOW); }

/// e^r − 1 for x = n·ln2 + r, |r| ≤ ln2/2.
INLINE float WG(expm1_parts_f32)(float x, int32_t *n) {
  const float magic = 0x1.8p23f;
  float shifted = x * 0x1.715476p+0f + magic;
  float nf = shifted - magic;
  float r = (x - nf * 0.693359375f) - nf * -2.12194440e-4f;
  float q = 0x1.9c651ep-13f;
  q = q * r + 0x1.6d4c84p-10f;
  q = q * r + 0x1.1113aap-7f;
  q = q * r + 0x1.5554eap-5f;
  q = q * r + 0x1.555554p-3f;
  q = q * r + 0.5f;
  *n = (int32_t)((uint32_t)WG(bits_f32)(shifted) - (uint32_t)WG(bits_f32)(magic));
  return (r * r) * q + r;
}
INLINE float WG(expm1_f32)(float x) {
  float c = x > 89.0f ? 89.0f : x < -20.0f ? -20.0f : x;
  int32_t n;
  float part = WG(expm1_parts_f32)(c, &n);
  // Half of 2ⁿ, which is a float32 for all n.
  float scale = WG(float_of)((int32_t)((uint32_t)(n + 126) << 23));
  float large = 2.0f * ((scale - 0.5f) + scale * part);
  return WG(copysign_f32)(n == 0 ? part : large, x);
}
/// (e^a + sign·e^(−a))/2 for a ≥ 0: both by a quarter, and e^a with what the rounding of e^r left.
INLINE float WG(half_exp_sum_f32)(float a, float sign) {
  int32_t n;
  float part = WG(expm1_parts_f32)(a > 89.5f ? 89.5f : a, &n);
  float p = 1.0f + part;
  float left = part - (p - 1.0f);
  float scale = WG(float_of)((int32_t)((uint32_t)(n + 125) << 23));
  float rising = scale * p;
  float falling = 0.0625f / rising;
  return 2.0f * (rising + (scale * left + sign * falling));
}
INLINE float WG(cosh_f32)(float x) { return WG(half_exp_sum_f32)(WG(abs_f32)(x), 1.0f); }
INLINE float WG(sinh_f32)(float x) {
  float a = WG(abs_f32)(x);
  float z = a * a;
  float p = 0x1.756c1ep-19f;
  p = p * z + 0x1.a022bcp-13f;
  p = p * z + 0x1.1110e0p-7f;
  p = p * z + 0x1.555556p-3f;
  float small = (a * z) * p + a;
  return WG(copysign_f32)(a < 1.0f ? small : WG(half_exp_sum_f32)(a, -1.0f), x);
}

/// 2⁶⁵·e^(−k·x²) for k = 1 or ½ and k·x² ≤ 104: the square is split into a float and a small rest.
INLINE float WG(exp_square_f32)(float x, float k) {
#if VECTOR_BYTES > 16
  float square = x * x, rest = __builtin_fmaf(x, x, -square);
#else
  float high = WG(float_of)(WG(bits_f32)(x) & (int32_t)0xfffff000);
  float square = high * high, rest = (x - high) * (x + high);
#endif
  return WG(exp_parts_f32)(-k * square, -k * rest, -INFINITY, EXP_SCALED);
}

/// n·ln2 + log(1 + f) for 1 + f in [√½, √2).
INLINE float WG(log_parts_f32)(float n, float f) {
  float p = 0x1.147510p-4f;
  p = p * f + -0x1.de5884p-4f;
  p = p * f + 0x1.e6f210p-4f;
  p = p * f + -0x1.fc1cc0p-4f;
  p = p * f + 0x1.2336e4p-3f;
  p = p * f + -0x1.555c76p-3f;
  p = p * f + 0x1.99a4bep-3f;
  p = p * f + -0x1.000006p-2f;
  p = p * f + 0x1.555548p-2f;
  float s = f * f;
  float low = (f * s) * p + n * -2.12194440e-4f - 0.5f * s;
  return (low + f) + n * 0.693359375f;
}
INLINE float WG(log_f32)(float x) {
  int tiny = x < 0x1p-126f;
  float y = tiny ? x * 0x1p23f : x;
  int32_t b = (int32_t)((uint32_t)WG(bits_f32)(y) - 0x3f3504f3);
  int32_t n = (b >> 23) - (tiny ? 23 : 0);
  float r = WG(log_parts_f32)((float)n, WG(float_of)((b & 0x7fffff) + 0x3f3504f3) - 1.0f);
  r = x == 0.0f ? -INFINITY : r;
  r = x < 0.0f ? NAN : r;
  return x < INFINITY ? r : x + x;
}
/// log of u = 1 + x rounded, with what the rounding left put back into f.
INLINE float WG(log1p_f32)(float x) {
  float u = 1.0f + x;
  float left = x > 1.0f ? 1.0f - (u - x) : x - (u - 1.0f);
  int32_t b = (int32_t)((uint32_t)WG(bits_f32)(u) - 0x3f3504f3);
  int32_t n = b >> 23;
  float scale = WG(float_of)((int32_t)((uint32_t)(n > 126 ? 1 : 127 - n) << 23));
  float r = WG(log_parts_f32)((float)n, (WG(float_of)((b & 0x7fffff) + 0x3f3504f3) - 1.0f) + left * scale);
  r = x == -1.0f ? -INFINITY : r;
  r = x < -1.0f ? NAN : r;
  return WG(copysign_f32)(x < INFINITY ? r : x + x, x);
}

/// log(1 + e) for e in [0, 1], as 2·artanh(s) with s = e/(2 + e).
INLINE float WG(log1p_unit_f32)(float e) {
  float s = e / (2.0f + e);
  float z = s * s;
  float p = 0x1.f1d708p-3f;
  p = p * z + 0x1.b6ccb6p-3f;
  p = p * z + 0x1.2509dep-2f;
  p = p * z + 0x1.9996a4p-2f;
  p = p * z + 0x1.555558p-1f;
  return (s * z) * p + 2.0f * s;
}

/// 1 − 2/(e^2|x| + 1), and near zero x + x³·P(x²).
INLINE float WG(tanh_f32)(float x) {
  float a = WG(abs_f32)(x);
  float e = WG(exp_below_f32)(a > 10.0f ? 20.0f : 2.0f * a);
  float large = 1.0f - 2.0f / (e + 1.0f);
  float z = x * x;
  float p = -0x1.76a8b6p-8f;
  p = p * z + 0x1.525602p-6f;
  p = p * z + -0x1.b84424p-5f;
  p = p * z + 0x1.110768p-3f;
  p = p * z + -0x1.555534p-2f;
  float small = (a * z) * p + a;
  float r = a < 0.625f ? small : large;
  return x != x ? x : WG(copysign_f32)(r, x);
}

INLINE float WG(sigmoid_f32)(float x) {
  float e = WG(exp_below_f32)(-WG(abs_f32)(x));
  float r = 1.0f / (1.0f + e);
  return x < 0.0f ? e * r : r;
}
INLINE float WG(silu_f32)(float x) { return (x < -200.0f ? -200.0f : x) * WG(sigmoid_f32)(x); }
INLINE float WG(softplus_f32)(float x) {
  float e = WG(exp_below_f32)(-WG(abs_f32)(x));
  return (x > 0.0f ? x : x != x ? x : 0.0f) + WG(log1p_unit_f32)(e);
}

/// erfc(t) for t ≥ 0: e^(−t²)/(t + 3) · P((t − 3)/(t + 3)).
INLINE float WG(erfc_positive_f32)(float t) {
  // Beyond that it is 0.
  t = t > 10.19f ? 10.19f : t;
  float w = 1.0f / (t * 0x1p65f + 0x3p65f);
  float u = (t * 0x1p65f - 0x3p65f) * w;
  float p = -0x1.5485c8p-12f;
  p = p * u + -0x1.f97304p-12f;
  p = p * u + 0x1.93c776p-9f;
  p = p * u + -0x1.41a7c0p-10f;
  p = p * u + -0x1.b7bf62p-6f;
  p = p * u + 0x1.e9976ap-4f;
  p = p * u + -0x1.3deacap-2f;
  p = p * u + 0x1.2e3268p-1f;
  p = p * u + -0x1.c44c48p-1f;
  p = p * u + 0x1.12f21ep+0f;
  return WG(exp_square_f32)(t, 1.0f) * (p * w);
}
INLINE float WG(erfc_f32)(float x) {
  float q = WG(erfc_positive_f32)(WG(abs_f32)(x));
  return x < 0.0f ? 2.0f - q : q;
}
INLINE float WG(erf_f32)(float x) {
  float a = WG(abs_f32)(x);
  float large = 1.0f - WG(erfc_positive_f32)(a);
  float z = a * a;
  float p = -0x1.44ce36p-17f;
  p = p * z + 0x1.d8b7e2p-14f;
  p = p * z + -0x1.bcd7c2p-11f;
  p = p * z + 0x1.562b18p-8f;
  p = p * z + -0x1.b829d8p-6f;
  p = p * z + 0x1.ce2f0ap-4f;
  p = p * z + -0x1.812746p-2f;
  p = p * z + 0x1.20dd76p+0f;
  float small = a * p;
  return x != x ? x : WG(copysign_f32)(a < 1.0f ? small : large, x);
}

/// The normal tail Φ(−t) for t ≥ 0: e^(−t²/2)/(t + 3) · P((t − 3)/(t + 3)); a product, so that its relative error stays small far out.
INLINE float WG(normal_tail_f32)(float t) {
  // Beyond that it is 0.
  t = t > 14.4f ? 14.4f : t;
  float w = 1.0f / (t * 0x1p65f + 0x3p65f);
  float u = (t * 0x1p65f - 0x3p65f) * w;
  float p = 0x1.c8e9b8p-15f;
  p = p * u + 0x1.1350e4p-13f;
  p = p * u + -0x1.00a3cep-12f;
  p = p * u + -0x1.0eacf0p-10f;
  p = p * u + 0x1.0ca386p-10f;
  p = p * u + 0x1.c8bd94p-8f;
  p = p * u + -0x1.56d5f6p-7f;
  p = p * u + -0x1.832d0ap-5f;
  p = p * u + 0x1.d71386p-3f;
  p = p * u + -0x1.04c72ap-1f;
  p = p * u + 0x1.754a76p-1f;
  return WG(exp_square_f32)(t, 0.5f) * (p * w);
}
INLINE float WG(normal_cdf_f32)(float x) {
  float q = WG(normal_tail_f32)(WG(abs_f32)(x));
  return x > 0.0f ? 1.0f - q : q;
}
/// x·Φ(x) is x − x·Φ(−x) for x > 0.
INLINE float WG(gelu_f32)(float x) {
  float t = WG(abs_f32)(x), least = 14.4f;
  t = t > least ? least : t;
  return (x > 0.0f ? x : 0.0f) - t * WG(normal_tail_f32)(t);
}

/// x·σ(2√(2/π)·(x + 0.044715·x³)), which is x/2·(1 + tanh …). The argument is formed in float64: in the tail its error is the result's.
INLINE float WG(gelu_tanh_f32)(float x) {
  float c = x < -20.0f ? -20.0f : x > 20.0f ? 20.0f : x;
  double d = (double)c;
  double y = d * (1.5957691216057308 + 0.071354816272600231 * (d * d));
  float high = (float)y;
  float low = (float)(y - (double)high);
  float a = WG(abs_f32)(high);
  float e = WG(exp_parts_f32)(-a, high < 0.0f ? low : -low, EXP_LEAST, EXP_BELOW);
  float r = 1.0f / (1.0f + e);
  return (x < -20.0f ? -20.0f : x) * (high < 0.0f ? e * r : r);
}

/// 2^(y·log₂|x|) in float64, with the sign that y gives it. log₂(1 + f) is a function of s = f/(2 + f), a float32 quotient mended by one step.
INLINE float WG(pow_f32)(float x, float y) {
  float a = WG(abs_f32)(x);
  int tiny = a < 0x1p-126f;
  int32_t b = (int32_t)((uint32_t)WG(bits_f32)(tiny ? a * 0x1p23f : a) - 0x3f3504f3);
  float n = (float)((b >> 23) - (tiny ? 23 : 0));
  float f = WG(float_of)((b & 0x7fffff) + 0x3f3504f3) - 1.0f;
  double below = 2.0 + (double)f, inverse = (double)(1.0f / (2.0f + f));
  double s = (double)f * (inverse * (2.0 - below * inverse));
  double z = s * s;
  double p = 0x1.2151dc20763b5p-2;
  p = p * z + 0x1.479d021b70d13p-2;
  p = p * z + 0x1.a619f555cff82p-2;
  p = p * z + 0x1.2776c2f0cfc02p-1;
  p = p * z + 0x1.ec709dc4c1a54p-1;
  double log2 = (double)n + (s * 0x1.71547652b82fep+1 + (s * z) * p);
  log2 = a == 0.0f ? -(double)INFINITY : a < INFINITY ? log2 : (double)a;
  // An infinite y would make NaN of the logarithm 0.
  double w = log2 * (double)(y > 0x1p40f ? 0x1p40f : y < -0x1p40f ? -0x1p40f : y);
  w = w > 130.0 ? 130.0 : w < -152.0 ? -152.0 : w;
  const double magic = 0x1.8p52 + 1023.0;
  double shifted = w + magic;
  double r = w - (shifted - magic);
  double q = 0x1.bfedf1e81bef9p-17;
  q = q * r + 0x1.444195278a15ep-13;
  q = q * r + 0x1.5dc0e68b1df96p-10;
  q = q * r + 0x1.3b2a19f54994cp-7;
  q = q * r + 0x1.c6b0544259689p-5;
  q = q * r + 0x1.ebfbe046f1fafp-3;
  q = q * r + 0x1.62e4300c2d488p-1;
  float size = (float)((q * r + 1.0) * WG(double_of)((int64_t)((uint64_t)WG(bits_f64)(shifted) << 52)));
  int isWhole = WG(round_f32)(y) == y, isOdd = isWhole & (WG(round_f32)(0.5f * y) != 0.5f * y);
  size = (isOdd & (WG(bits_f32)(x) < 0)) ? -size : size;
  size = ((x < 0.0f) & (x > -INFINITY) & !isWhole) ? NAN : size;
  return ((x == 1.0f) | (y == 0.0f)) ? 1.0f : size;
}

// Beyond such quotients, and where one of the two is no number to divide by, division with a remainder goes to the C library.
#define IS_FAR_QUOTIENT(x, y) (!(WG(abs_f32)(x) < 0x1p22f * WG(abs_f32)(y)) | (WG(abs_f32)(y) == INFINITY))

/// x − whole·y for the quotient cut off to a whole number: exact, as the product is in float64, and the quotient is at most one too large.
INLINE float WG(cut_remainder_f32)(float x, float y, float *whole) {
  float quotient = x / y, a = WG(abs_f32)(quotient);
  float cut = WG(copysign_f32)(WG(floor_f32)(a), quotient);
  float left = (float)((double)x - (double)cut * (double)y);
  int isOver = (left != 0.0f) & ((left < 0.0f) != (x < 0.0f));
  *whole = isOver ? cut - WG(copysign_f32)(1.0f, quotient) : cut;
  return isOver ? left + WG(copysign_f32)(y, x) : left;
}
INLINE float WG(near_remainder_f32)(float x, float y) {
  float whole;
  float m = WG(cut_remainder_f32)(x, y, &whole);
  return m == 0.0f ? WG(copysign_f32)(0.0f, y) : (m < 0.0f) != (y < 0.0f) ? m + y : m;
}
INLINE float WG(near_floor_divide_f32)(float x, float y) {
  float whole;
  float m = WG(cut_remainder_f32)(x, y, &whole);
  whole = ((m != 0.0f) & ((m < 0.0f) != (y < 0.0f))) ? whole - 1.0f : whole;
  return whole == 0.0f ? WG(copysign_f32)(0.0f, x / y) : whole;
}
