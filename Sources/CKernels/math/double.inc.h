// float64 functions of one element: exp and log as vector code, the rest on the C library.

INLINE int64_t WG(bits_f64)(double x) {
  int64_t b;
  memcpy(&b, &x, 8);
  return b;
}
INLINE double WG(double_of)(int64_t b) {
  double x;
  memcpy(&x, &b, 8);
  return x;
}
INLINE double WG(abs_f64)(double x) { return WG(double_of)(WG(bits_f64)(x) & INT64_MAX); }
INLINE double WG(copysign_f64)(double x, double s) {
  return WG(double_of)((WG(bits_f64)(x) & INT64_MAX) | (WG(bits_f64)(s) & INT64_MIN));
}
INLINE double WG(round_f64)(double x) {
  double a = WG(abs_f64)(x);
  double r = (a + 0x1p52) - 0x1p52;
  return WG(copysign_f64)(a < 0x1p52 ? r : a, x);
}
INLINE double WG(floor_f64)(double x) {
  double r = WG(round_f64)(x);
  return WG(copysign_f64)(r > x ? r - 1.0 : r, x);
}
INLINE double WG(ceil_f64)(double x) {
  double r = WG(round_f64)(x);
  return WG(copysign_f64)(r < x ? r + 1.0 : r, x);
}
INLINE double WG(sign_f64)(double x) { return x > 0.0 ? 1.0 : x < 0.0 ? -1.0 : x; }

/// 2ⁿ·e^r with |r| ≤ ln2/2; 2ⁿ goes in by halves, so that denormal results are rounded once. Where e^x is 0, so is the second half: see `exp_parts_f32`.
INLINE double WG(exp_f64)(double x) {
  const double least = -745.2;
  const int64_t isZero = x < least;
  x = x > 710.0 ? 710.0 : x;
  x = isZero ? least : x;
  const double magic = 0x1.8p52;
  double shifted = x * 0x1.71547652b82fep+0 + magic;
  int64_t n = WG(bits_f64)(shifted) - WG(bits_f64)(magic);
  double nf = shifted - magic;
  double r = (x - nf * 0x1.62e42feep-1) - nf * 0x1.a39ef35793c76p-33;
  double q = 0x1.1fa161d31db5bp-29;
  q = q * r + 0x1.af72162e695d5p-26;
  q = q * r + 0x1.27e4bcccf13e7p-22;
  q = q * r + 0x1.71ddec8eea46bp-19;
  q = q * r + 0x1.a01a01b58e6c7p-16;
  q = q * r + 0x1.a01a01b4eec63p-13;
  q = q * r + 0x1.6c16c16c1310fp-10;
  q = q * r + 0x1.111111110e89dp-7;
  q = q * r + 0x1.555555555555ep-5;
  q = q * r + 0x1.555555555555cp-3;
  q = q * r + 0.5;
  double p = (r * r) * q + r + 1.0;
  int64_t first = ((n + 4096) >> 1) - 2048;
  double second = WG(double_of)((int64_t)((uint64_t)(n - first + 1023) << 52));
  return p * WG(double_of)((int64_t)((uint64_t)(first + 1023) << 52)) * (isZero ? 0.0 : second);
}

/// n·ln2 + f − f²/2 + s·(f²/2 + R(s²)), s = f/(2 + f), 1 + f in [√½, √2).
INLINE double WG(log_f64)(double x) {
  int64_t tiny = x < 0x1p-1022;
  double y = tiny ? x * 0x1p52 : x;
  int64_t b = (int64_t)((uint64_t)WG(bits_f64)(y) - 0x3fe6a09e667f3bcd);
  int64_t mantissa = (b & 0xfffffffffffff) + 0x3fe6a09e667f3bcd;
  // 2⁵² in the exponent field turns a small integer into a double without a conversion instruction.
  double nf = WG(double_of)(0x4330000000000000 | (int64_t)((((uint64_t)b >> 52) + 1024) & 0xfff)) - (0x1p52 + 1024.0);
  nf -= tiny ? 52.0 : 0.0;
  double f = WG(double_of)(mantissa) - 1.0;
  double s = f / (2.0 + f);
  double z = s * s;
  double p = 0x1.0f732c0e0e254p-3;
  p = p * z + 0x1.0f5b050403341p-3;
  p = p * z + 0x1.3b20bf8e2ab36p-3;
  p = p * z + 0x1.745cddc0cafb0p-3;
  p = p * z + 0x1.c71c725a73011p-3;
  p = p * z + 0x1.249249242a03ep-2;
  p = p * z + 0x1.9999999999e0fp-2;
  p = p * z + 0x1.5555555555555p-1;
  double half = 0.5 * f * f;
  double r = nf * 0x1.62e42feep-1 - ((half - (s * (half + z * p) + nf * 0x1.a39ef35793c76p-33)) - f);
  r = x == 0.0 ? -(double)INFINITY : r;
  r = x < 0.0 ? (double)NAN : r;
  return x < (double)INFINITY ? r : x + x;
}

INLINE double WG(sigmoid_f64)(double x) {
  double e = WG(exp_f64)(-WG(abs_f64)(x));
  double r = 1.0 / (1.0 + e);
  return x < 0.0 ? e * r : r;
}
INLINE double WG(silu_f64)(double x) { return (x < -2000.0 ? -2000.0 : x) * WG(sigmoid_f64)(x); }
INLINE double WG(softplus_f64)(double x) {
  return (x > 0.0 ? x : x != x ? x : 0.0) + log1p(WG(exp_f64)(-WG(abs_f64)(x)));
}
/// Φ(x) = erfc(t)/2, t = −x/√2, with the rounding error of t put back by the derivative −2/√π·e^(−t²).
INLINE double WG(normal_cdf_f64)(double x) {
  double t = x * -0x1.6a09e667f3bcdp-1;
  double rest = fma(x, -0x1.6a09e667f3bcdp-1, -t) + x * 0x1.bdd3413b26456p-55;
  double c = erfc(t);
  double correction = rest * 1.1283791670955126 * exp(-t * t);
  return 0.5 * (WG(abs_f64)(x) < 40.0 ? c - correction : c);
}
INLINE double WG(gelu_f64)(double x) { return (x < -50.0 ? -50.0 : x) * WG(normal_cdf_f64)(x); }
INLINE double WG(gelu_tanh_f64)(double x) {
  double c = x < -50.0 ? -50.0 : x > 50.0 ? 50.0 : x;
  return (x < -50.0 ? -50.0 : x) * WG(sigmoid_f64)(c * (1.5957691216057308 + 0.071354816272600231 * (c * c)));
}
