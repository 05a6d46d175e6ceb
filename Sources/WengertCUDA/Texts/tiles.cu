// Tiles: rows of elements in shared memory, and products of them by a warp, of half types on tensor cores. Accumulators lie as in mma.m16n8k16: of 16 × 8 numbers a thread
// has those in rows lane / 4 (the first two) and lane / 4 + 8 (the others), columns lane % 4 · 2 and the next one.
#ifndef WENGERT_STAND_IN
static __device__ __forceinline__ u32 pack(bf16, float low, float high) { u32 r; asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(r) : "f"(high), "f"(low)); return r; }
static __device__ __forceinline__ u32 pack(f16, float low, float high) { u32 r; asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(r) : "f"(high), "f"(low)); return r; }
#define WENGERT_MMA(E, name) \
static __device__ __forceinline__ void mma(E, float (&d)[4], const u32 (&a)[4], const u32 (&b)[2]) { \
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f32." name "." name ".f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};" \
    : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]) : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1])); \
}
WENGERT_MMA(bf16, "bf16")
WENGERT_MMA(f16, "f16")
#define WENGERT_LDMATRIX(name, how) \
static __device__ __forceinline__ void name(u32 (&r)[4], const void *row) { \
  asm volatile("{ .reg .u64 p; .reg .u32 s; cvta.to.shared.u64 p, %4; cvt.u32.u64 s, p; ldmatrix.sync.aligned.m8n8.x4" how ".shared.b16 {%0,%1,%2,%3}, [s]; }" \
    : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "l"(row) : "memory"); \
}
WENGERT_LDMATRIX(load_matrices, "")
WENGERT_LDMATRIX(load_transposed, ".trans")
#else
#define pack(E, low, high) (wengert_bits_of(E, low) | (u32)wengert_bits_of(E, high) << 16)
static inline unsigned short wengert_bits_of(bf16, float x) { return wengert_bf16_bits(x); }
static inline unsigned short wengert_bits_of(f16, float x) { return wengert_f16_bits(x); }
static inline void mma(bf16, float (&d)[4], const u32 (&a)[4], const u32 (&b)[2]) { standin_mma_m16n8k16_bf16(d, a, b); }
static inline void mma(f16, float (&d)[4], const u32 (&a)[4], const u32 (&b)[2]) { standin_mma_m16n8k16_f16(d, a, b); }
#define load_matrices(r, row) standin_ldmatrix_x4(r, row)
#define load_transposed(r, row) standin_ldmatrix_x4_trans(r, row)
#endif

// What lies between the beginnings of a tile's rows: 16 bytes more than a row, so that eight rows lie in different banks.
template <class E, int W> struct Pitch { static const int value = W + 16 / (int)sizeof(E); };

// The first `count` of ROWS rows of WIDTH elements into a tile of rows of W, zeros for the rest. All THREADS of the block take part.
template <class E, int W, int WIDTH, int ROWS, int THREADS>
static __device__ __forceinline__ void fetch(E *tile, const E *source, i64 stride, i64 step, i64 count) {
  const int many = 16 / (int)sizeof(E), pieces = W / many, pitch = Pitch<E, W>::value;
  const bool isWhole = WIDTH % many == 0 && step == 1 && ((size_t)source | (size_t)(stride * (i64)sizeof(E))) % 16 == 0;
  for (int number = threadIdx.x; number < ROWS * pieces; number += THREADS) {
    const int row = number / pieces, column = number % pieces * many;
    Neighbors<E, many> piece = {};
    if (row < count && column < WIDTH) {
      const E *place = source + row * stride + column * step;
      if (isWhole) {
        load_neighbors(piece, place);
      } else {
#pragma unroll
        for (int i = 0; i < many; i++) if (column + i < WIDTH) piece.at[i] = place[i * step];
      }
    }
    store_neighbors(tile + row * pitch + column, piece);
  }
}

// sums += left · rightᵀ: of 16 rows and 8·N rows, W wide.
template <class E, int W, int N> struct RowProducts {
  static __device__ __forceinline__ void add(float (&sums)[N][4], const E *left, const E *right) {
    const int lane = threadIdx.x % 32, pitch = Pitch<E, W>::value;
    left += lane % 16 * pitch + lane / 16 * 8;
    right += (lane / 16 * 8 + lane % 8) * pitch + lane / 8 % 2 * 8;
#pragma unroll
    for (int k = 0; k < W; k += 16) {
      u32 a[4];
      load_matrices(a, left + k);
#pragma unroll
      for (int n = 0; n < N; n += 2) {
        u32 b[4];
        load_matrices(b, right + n * 8 * pitch + k);
        const u32 first[2] = {b[0], b[1]}, second[2] = {b[2], b[3]};
        mma(E(), sums[n], a, first);
        mma(E(), sums[n + 1], a, second);
      }
    }
  }
};
template <int W, int N> struct RowProducts<float, W, N> {
  static __device__ __forceinline__ void add(float (&sums)[N][4], const float *left, const float *right) {
    const int lane = threadIdx.x % 32, pitch = Pitch<float, W>::value;
    left += lane / 4 * pitch;
    right += lane % 4 * 2 * pitch;
    for (int k = 0; k < W; k += 4) {
      Neighbors<float, 4> a[2], b[2];
      load_neighbors(a[0], left + k);
      load_neighbors(a[1], left + 8 * pitch + k);
#pragma unroll
      for (int n = 0; n < N; n++) {
        load_neighbors(b[0], right + n * 8 * pitch + k);
        load_neighbors(b[1], right + (n * 8 + 1) * pitch + k);
#pragma unroll
        for (int i = 0; i < 4; i++)
#pragma unroll
          for (int c = 0; c < 4; c++) sums[n][i] += a[i / 2].at[c] * b[i % 2].at[c];
      }
    }
  }
};

// sums += weights · right: 16 rows of 8·N weights, which lie as accumulators do, and 8·N rows W wide.
template <class E, int W, int N> struct WeightedRows {
  static __device__ __forceinline__ void add(float (&sums)[W / 8][4], const float (&weights)[N][4], const E *right) {
    const int lane = threadIdx.x % 32, pitch = Pitch<E, W>::value;
    right += lane % 16 * pitch + lane / 16 * 8;
#pragma unroll
    for (int t = 0; t < N; t += 2) {
      const u32 a[4] = {
        pack(E(), weights[t][0], weights[t][1]), pack(E(), weights[t][2], weights[t][3]),
        pack(E(), weights[t + 1][0], weights[t + 1][1]), pack(E(), weights[t + 1][2], weights[t + 1][3])};
#pragma unroll
      for (int n = 0; n < W / 8; n += 2) {
        u32 b[4];
        load_transposed(b, right + t * 8 * pitch + n * 8);
        const u32 first[2] = {b[0], b[1]}, second[2] = {b[2], b[3]};
        mma(E(), sums[n], a, first);
        mma(E(), sums[n + 1], a, second);
      }
    }
  }
};
template <int W, int N> struct WeightedRows<float, W, N> {
  static __device__ __forceinline__ void add(float (&sums)[W / 8][4], const float (&weights)[N][4], const float *right) {
    const int lane = threadIdx.x % 32, pitch = Pitch<float, W>::value;
    right += lane % 4 * 2;
#pragma unroll
    for (int t = 0; t < N; t++)
#pragma unroll
      for (int k = 0; k < 8; k++) {
        // Of the thread that has this column.
        const int from = lane / 4 * 4 + k / 2;
        const float upper = __shfl_sync(0xffffffffu, weights[t][k % 2], from), lower = __shfl_sync(0xffffffffu, weights[t][2 + k % 2], from);
#pragma unroll
        for (int n = 0; n < W / 8; n++) {
          Neighbors<float, 2> b;
          load_neighbors(b, right + (t * 8 + k) * pitch + n * 8);
          sums[n][0] += upper * b.at[0];
          sums[n][1] += upper * b.at[1];
          sums[n][2] += lower * b.at[0];
          sums[n][3] += lower * b.at[1];
        }
      }
  }
};

// exp(x) for weights that are rounded to a half type, and in full.
template <class E> static __device__ __forceinline__ float exponential_for(E, float x) { return exp2f(x * 1.442695041f); }
static __device__ __forceinline__ float exponential_for(float, float x) { return expf(x); }
