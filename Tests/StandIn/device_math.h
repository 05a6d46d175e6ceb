// The mathematics that NVRTC has built in.
#pragma once

#define STANDIN_UNARY(name) \
  extern "C" double name(double) noexcept; \
  extern "C" float name##f(float) noexcept; \
  static inline float name(float x) { return name##f(x); }
#define STANDIN_BINARY(name) \
  extern "C" double name(double, double) noexcept; \
  extern "C" float name##f(float, float) noexcept; \
  static inline float name(float x, float y) { return name##f(x, y); } \
  static inline double name(float x, double y) { return name((double)x, y); } \
  static inline double name(double x, float y) { return name(x, (double)y); } \
  static inline double name(double x, int y) { return name(x, (double)y); } \
  static inline double name(float x, int y) { return name((double)x, (double)y); }
STANDIN_UNARY(sqrt) STANDIN_UNARY(cbrt) STANDIN_UNARY(exp) STANDIN_UNARY(exp2) STANDIN_UNARY(expm1)
STANDIN_UNARY(log) STANDIN_UNARY(log2) STANDIN_UNARY(log10) STANDIN_UNARY(log1p) STANDIN_UNARY(logb)
STANDIN_UNARY(sin) STANDIN_UNARY(cos) STANDIN_UNARY(tan) STANDIN_UNARY(asin) STANDIN_UNARY(acos) STANDIN_UNARY(atan)
STANDIN_UNARY(sinh) STANDIN_UNARY(cosh) STANDIN_UNARY(tanh) STANDIN_UNARY(asinh) STANDIN_UNARY(acosh) STANDIN_UNARY(atanh)
STANDIN_UNARY(erf) STANDIN_UNARY(erfc) STANDIN_UNARY(tgamma) STANDIN_UNARY(lgamma)
STANDIN_UNARY(floor) STANDIN_UNARY(ceil) STANDIN_UNARY(trunc) STANDIN_UNARY(round) STANDIN_UNARY(rint) STANDIN_UNARY(nearbyint)
STANDIN_UNARY(fabs)
STANDIN_BINARY(pow) STANDIN_BINARY(atan2) STANDIN_BINARY(fmod) STANDIN_BINARY(remainder) STANDIN_BINARY(hypot)
STANDIN_BINARY(fmin) STANDIN_BINARY(fmax) STANDIN_BINARY(fdim) STANDIN_BINARY(copysign) STANDIN_BINARY(nextafter)
extern "C" {
double fma(double, double, double) noexcept;
float fmaf(float, float, float) noexcept;
double ldexp(double, int) noexcept;
float ldexpf(float, int) noexcept;
double scalbn(double, int) noexcept;
float scalbnf(float, int) noexcept;
double frexp(double, int *) noexcept;
float frexpf(float, int *) noexcept;
double modf(double, double *) noexcept;
float modff(float, float *) noexcept;
double exp10(double) noexcept;
float exp10f(float) noexcept;
void sincos(double, double *, double *) noexcept;
void sincosf(float, float *, float *) noexcept;
long lrint(double) noexcept;
long lrintf(float) noexcept;
long long llrint(double) noexcept;
long long llrintf(float) noexcept;
long lround(double) noexcept;
long lroundf(float) noexcept;
long long llround(double) noexcept;
long long llroundf(float) noexcept;
int ilogb(double) noexcept;
int ilogbf(float) noexcept;
}
static inline float fma(float a, float b, float c) { return fmaf(a, b, c); }
static inline float ldexp(float x, int n) { return ldexpf(x, n); }

static inline double rsqrt(double x) { return 1 / sqrt(x); }
static inline float rsqrtf(float x) { return 1 / sqrtf(x); }
static inline float rsqrt(float x) { return rsqrtf(x); }
static inline double rcbrt(double x) { return 1 / cbrt(x); }
static inline float rcbrtf(float x) { return 1 / cbrtf(x); }
extern "C" long double erfcl(long double);
static inline double normcdf(double x) { return (double)(erfcl(-(long double)x * 0.70710678118654752440L) / 2); }
static inline float normcdff(float x) { return (float)normcdf((double)x); }
static inline double sinpi(double x) { return sin(fmod(x, 2) * 3.14159265358979323846); }
static inline float sinpif(float x) { return (float)sinpi((double)x); }
static inline double cospi(double x) { return cos(fmod(x, 2) * 3.14159265358979323846); }
static inline float cospif(float x) { return (float)cospi((double)x); }

template <class T> static inline bool isnan(T x) { return __builtin_isnan(x); }
template <class T> static inline bool isinf(T x) { return __builtin_isinf(x); }
template <class T> static inline bool isfinite(T x) { return __builtin_isfinite(x); }
template <class T> static inline bool signbit(T x) { return __builtin_signbit(x); }

#define STANDIN_MIN_MAX(a, b, result) \
  static inline result min(a x, b y) { return (result)x < (result)y ? (result)x : (result)y; } \
  static inline result max(a x, b y) { return (result)x > (result)y ? (result)x : (result)y; }
STANDIN_MIN_MAX(int, int, int)
STANDIN_MIN_MAX(unsigned, unsigned, unsigned)
STANDIN_MIN_MAX(int, unsigned, unsigned)
STANDIN_MIN_MAX(unsigned, int, unsigned)
STANDIN_MIN_MAX(long, long, long)
STANDIN_MIN_MAX(unsigned long, unsigned long, unsigned long)
STANDIN_MIN_MAX(long long, long long, long long)
STANDIN_MIN_MAX(unsigned long long, unsigned long long, unsigned long long)
STANDIN_MIN_MAX(long long, unsigned long long, unsigned long long)
STANDIN_MIN_MAX(unsigned long long, long long, unsigned long long)
static inline float min(float a, float b) { return fminf(a, b); }
static inline float max(float a, float b) { return fmaxf(a, b); }
static inline double min(double a, double b) { return fmin(a, b); }
static inline double max(double a, double b) { return fmax(a, b); }
static inline double min(float a, double b) { return fmin(a, b); }
static inline double max(float a, double b) { return fmax(a, b); }
static inline double min(double a, float b) { return fmin(a, b); }
static inline double max(double a, float b) { return fmax(a, b); }
extern "C" int abs(int) noexcept;
extern "C" long labs(long) noexcept;
extern "C" long long llabs(long long) noexcept;
static inline long abs(long x) { return labs(x); }
static inline long long abs(long long x) { return llabs(x); }
static inline float abs(float x) { return fabsf(x); }
static inline double abs(double x) { return fabs(x); }

// ---- bits
template <class To, class From> __forceinline__ To standin_bits(From value) {
  static_assert(sizeof(To) == sizeof(From));
  return __builtin_bit_cast(To, value);
}
static inline int __float_as_int(float x) { return standin_bits<int>(x); }
static inline unsigned __float_as_uint(float x) { return standin_bits<unsigned>(x); }
static inline float __int_as_float(int x) { return standin_bits<float>(x); }
static inline float __uint_as_float(unsigned x) { return standin_bits<float>(x); }
static inline long long __double_as_longlong(double x) { return standin_bits<long long>(x); }
static inline double __longlong_as_double(long long x) { return standin_bits<double>(x); }
static inline int __double2hiint(double x) { return (int)(standin_bits<unsigned long long>(x) >> 32); }
static inline int __double2loint(double x) { return (int)standin_bits<unsigned long long>(x); }
static inline double __hiloint2double(int high, int low) {
  return standin_bits<double>((unsigned long long)(unsigned)high << 32 | (unsigned)low);
}
static inline int __clz(int x) { return x ? __builtin_clz((unsigned)x) : 32; }
static inline int __clzll(long long x) { return x ? __builtin_clzll((unsigned long long)x) : 64; }
static inline int __popc(unsigned x) { return __builtin_popcount(x); }
static inline int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
static inline int __ffs(int x) { return __builtin_ffs(x); }
static inline int __ffsll(long long x) { return __builtin_ffsll(x); }
static inline unsigned __brev(unsigned x) { return __builtin_bitreverse32(x); }
static inline unsigned long long __brevll(unsigned long long x) { return __builtin_bitreverse64(x); }
static inline unsigned __umulhi(unsigned a, unsigned b) { return (unsigned)((unsigned long long)a * b >> 32); }
static inline int __mulhi(int a, int b) { return (int)((long long)a * b >> 32); }
static inline unsigned long long __umul64hi(unsigned long long a, unsigned long long b) {
  return (unsigned long long)((unsigned __int128)a * b >> 64);
}
static inline long long __mul64hi(long long a, long long b) { return (long long)((__int128)a * b >> 64); }
static inline unsigned __funnelshift_l(unsigned low, unsigned high, unsigned n) {
  return (unsigned)((((unsigned long long)high << 32 | low) << (n & 31)) >> 32);
}
static inline unsigned __funnelshift_r(unsigned low, unsigned high, unsigned n) {
  return (unsigned)(((unsigned long long)high << 32 | low) >> (n & 31));
}
static inline unsigned __byte_perm(unsigned x, unsigned y, unsigned selector) {
  unsigned long long both = (unsigned long long)y << 32 | x;
  unsigned result = 0;
  for (int i = 0; i < 4; i++) {
    unsigned byte = (unsigned)(both >> (8 * (selector >> 4 * i & 7))) & 0xff;
    if (selector >> 4 * i & 8) byte = byte & 0x80 ? 0xff : 0;
    result |= byte << 8 * i;
  }
  return result;
}

// ---- one operation, rounded once, whatever --fmad says
#pragma clang fp contract(off)
static inline float __fadd_rn(float a, float b) { return a + b; }
static inline float __fsub_rn(float a, float b) { return a - b; }
static inline float __fmul_rn(float a, float b) { return a * b; }
static inline float __fdiv_rn(float a, float b) { return a / b; }
static inline float __fsqrt_rn(float a) { return sqrtf(a); }
static inline float __frcp_rn(float a) { return 1 / a; }
static inline float __fmaf_rn(float a, float b, float c) { return fmaf(a, b, c); }
static inline double __dadd_rn(double a, double b) { return a + b; }
static inline double __dsub_rn(double a, double b) { return a - b; }
static inline double __dmul_rn(double a, double b) { return a * b; }
static inline double __ddiv_rn(double a, double b) { return a / b; }
static inline double __dsqrt_rn(double a) { return sqrt(a); }
static inline double __drcp_rn(double a) { return 1 / a; }
static inline double __fma_rn(double a, double b, double c) { return fma(a, b, c); }

// ---- the fast ones: here as exact as the others
#define __expf(x) expf(x)
#define __exp10f(x) exp10f(x)
#define __logf(x) logf(x)
#define __log2f(x) log2f(x)
#define __log10f(x) log10f(x)
#define __sinf(x) sinf(x)
#define __cosf(x) cosf(x)
#define __tanf(x) tanf(x)
#define __powf(x, y) powf(x, y)
#define __sincosf(x, s, c) sincosf(x, s, c)
static inline float __fdividef(float a, float b) { return a / b; }
static inline float __saturatef(float x) { return x > 0 ? x < 1 ? x : 1 : 0; }

// ---- conversions, which end at the ends of the integer's range and take NaN to zero
template <class I, class F> __forceinline__ I standin_integer(F x) {
  constexpr I low = (I)-1 < 0 ? (I)((I)1 << (sizeof(I) * 8 - 1)) : 0, high = (I)~low;
  return x != x ? 0 : x <= (F)low ? low : x >= (F)high ? high : (I)x;
}
#define STANDIN_CONVERSIONS(from, type, to, integer) \
  static inline integer __##from##2##to##_rz(type x) { return standin_integer<integer>(trunc(x)); } \
  static inline integer __##from##2##to##_rn(type x) { return standin_integer<integer>(rint(x)); } \
  static inline integer __##from##2##to##_rd(type x) { return standin_integer<integer>(floor(x)); } \
  static inline integer __##from##2##to##_ru(type x) { return standin_integer<integer>(ceil(x)); }
STANDIN_CONVERSIONS(float, float, int, int)
STANDIN_CONVERSIONS(float, float, uint, unsigned)
STANDIN_CONVERSIONS(float, float, ll, long long)
STANDIN_CONVERSIONS(float, float, ull, unsigned long long)
STANDIN_CONVERSIONS(double, double, int, int)
STANDIN_CONVERSIONS(double, double, uint, unsigned)
STANDIN_CONVERSIONS(double, double, ll, long long)
STANDIN_CONVERSIONS(double, double, ull, unsigned long long)
static inline float __int2float_rn(int x) { return (float)x; }
static inline float __uint2float_rn(unsigned x) { return (float)x; }
static inline float __ll2float_rn(long long x) { return (float)x; }
static inline float __ull2float_rn(unsigned long long x) { return (float)x; }
static inline float __double2float_rn(double x) { return (float)x; }
static inline double __int2double_rn(int x) { return x; }
static inline double __uint2double_rn(unsigned x) { return x; }
static inline double __ll2double_rn(long long x) { return (double)x; }
static inline double __ull2double_rn(unsigned long long x) { return (double)x; }
