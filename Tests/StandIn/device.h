// What the text of a kernel may use when it is compiled as C++: what CUDA's compiler has built in. Included before the text.
#pragma once
#include "table.h"
#include <cmath>
#include <cstring>
#include <utility>

extern "C" __attribute__((visibility("hidden"))) StandInTable *standin_table;

#define WENGERT_STAND_IN 1
#define __global__
#define __device__
#define __host__
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))
#define __launch_bounds__(...)
#define __restrict__ __restrict
#define __align__(n) __attribute__((aligned(n)))
// One thread of the system runs a block at a time: its thread-local variables are the block's shared memory.
#define __shared__ thread_local
#define __constant__ static const
#define WENGERT_SHARED_MEMORY(name) unsigned char *const name = standin_table->dynamicShared
#define STANDIN_UNCHECKED __attribute__((no_sanitize("thread", "alignment", "bounds", "shift")))

#define threadIdx (standin_table->self->thread)
#define blockIdx (standin_table->self->block)
#define blockDim (standin_table->self->blockSize)
#define gridDim (standin_table->self->gridSize)
#define warpSize 32

// Vectors of the compiler, so that an access is one access, whose alignment and bounds are looked at as one.
typedef float float2 __attribute__((ext_vector_type(2)));
typedef float float4 __attribute__((ext_vector_type(4)));
typedef int int2 __attribute__((ext_vector_type(2)));
typedef int int4 __attribute__((ext_vector_type(4)));
typedef unsigned uint2 __attribute__((ext_vector_type(2)));
typedef unsigned uint4 __attribute__((ext_vector_type(4)));
typedef double double2 __attribute__((ext_vector_type(2)));
static inline float2 make_float2(float x, float y) { return float2{x, y}; }
static inline float4 make_float4(float x, float y, float z, float w) { return float4{x, y, z, w}; }
static inline int4 make_int4(int x, int y, int z, int w) { return int4{x, y, z, w}; }
static inline uint2 make_uint2(unsigned x, unsigned y) { return uint2{x, y}; }
static inline uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w) { return uint4{x, y, z, w}; }

#define __syncthreads() standin_table->barrier(__LINE__)
#define __syncwarp(...) ((void)standin_table->meet(standin_mask(__VA_ARGS__), StandInSyncWarp, nullptr, 0, __LINE__))
static inline unsigned standin_mask(unsigned mask = 0xffffffffu) { return mask; }
static inline int standin_width(int width = 32) { return width; }

enum { StandInDirect, StandInXor, StandInUp, StandInDown };
template <class T> static inline T standin_shuffle(unsigned mask, T value, int operand, int way, int width, int line) {
  auto slots = standin_table->meet(mask, StandInShuffle, &value, sizeof(T), line);
  int lane = standin_table->self->lane, first = lane & ~(width - 1), source = lane;
  switch (way) {
  case StandInDirect: source = first + (operand & (width - 1)); break;
  case StandInXor: if ((lane ^ operand) < first + width) source = lane ^ operand; break;
  case StandInUp: if (lane - operand >= first) source = lane - operand; break;
  default: if (lane + operand < first + width) source = lane + operand;
  }
  if (!(mask >> source & 1)) standin_table->fail("a shuffle reads from a lane that is not in its mask", line);
  T result;
  __builtin_memcpy(&result, slots[source], sizeof(T));
  return result;
}
#define __shfl_sync(mask, value, n, ...) standin_shuffle(mask, value, n, StandInDirect, standin_width(__VA_ARGS__), __LINE__)
#define __shfl_xor_sync(mask, value, n, ...) standin_shuffle(mask, value, n, StandInXor, standin_width(__VA_ARGS__), __LINE__)
#define __shfl_up_sync(mask, value, n, ...) standin_shuffle(mask, value, (int)(n), StandInUp, standin_width(__VA_ARGS__), __LINE__)
#define __shfl_down_sync(mask, value, n, ...) standin_shuffle(mask, value, (int)(n), StandInDown, standin_width(__VA_ARGS__), __LINE__)
static inline unsigned standin_ballot(unsigned mask, int holds, int line) {
  auto slots = standin_table->meet(mask, StandInVote, &holds, sizeof holds, line);
  unsigned result = 0;
  for (int lane = 0; lane < 32; lane++) {
    int other;
    __builtin_memcpy(&other, slots[lane], sizeof other);
    if (mask >> lane & 1 && other) result |= 1u << lane;
  }
  return result;
}
#define __ballot_sync(mask, holds) standin_ballot(mask, (holds) ? 1 : 0, __LINE__)
#define __any_sync(mask, holds) (standin_ballot(mask, (holds) ? 1 : 0, __LINE__) != 0)
#define __all_sync(mask, holds) (standin_ballot(mask, (holds) ? 0 : 1, __LINE__) == 0)
#define __trap() standin_table->fail("a trap", __LINE__)

// Threads take turns, so that a plain read and write is one step; the race check is told that it is one.
#define STANDIN_ATOMIC(name, expression) \
  template <class T> STANDIN_UNCHECKED static __attribute__((noinline)) T name(T *p, T v) { \
    standin_table->atomic(p, sizeof(T), __builtin_return_address(0)); \
    T old = *p; \
    *p = expression; \
    return old; \
  }
STANDIN_ATOMIC(standin_add, old + v)
STANDIN_ATOMIC(standin_min, old < v ? old : v)
STANDIN_ATOMIC(standin_max, old > v ? old : v)
STANDIN_ATOMIC(standin_or, old | v)
STANDIN_ATOMIC(standin_exchange, v)
static inline int atomicAdd(int *p, int v) { return standin_add(p, v); }
static inline unsigned atomicAdd(unsigned *p, unsigned v) { return standin_add(p, v); }
static inline unsigned long long atomicAdd(unsigned long long *p, unsigned long long v) { return standin_add(p, v); }
static inline float atomicAdd(float *p, float v) { return standin_add(p, v); }
static inline int atomicMin(int *p, int v) { return standin_min(p, v); }
static inline unsigned atomicMin(unsigned *p, unsigned v) { return standin_min(p, v); }
static inline long long atomicMin(long long *p, long long v) { return standin_min(p, v); }
static inline unsigned long long atomicMin(unsigned long long *p, unsigned long long v) { return standin_min(p, v); }
static inline int atomicMax(int *p, int v) { return standin_max(p, v); }
static inline long long atomicMax(long long *p, long long v) { return standin_max(p, v); }
static inline unsigned atomicOr(unsigned *p, unsigned v) { return standin_or(p, v); }
static inline unsigned atomicExch(unsigned *p, unsigned v) { return standin_exchange(p, v); }
static inline void __threadfence() {}
static inline void __threadfence_block() {}

template <class To, class From> static inline To standin_bits(From x) {
  To result;
  __builtin_memcpy(&result, &x, sizeof result);
  return result;
}
static inline unsigned __float_as_uint(float x) { return standin_bits<unsigned>(x); }
static inline int __float_as_int(float x) { return standin_bits<int>(x); }
static inline float __uint_as_float(unsigned x) { return standin_bits<float>(x); }
static inline float __int_as_float(int x) { return standin_bits<float>(x); }
static inline long long __double_as_longlong(double x) { return standin_bits<long long>(x); }
static inline double __longlong_as_double(long long x) { return standin_bits<double>(x); }
static inline float rsqrtf(float x) { return 1 / sqrtf(x); }
static inline double rsqrt(double x) { return 1 / sqrt(x); }
static inline float normcdff(float x) { return (float)(erfc(-(double)x * 0.70710678118654752440) / 2); }
static inline double normcdf(double x) { return erfc(-x * 0.70710678118654752440) / 2; }
static inline unsigned __umulhi(unsigned a, unsigned b) { return (unsigned)((unsigned long long)a * b >> 32); }
static inline unsigned long long __umul64hi(unsigned long long a, unsigned long long b) { return (unsigned long long)((unsigned __int128)a * b >> 64); }
static inline int __clz(int x) { return x ? __builtin_clz((unsigned)x) : 32; }
static inline int __popc(unsigned x) { return __builtin_popcount(x); }
static inline int __ffs(int x) { return __builtin_ffs(x); }
template <class T> static inline T __ldg(const T *p) { return *p; }
template <class T> static inline T min(T a, T b) { return a < b ? a : b; }
template <class T> static inline T max(T a, T b) { return a > b ? a : b; }

// What a text's prelude has inline PTX for.
static inline unsigned short standin_f32_to_bf16_bits(float x) {
  unsigned bits = __float_as_uint(x);
  if ((bits & 0x7fffffff) > 0x7f800000) return 0x7fff;
  return (unsigned short)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}
static inline unsigned short standin_f32_to_f16_bits(float x) { return x != x ? 0x7fff : standin_bits<unsigned short>((_Float16)x); }
static inline float standin_f16_bits_to_f32(unsigned short bits) { return (float)standin_bits<_Float16>(bits); }

template <class... A> struct StandInBound : StandInCall {
  void (*kernel)(A...);
  alignas(16) unsigned char bytes[sizeof...(A)][4096];
  template <size_t... I> STANDIN_UNCHECKED __attribute__((always_inline)) void call(std::index_sequence<I...>) { kernel(*(A *)bytes[I]...); }
  STANDIN_UNCHECKED void run() override { call(std::index_sequence_for<A...>()); }
};
template <class... A> STANDIN_UNCHECKED static StandInCall *standin_bind(void (*kernel)(A...), void **arguments) {
  auto call = new StandInBound<A...>;
  call->kernel = kernel;
  size_t sizes[] = {sizeof(A)...};
  for (size_t i = 0; i < sizeof...(A); i++) __builtin_memcpy(call->bytes[i], arguments[i], sizes[i]);
  return call;
}
