// Values of several threads combined, always in the same order.
struct Sum { template <class T> static __device__ __forceinline__ T of(T a, T b) { return add(a, b); } };
struct Product { template <class T> static __device__ __forceinline__ T of(T a, T b) { return multiply(a, b); } };
struct Minimum { template <class T> static __device__ __forceinline__ T of(T a, T b) { return minimum(a, b); } };
struct Maximum { template <class T> static __device__ __forceinline__ T of(T a, T b) { return maximum(a, b); } };

// What changes nothing.
template <class Op, class T> struct Neutral;
template <class T> struct Neutral<Sum, T> { static __device__ __forceinline__ T value() { return (T)0; } };
template <class T> struct Neutral<Product, T> { static __device__ __forceinline__ T value() { return (T)1; } };
template <> struct Neutral<Minimum, float> { static __device__ __forceinline__ float value() { return INFINITE_F32; } };
template <> struct Neutral<Maximum, float> { static __device__ __forceinline__ float value() { return -INFINITE_F32; } };
template <> struct Neutral<Minimum, double> { static __device__ __forceinline__ double value() { return INFINITE_F64; } };
template <> struct Neutral<Maximum, double> { static __device__ __forceinline__ double value() { return -INFINITE_F64; } };
template <> struct Neutral<Minimum, int> { static __device__ __forceinline__ int value() { return 0x7fffffff; } };
template <> struct Neutral<Maximum, int> { static __device__ __forceinline__ int value() { return (int)0x80000000; } };
template <> struct Neutral<Minimum, i64> { static __device__ __forceinline__ i64 value() { return 0x7fffffffffffffffll; } };
template <> struct Neutral<Maximum, i64> { static __device__ __forceinline__ i64 value() { return (i64)0x8000000000000000ull; } };
template <> struct Neutral<Minimum, bool> { static __device__ __forceinline__ bool value() { return true; } };
template <> struct Neutral<Maximum, bool> { static __device__ __forceinline__ bool value() { return false; } };

static __device__ __forceinline__ bool exchange(bool x, int mask) { return __shfl_xor_sync(0xffffffffu, (int)x, mask) != 0; }
template <class T> static __device__ __forceinline__ T exchange(T x, int mask) { return __shfl_xor_sync(0xffffffffu, x, mask); }

// Neighboring threads, WIDTH of them (a power of two, at most 32); each gets the result. All threads of the warp take part.
template <class Op, int WIDTH, class T> static __device__ __forceinline__ T combine_warp(T x) {
#pragma unroll
  for (int distance = WIDTH / 2; distance > 0; distance /= 2) x = Op::of(x, exchange(x, distance));
  return x;
}
// A block of WARPS whole warps; `partials` has room for as many, and serves no other meeting.
template <class Op, int WARPS, class T> static __device__ __forceinline__ T combine_block(T x, T *partials) {
  x = combine_warp<Op, 32>(x);
  if (WARPS == 1) return x;
  if (threadIdx.x % 32 == 0) partials[threadIdx.x / 32] = x;
  __syncthreads();
  T result = partials[0];
#pragma unroll
  for (int warp = 1; warp < WARPS; warp++) result = Op::of(result, partials[warp]);
  return result;
}
