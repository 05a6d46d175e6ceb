// What NVRTC has built in and a kernel's text may use, for clang as the compiler. Precompiled; included before every text.
#pragma once
#include "interface.h"

#define WENGERT_STAND_IN 1
#define __CUDACC__ 1
#define __CUDACC_RTC__ 1
typedef __SIZE_TYPE__ size_t;
typedef __PTRDIFF_TYPE__ ptrdiff_t;

#define __global__
#define __device__
#define __host__
#define __grid_constant__
#define __noinline__ __attribute__((noinline))
#define __forceinline__ inline __attribute__((always_inline))
#define __launch_bounds__(...)
#define __align__(n) __attribute__((aligned(n)))
#define __constant__ static const
// One block of a device runs at a time, so that a text's shared memory may be variables of its library, in a section of their own.
#define __shared__ static __attribute__((used, section(STANDIN_SECTION)))
#define WENGERT_SHARED_MEMORY(name) static unsigned char(&name)[STANDIN_DYNAMIC_SHARED] = standin_dynamic

#define STANDIN_HIDDEN __attribute__((visibility("hidden")))
#define STANDIN_UNCHECKED __attribute__((no_sanitize("thread")))
// The instrumentation leaves other address spaces alone, and on this processor they are all one.
#define STANDIN_QUIET __attribute__((address_space(1)))
extern "C" {
extern STANDIN_HIDDEN const STANDIN_QUIET StandinThread *STANDIN_QUIET standin_self;
extern STANDIN_HIDDEN const STANDIN_QUIET StandinRuntime *STANDIN_QUIET standin_runtime;
extern STANDIN_HIDDEN unsigned char standin_dynamic[STANDIN_DYNAMIC_SHARED] __attribute__((aligned(128)));
}

// ---- vectors: clang's own, so that an access of one is one access, whose alignment is checked as a whole
#define STANDIN_VECTORS(type, name) \
  typedef type name##2 __attribute__((ext_vector_type(2))); \
  typedef type name##4 __attribute__((ext_vector_type(4))); \
  struct name##1 { type x; }; \
  struct name##3 { type x, y, z; }; \
  static inline name##1 make_##name##1(type x) { return {x}; } \
  static inline name##2 make_##name##2(type x, type y) { return name##2{x, y}; } \
  static inline name##3 make_##name##3(type x, type y, type z) { return {x, y, z}; } \
  static inline name##4 make_##name##4(type x, type y, type z, type w) { return name##4{x, y, z, w}; }
STANDIN_VECTORS(signed char, char)
STANDIN_VECTORS(unsigned char, uchar)
STANDIN_VECTORS(short, short)
STANDIN_VECTORS(unsigned short, ushort)
STANDIN_VECTORS(int, int)
STANDIN_VECTORS(unsigned, uint)
STANDIN_VECTORS(float, float)
#define STANDIN_PAIR(type, name) \
  typedef type name##2 __attribute__((ext_vector_type(2))); \
  static inline name##2 make_##name##2(type x, type y) { return name##2{x, y}; }
STANDIN_PAIR(long long, longlong)
STANDIN_PAIR(unsigned long long, ulonglong)
STANDIN_PAIR(double, double)
struct dim3 {
  unsigned x, y, z;
  dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
};

#define STANDIN_INDEX(field) (__extension__({ const STANDIN_QUIET StandinDim &d = standin_self->field; uint3{d.x, d.y, d.z}; }))
#define threadIdx STANDIN_INDEX(thread)
#define blockIdx STANDIN_INDEX(block)
#define blockDim STANDIN_INDEX(blockSize)
#define gridDim STANDIN_INDEX(gridSize)
#define warpSize 32

// ---- barriers
#define __syncthreads() ((void)standin_runtime->barrier(0, __FILE__, __LINE__))
#define __syncthreads_count(p) standin_runtime->barrier(!!(p), __FILE__, __LINE__)
#define __syncthreads_or(p) (standin_runtime->barrier(!!(p), __FILE__, __LINE__) != 0)
#define __syncthreads_and(p) (standin_runtime->barrier(!(p), __FILE__, __LINE__) == 0)
#define __syncwarp(...) ((void)standin_runtime->meet(standin_mask(__VA_ARGS__), STANDIN_SYNCWARP, nullptr, 0, __FILE__, __LINE__))
static inline unsigned standin_mask(unsigned mask = 0xffffffffu) { return mask; }
static inline void __threadfence() {}
static inline void __threadfence_block() {}
static inline void __threadfence_system() {}
static inline void __nanosleep(unsigned) {}
#define __trap() standin_runtime->fail(719, "__trap()", __FILE__, __LINE__)
static inline long long clock64() { return (long long)__builtin_readcyclecounter(); }

// ---- exchanges within a warp
static inline int standin_width(int width = 32) { return width; }
template <class T>
STANDIN_UNCHECKED static T standin_shuffle(unsigned mask, T value, int other, int kind, int width, const char *file, int line) {
  static_assert(sizeof(T) == 4 || sizeof(T) == 8, "a shuffle takes 4 or 8 bytes");
  auto slots = standin_runtime->meet(mask, kind, &value, sizeof(T), file, line);
  int lane = standin_runtime->lane(), first = lane & ~(width - 1), source = lane;
  switch (kind) {
  case STANDIN_SHUFFLE: source = first + (other & (width - 1)); break;
  case STANDIN_SHUFFLE_XOR: source = (lane ^ other) < first + width ? lane ^ other : lane; break;
  case STANDIN_SHUFFLE_UP: source = lane - other >= first ? lane - other : lane; break;
  case STANDIN_SHUFFLE_DOWN: source = lane + other < first + width ? lane + other : lane; break;
  }
  if (!(mask >> source & 1)) standin_runtime->fail(719, "a shuffle reads from a lane that is not in its mask", file, line);
  __builtin_memcpy(&value, slots[source], sizeof(T));
  return value;
}
#define STANDIN_SHUFFLES(kind, mask, value, n, ...) \
  standin_shuffle(mask, value, n, kind, standin_width(__VA_ARGS__), __FILE__, __LINE__)
#define __shfl_sync(mask, value, n, ...) STANDIN_SHUFFLES(STANDIN_SHUFFLE, mask, value, n, __VA_ARGS__)
#define __shfl_xor_sync(mask, value, n, ...) STANDIN_SHUFFLES(STANDIN_SHUFFLE_XOR, mask, value, n, __VA_ARGS__)
#define __shfl_up_sync(mask, value, n, ...) STANDIN_SHUFFLES(STANDIN_SHUFFLE_UP, mask, value, n, __VA_ARGS__)
#define __shfl_down_sync(mask, value, n, ...) STANDIN_SHUFFLES(STANDIN_SHUFFLE_DOWN, mask, value, n, __VA_ARGS__)

STANDIN_UNCHECKED static inline unsigned standin_ballot(unsigned mask, int predicate, const char *file, int line) {
  auto slots = standin_runtime->meet(mask, STANDIN_VOTE, &predicate, sizeof predicate, file, line);
  unsigned result = 0;
  for (int i = 0; i < 32; i++) {
    int vote = 0;
    if (mask >> i & 1) __builtin_memcpy(&vote, slots[i], sizeof vote);
    if (vote) result |= 1u << i;
  }
  return result;
}
#define __ballot_sync(mask, p) standin_ballot(mask, !!(p), __FILE__, __LINE__)
#define __any_sync(mask, p) (__ballot_sync(mask, p) != 0)
#define __all_sync(mask, p) (standin_ballot(mask, !(p), __FILE__, __LINE__) == 0)

template <class T> STANDIN_UNCHECKED static unsigned standin_match(unsigned mask, T value, const char *file, int line) {
  auto slots = standin_runtime->meet(mask, STANDIN_MATCH, &value, sizeof(T), file, line);
  unsigned result = 0;
  for (int i = 0; i < 32; i++)
    if ((mask >> i & 1) && !__builtin_memcmp(slots[i], &value, sizeof(T))) result |= 1u << i;
  return result;
}
#define __match_any_sync(mask, value) standin_match(mask, value, __FILE__, __LINE__)

template <class T, class F>
STANDIN_UNCHECKED static T standin_reduce(unsigned mask, T value, F combine, const char *file, int line) {
  auto slots = standin_runtime->meet(mask, STANDIN_REDUCE, &value, sizeof(T), file, line);
  bool isFirst = true;
  for (int i = 0; i < 32; i++) {
    T other;
    if (!(mask >> i & 1)) continue;
    __builtin_memcpy(&other, slots[i], sizeof(T));
    value = isFirst ? other : combine(value, other);
    isFirst = false;
  }
  return value;
}
#define STANDIN_REDUCES(mask, value, expression) \
  standin_reduce(mask, value, [](auto a, auto b) { return expression; }, __FILE__, __LINE__)
#define __reduce_add_sync(mask, value) STANDIN_REDUCES(mask, value, (decltype(a))((unsigned)a + (unsigned)b))
#define __reduce_min_sync(mask, value) STANDIN_REDUCES(mask, value, a < b ? a : b)
#define __reduce_max_sync(mask, value) STANDIN_REDUCES(mask, value, a > b ? a : b)
#define __reduce_and_sync(mask, value) STANDIN_REDUCES(mask, value, a & b)
#define __reduce_or_sync(mask, value) STANDIN_REDUCES(mask, value, a | b)
#define __reduce_xor_sync(mask, value) STANDIN_REDUCES(mask, value, a ^ b)

// ---- atomics: threads take turns, so that a plain read and write is one step; the check of races must know of it
#ifdef STANDIN_CHECKED
#define STANDIN_ATOMIC_FUNCTION __attribute__((noinline)) STANDIN_UNCHECKED static
#define STANDIN_NOTE(p) standin_runtime->access(p, sizeof *(p), STANDIN_WRITE | STANDIN_ATOMIC, __builtin_return_address(0))
#else
#define STANDIN_ATOMIC_FUNCTION static inline
#define STANDIN_NOTE(p) ((void)0)
#endif
#define STANDIN_ATOMIC_OF(name, type, expression) \
  STANDIN_ATOMIC_FUNCTION type name(type *p, type v) { \
    STANDIN_NOTE(p); \
    type old = *p; \
    *p = expression; \
    return old; \
  }
#define STANDIN_ATOMIC_INTEGERS(name, expression) \
  STANDIN_ATOMIC_OF(name, int, expression) \
  STANDIN_ATOMIC_OF(name, unsigned, expression) \
  STANDIN_ATOMIC_OF(name, unsigned long long, expression)
#define STANDIN_ATOMIC_SIGNED(name, expression) \
  STANDIN_ATOMIC_INTEGERS(name, expression) \
  STANDIN_ATOMIC_OF(name, long long, expression)
STANDIN_ATOMIC_OF(atomicAdd, int, (int)((unsigned)old + (unsigned)v))
STANDIN_ATOMIC_OF(atomicAdd, unsigned, old + v)
STANDIN_ATOMIC_OF(atomicAdd, unsigned long long, old + v)
STANDIN_ATOMIC_OF(atomicAdd, float, old + v)
STANDIN_ATOMIC_OF(atomicAdd, double, old + v)
STANDIN_ATOMIC_OF(atomicSub, int, (int)((unsigned)old - (unsigned)v))
STANDIN_ATOMIC_OF(atomicSub, unsigned, old - v)
STANDIN_ATOMIC_SIGNED(atomicMin, old < v ? old : v)
STANDIN_ATOMIC_SIGNED(atomicMax, old > v ? old : v)
STANDIN_ATOMIC_INTEGERS(atomicExch, v)
STANDIN_ATOMIC_OF(atomicExch, float, v)
STANDIN_ATOMIC_SIGNED(atomicAnd, old & v)
STANDIN_ATOMIC_SIGNED(atomicOr, old | v)
STANDIN_ATOMIC_SIGNED(atomicXor, old ^ v)
STANDIN_ATOMIC_OF(atomicInc, unsigned, old >= v ? 0 : old + 1)
STANDIN_ATOMIC_OF(atomicDec, unsigned, old == 0 || old > v ? v : old - 1)
#define STANDIN_COMPARE_AND_SWAP(type) \
  STANDIN_ATOMIC_FUNCTION type atomicCAS(type *p, type expected, type v) { \
    STANDIN_NOTE(p); \
    type old = *p; \
    if (old == expected) *p = v; \
    return old; \
  }
STANDIN_COMPARE_AND_SWAP(int)
STANDIN_COMPARE_AND_SWAP(unsigned)
STANDIN_COMPARE_AND_SWAP(unsigned long long)
STANDIN_COMPARE_AND_SWAP(unsigned short)

template <class T> __forceinline__ T __ldg(const T *p) { return *p; }
template <class T> __forceinline__ T __ldcs(const T *p) { return *p; }
template <class T> __forceinline__ T __ldca(const T *p) { return *p; }
template <class T> __forceinline__ T __ldcg(const T *p) { return *p; }
template <class T> __forceinline__ void __stcs(T *p, T value) { *p = value; }
template <class T> __forceinline__ void __stcg(T *p, T value) { *p = value; }
template <class T> __forceinline__ void __stwt(T *p, T value) { *p = value; }

#include "device_math.h"
#include "device_tensor.h"

// ---- a kernel's place in its library
template <class T, T... I> struct StandinSequence {};
template <auto f> struct StandinBinding;
template <class... A, void (*f)(A...)> struct StandinBinding<f> {
  static constexpr int count = sizeof...(A);
  static constexpr unsigned short sizes[] = {sizeof(A)..., 0}, alignments[] = {alignof(A)..., 1};
  template <int... I> STANDIN_UNCHECKED static void call(void *const *arguments, StandinSequence<int, I...>) {
    f(*(A *)arguments[I]...);
  }
  static void run(void *const *arguments) { call(arguments, __make_integer_seq<StandinSequence, int, count>()); }
};
#define STANDIN_ENTRY(space, name, section, own) \
  extern "C" { \
  extern STANDIN_HIDDEN __attribute__((weak)) unsigned char __start_##section[], __stop_##section[], __start_##own[], __stop_##own[]; \
  __attribute__((visibility("default"))) StandinEntry standin_entry_##name = { \
      #name, StandinBinding<&space::name>::run, StandinBinding<&space::name>::count, StandinBinding<&space::name>::sizes, \
      StandinBinding<&space::name>::alignments, {__start_##section, __start_##own}, {__stop_##section, __stop_##own}}; \
  }
