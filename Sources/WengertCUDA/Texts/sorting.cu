// Whole numbers that rise as elements do in sorted order: NaN after all others, zeros alike.
static __device__ __forceinline__ u32 rank_of(int x) { return (u32)x ^ 0x80000000u; }
static __device__ __forceinline__ u64 rank_of(i64 x) { return (u64)x ^ 0x8000000000000000ull; }
static __device__ __forceinline__ u32 rank_of(float x) {
  if (x != x) return 0xffffffffu;
  const u32 bits = x == 0 ? 0 : (u32)__float_as_int(x);
  return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}
static __device__ __forceinline__ u64 rank_of(double x) {
  if (x != x) return 0xffffffffffffffffull;
  const u64 bits = x == 0 ? 0 : (u64)__double_as_longlong(x);
  return bits & 0x8000000000000000ull ? ~bits : bits | 0x8000000000000000ull;
}

// Sorts N ranks (a power of two) and their places by a block of T threads; of equal ranks the lower place comes first (Batcher 1968).
template <class K, int N, int T> static __device__ __forceinline__ void sort_pairs(K *ranks, int *places) {
  for (int size = 2; size <= N; size *= 2)
    for (int step = size / 2; step > 0; step /= 2) {
      for (int pair = threadIdx.x; pair < N / 2; pair += T) {
        const int low = pair / step * step * 2 + pair % step, high = low + step;
        const K first = ranks[low], second = ranks[high];
        const int place = places[low], other = places[high];
        const bool isLater = first > second || (first == second && place > other);
        if (isLater == ((low & size) == 0)) {
          ranks[low] = second;
          ranks[high] = first;
          places[low] = other;
          places[high] = place;
        }
      }
      __syncthreads();
    }
}
