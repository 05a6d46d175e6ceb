// Functions of row programs.
template <class T> static __device__ __forceinline__ T sign_of(T x) { return x > (T)0 ? (T)1 : x < (T)0 ? (T)-1 : x; }
template <class T> static __device__ __forceinline__ T relu(T x) { return x < (T)0 ? (T)0 : x; }
static __device__ __forceinline__ int negated(int x) { return subtract(0, x); }
static __device__ __forceinline__ i64 negated(i64 x) { return subtract((i64)0, x); }
static __device__ __forceinline__ float negated(float x) { return -x; }
static __device__ __forceinline__ double negated(double x) { return -x; }
static __device__ __forceinline__ bool negated(bool x) { return x; }
static __device__ __forceinline__ int magnitude(int x) { return x < 0 ? negated(x) : x; }
static __device__ __forceinline__ i64 magnitude(i64 x) { return x < 0 ? negated(x) : x; }
static __device__ __forceinline__ float magnitude(float x) { return fabsf(x); }
static __device__ __forceinline__ double magnitude(double x) { return fabs(x); }
static __device__ __forceinline__ bool magnitude(bool x) { return x; }

// The exponential of the negative magnitude cannot overflow.
static __device__ __forceinline__ float sigmoid(float x) { float e = expf(-fabsf(x)); return x >= 0 || x != x ? 1 / (1 + e) : e / (1 + e); }
static __device__ __forceinline__ double sigmoid(double x) { double e = exp(-fabs(x)); return x >= 0 || x != x ? 1 / (1 + e) : e / (1 + e); }
static __device__ __forceinline__ float softplus(float x) { return (x > 0 ? x : x != x ? x : 0) + log1pf(expf(-fabsf(x))); }
static __device__ __forceinline__ double softplus(double x) { return (x > 0 ? x : x != x ? x : 0) + log1p(exp(-fabs(x))); }
static __device__ __forceinline__ float normal_cdf(float x) { return normcdff(x); }
static __device__ __forceinline__ double normal_cdf(double x) { return normcdf(x); }
// At minus infinity the limit.
static __device__ __forceinline__ float gelu(float x) { return x == -INFINITE_F32 ? 0 : x * normcdff(x); }
static __device__ __forceinline__ double gelu(double x) { return x == -INFINITE_F64 ? 0 : x * normcdf(x); }
// (1 + tanh u)/2 is the sigmoid of 2u, which does not cancel far below zero.
static __device__ __forceinline__ float gelu_tanh(float x) {
  return x == -INFINITE_F32 ? 0 : x * sigmoid(x * fmaf(x * x, 0.07135481627260025f, 1.5957691216057308f));
}
static __device__ __forceinline__ double gelu_tanh(double x) {
  return x == -INFINITE_F64 ? 0 : x * sigmoid(x * fma(x * x, 0.07135481627260025, 1.5957691216057308));
}
static __device__ __forceinline__ float silu(float x) { return x == -INFINITE_F32 ? 0 : x * sigmoid(x); }
static __device__ __forceinline__ double silu(double x) { return x == -INFINITE_F64 ? 0 : x * sigmoid(x); }
static __device__ __forceinline__ float unit_interval_f32(i64 word) { return (float)(u32)(word >> 8) * 5.9604644775390625e-8f; }
static __device__ __forceinline__ double unit_interval_f64(i64 word) { return ((double)word + 0.5) * 2.3283064365386963e-10; }
static __device__ __forceinline__ bool is_finite(float x) { return fabsf(x) < INFINITE_F32; }
static __device__ __forceinline__ bool is_finite(double x) { return fabs(x) < INFINITE_F64; }
template <class T> static __device__ __forceinline__ bool is_finite(T) { return true; }

static __device__ __forceinline__ float divide(float a, float b) { return a / b; }
static __device__ __forceinline__ double divide(double a, double b) { return a / b; }
// By zero 0; the least by -1 is itself.
static __device__ __forceinline__ int divide(int a, int b) { return b == 0 ? 0 : b == -1 ? negated(a) : a / b; }
static __device__ __forceinline__ i64 divide(i64 a, i64 b) { return b == 0 ? 0 : b == -1 ? negated(a) : a / b; }
template <class T> static __device__ __forceinline__ T whole_power(T a, T b) {
  if (b < 0) return a == 1 ? 1 : a == -1 ? (b % 2 == 0 ? 1 : -1) : 0;
  T result = 1;
  for (; b > 0; b /= 2) {
    if (b % 2 == 1) result = multiply(result, a);
    a = multiply(a, a);
  }
  return result;
}
static __device__ __forceinline__ int power(int a, int b) { return whole_power(a, b); }
static __device__ __forceinline__ i64 power(i64 a, i64 b) { return whole_power(a, b); }
static __device__ __forceinline__ float power(float a, float b) { return powf(a, b); }
static __device__ __forceinline__ double power(double a, double b) { return pow(a, b); }

// Rounded down, and what is left, with the divisor's sign. fmod is exact; the ratio is not: where it came out whole, what is left tells whether it was rounded up.
template <class T> static __device__ __forceinline__ void divide_down(T a, T b, T left, T ratio, T cut, T &quotient, T &rest) {
  if (b == 0) { quotient = ratio; rest = left; return; }
  if (left != left) { quotient = left; rest = left; return; }
  quotient = cut;
  if (quotient == ratio && magnitude(left) > magnitude(b) / 2) quotient -= ratio < 0 ? -1 : 1;
  if (left != 0 && (left < 0) != (b < 0)) { left += b; quotient -= 1; }
  rest = left;
}
static __device__ __forceinline__ float floor_divide(float a, float b) {
  float q, r; divide_down(a, b, b == 0 ? NAN_F32 : fmodf(a, b), a / b, truncf(a / b), q, r); return q;
}
static __device__ __forceinline__ double floor_divide(double a, double b) {
  double q, r; divide_down(a, b, b == 0 ? NAN_F64 : fmod(a, b), a / b, trunc(a / b), q, r); return q;
}
static __device__ __forceinline__ float remainder_of(float a, float b) {
  float q, r; divide_down(a, b, b == 0 ? NAN_F32 : fmodf(a, b), a / b, truncf(a / b), q, r); return r == 0 ? copysignf(0, b) : r;
}
static __device__ __forceinline__ double remainder_of(double a, double b) {
  double q, r; divide_down(a, b, b == 0 ? NAN_F64 : fmod(a, b), a / b, trunc(a / b), q, r); return r == 0 ? copysign(0.0, b) : r;
}
template <class T> static __device__ __forceinline__ T whole_floor_divide(T a, T b) {
  T q = divide(a, b);
  return b != 0 && b != -1 && a % b != 0 && (a % b < 0) != (b < 0) ? q - 1 : q;
}
template <class T> static __device__ __forceinline__ T whole_remainder(T a, T b) {
  if (b == 0 || b == -1) return 0;
  T r = a % b;
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}
static __device__ __forceinline__ int floor_divide(int a, int b) { return whole_floor_divide(a, b); }
static __device__ __forceinline__ i64 floor_divide(i64 a, i64 b) { return whole_floor_divide(a, b); }
static __device__ __forceinline__ int remainder_of(int a, int b) { return whole_remainder(a, b); }
static __device__ __forceinline__ i64 remainder_of(i64 a, i64 b) { return whole_remainder(a, b); }
