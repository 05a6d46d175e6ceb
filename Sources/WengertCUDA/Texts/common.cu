// Element types by the names of the package, and what calculations with them mean. No header: the compiler has none at run time.
typedef unsigned char u8;
typedef int i32;
typedef long long i64;
typedef unsigned int u32;
typedef unsigned long long u64;
// Bits of the two half types.
struct f16 { unsigned short bits; };
struct bf16 { unsigned short bits; };
typedef float f32;
typedef double f64;

#define INFINITE_F32 __int_as_float(0x7f800000)
#define NAN_F32 __int_as_float(0x7fffffff)
#define INFINITE_F64 __longlong_as_double(0x7ff0000000000000ll)
#define NAN_F64 __longlong_as_double(0x7fffffffffffffffll)

#ifndef WENGERT_STAND_IN
#define WENGERT_SHARED_MEMORY(name) extern __shared__ __align__(16) unsigned char name[]
static __device__ __forceinline__ unsigned short wengert_f16_bits(float x) { unsigned short h; asm("cvt.rn.f16.f32 %0, %1;" : "=h"(h) : "f"(x)); return h; }
static __device__ __forceinline__ float wengert_f16_value(unsigned short h) { float x; asm("cvt.f32.f16 %0, %1;" : "=f"(x) : "h"(h)); return x; }
static __device__ __forceinline__ unsigned short wengert_bf16_bits(float x) { unsigned short h; asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(h) : "f"(x)); return h; }
#else
static __device__ __forceinline__ unsigned short wengert_f16_bits(float x) { return standin_f32_to_f16_bits(x); }
static __device__ __forceinline__ float wengert_f16_value(unsigned short h) { return standin_f16_bits_to_f32(h); }
static __device__ __forceinline__ unsigned short wengert_bf16_bits(float x) { return standin_f32_to_bf16_bits(x); }
#endif

// An element as kernels calculate with it: half types as float, bytes as int.
static __device__ __forceinline__ float value_of(f16 x) { return wengert_f16_value(x.bits); }
static __device__ __forceinline__ float value_of(bf16 x) { return __int_as_float((int)((u32)x.bits << 16)); }
static __device__ __forceinline__ float value_of(float x) { return x; }
static __device__ __forceinline__ double value_of(double x) { return x; }
static __device__ __forceinline__ int value_of(u8 x) { return x; }
static __device__ __forceinline__ int value_of(int x) { return x; }
static __device__ __forceinline__ i64 value_of(i64 x) { return x; }

// To an integer: cut off at the point, at the least and the greatest, NaN as 0, which is what the instruction does for int but not for long long.
static __device__ __forceinline__ int whole32(double x) { return x != x ? 0 : x <= -2147483648.0 ? (int)0x80000000 : x >= 2147483647.0 ? 0x7fffffff : (int)x; }
static __device__ __forceinline__ i64 whole64(double x) {
  return x != x ? 0 : x <= -9223372036854775808.0 ? (i64)0x8000000000000000ull : x >= 9223372036854775808.0 ? 0x7fffffffffffffffll : (i64)x;
}
static __device__ __forceinline__ int to_i32(float x) { return whole32(x); }
static __device__ __forceinline__ int to_i32(double x) { return whole32(x); }
static __device__ __forceinline__ int to_i32(int x) { return x; }
static __device__ __forceinline__ int to_i32(bool x) { return x; }
static __device__ __forceinline__ int to_i32(i64 x) { return (int)x; }
static __device__ __forceinline__ i64 to_i64(float x) { return whole64(x); }
static __device__ __forceinline__ i64 to_i64(double x) { return whole64(x); }
static __device__ __forceinline__ i64 to_i64(int x) { return x; }
static __device__ __forceinline__ i64 to_i64(bool x) { return x; }
static __device__ __forceinline__ i64 to_i64(i64 x) { return x; }
template <class T> static __device__ __forceinline__ float to_f32(T x) { return (float)x; }
template <class T> static __device__ __forceinline__ double to_f64(T x) { return (double)x; }
template <class T> static __device__ __forceinline__ bool to_bool(T x) { return x != (T)0; }

// What is stored for a value.
template <class E> struct Element;
template <> struct Element<f16> {
  template <class T> static __device__ __forceinline__ f16 of(T x) { f16 e; e.bits = wengert_f16_bits((float)x); return e; }
};
template <> struct Element<bf16> {
  template <class T> static __device__ __forceinline__ bf16 of(T x) { bf16 e; e.bits = wengert_bf16_bits((float)x); return e; }
};
template <> struct Element<float> { template <class T> static __device__ __forceinline__ float of(T x) { return (float)x; } };
template <> struct Element<double> { template <class T> static __device__ __forceinline__ double of(T x) { return (double)x; } };
template <> struct Element<u8> { template <class T> static __device__ __forceinline__ u8 of(T x) { return (u8)to_i32(x); } };
template <> struct Element<int> { template <class T> static __device__ __forceinline__ int of(T x) { return to_i32(x); } };
template <> struct Element<i64> { template <class T> static __device__ __forceinline__ i64 of(T x) { return to_i64(x); } };

// So many neighbors that move as one access.
template <class E, int N> struct __align__(sizeof(E) * N < 16 ? sizeof(E) * N : 16) Neighbors { E at[N]; };
template <class E, int N> static __device__ __forceinline__ void load_neighbors(Neighbors<E, N> &target, const E *p) {
#ifdef WENGERT_STAND_IN
  if ((size_t)p % alignof(Neighbors<E, N>)) standin_runtime->fail(716, "a misaligned access", __FILE__, __LINE__);
#endif
  target = *(const Neighbors<E, N> *)p;
}
template <class E, int N> static __device__ __forceinline__ void store_neighbors(E *p, const Neighbors<E, N> &source) {
#ifdef WENGERT_STAND_IN
  if ((size_t)p % alignof(Neighbors<E, N>)) standin_runtime->fail(716, "a misaligned access", __FILE__, __LINE__);
#endif
  *(Neighbors<E, N> *)p = source;
}

// Whole numbers wrap around.
static __device__ __forceinline__ int add(int a, int b) { return (int)((u32)a + (u32)b); }
static __device__ __forceinline__ i64 add(i64 a, i64 b) { return (i64)((u64)a + (u64)b); }
static __device__ __forceinline__ float add(float a, float b) { return a + b; }
static __device__ __forceinline__ double add(double a, double b) { return a + b; }
static __device__ __forceinline__ int subtract(int a, int b) { return (int)((u32)a - (u32)b); }
static __device__ __forceinline__ i64 subtract(i64 a, i64 b) { return (i64)((u64)a - (u64)b); }
static __device__ __forceinline__ float subtract(float a, float b) { return a - b; }
static __device__ __forceinline__ double subtract(double a, double b) { return a - b; }
static __device__ __forceinline__ int multiply(int a, int b) { return (int)((u32)a * (u32)b); }
static __device__ __forceinline__ i64 multiply(i64 a, i64 b) { return (i64)((u64)a * (u64)b); }
static __device__ __forceinline__ float multiply(float a, float b) { return a * b; }
static __device__ __forceinline__ double multiply(double a, double b) { return a * b; }
static __device__ __forceinline__ bool add(bool a, bool b) { return a || b; }
static __device__ __forceinline__ bool multiply(bool a, bool b) { return a && b; }
static __device__ __forceinline__ bool subtract(bool a, bool b) { return a != b; }

// NaN if either is.
template <class T> static __device__ __forceinline__ T minimum(T a, T b) { return a < b || a != a ? a : b; }
template <class T> static __device__ __forceinline__ T maximum(T a, T b) { return a > b || a != a ? a : b; }

// An index counted from the start; the extent if it is out of range.
static __device__ __forceinline__ i64 place_of(i64 given, i64 extent) {
  const i64 index = given < 0 ? given + extent : given;
  return index >= 0 && index < extent ? index : extent;
}

// Notes what is wrong at a position, unless something before it is: the number, cut to 32 bits.
static __device__ __forceinline__ void note_fault(i64 *fault, i64 position, i64 given) {
  const int number = given > 2147483647ll ? 2147483647 : given < -2147483648ll ? (int)0x80000000 : (int)given;
  atomicMin(fault, (i64)((u64)position << 32 | (u32)number));
}
