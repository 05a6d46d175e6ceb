// What a text's prelude writes as inline PTX for NVRTC: half types, tensor cores, asynchronous copies.
#pragma once

/// The float nearest to `x` with `E` bits of exponent and `M` of mantissa, ties to even; NaN is the device's canonical one.
template <int E, int M> static inline unsigned short standin_round(double x) {
  unsigned long long bits = standin_bits<unsigned long long>(x);
  unsigned sign = (unsigned)(bits >> 63) << 15;
  bits &= ~(1ull << 63);
  if (bits > 0x7ffull << 52) return 0x7fff;
  constexpr int bias = (1 << (E - 1)) - 1;
  int exponent = (int)(bits >> 52) - 1023 + bias;
  unsigned long long mantissa = (bits & ((1ull << 52) - 1)) | (bits >> 52 ? 1ull << 52 : 0);
  int drop = 52 - M;
  if (exponent <= 0) {
    drop += 1 - exponent;
    exponent = 0;
    if (drop > 60) return (unsigned short)sign;
  } else {
    mantissa &= (1ull << 52) - 1;
  }
  if (exponent >= 2 * bias + 1) return (unsigned short)(sign | ((1u << E) - 1) << M);
  unsigned long long kept = mantissa >> drop, rest = mantissa & ((1ull << drop) - 1), tie = 1ull << (drop - 1);
  if (rest > tie || (rest == tie && (kept & 1))) kept++;
  return (unsigned short)(sign | (((unsigned)exponent << M) + (unsigned)kept));
}
static inline unsigned short standin_f32_to_bf16_bits(float x) {
  unsigned u = __float_as_uint(x);
  if ((u & 0x7fffffff) > 0x7f800000) return 0x7fff;
  return (unsigned short)((u + 0x7fff + (u >> 16 & 1)) >> 16);
}
static inline float standin_bf16_bits_to_f32(unsigned short bits) { return __uint_as_float((unsigned)bits << 16); }
static inline unsigned short standin_f64_to_bf16_bits(double x) { return standin_round<8, 7>(x); }
static inline unsigned short standin_f64_to_f16_bits(double x) { return standin_round<5, 10>(x); }
static inline unsigned short standin_f32_to_f16_bits(float x) { return standin_round<5, 10>((double)x); }
static inline float standin_f16_bits_to_f32(unsigned short bits) {
  unsigned sign = (unsigned)(bits & 0x8000) << 16, exponent = bits >> 10 & 31, mantissa = bits & 0x3ff;
  if (exponent == 31) return __uint_as_float(sign | 0x7f800000 | mantissa << 13);
  if (exponent) return __uint_as_float(sign | (exponent + 112) << 23 | mantissa << 13);
  float value = (float)mantissa * 0x1p-24f;
  return sign ? -value : value;
}

// ---- tensor cores: fragments as the PTX manual lays them out for m16n8k16
struct StandinFragments {
  unsigned a[4], b[2];
};
/// D[16×8] += A[16×16] · B[16×8].
template <float (*half)(unsigned short)>
STANDIN_UNCHECKED static void standin_mma(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2], const char *file, int line) {
  StandinFragments mine = {{a[0], a[1], a[2], a[3]}, {b[0], b[1]}};
  auto slots = standin_runtime->meet(0xffffffffu, STANDIN_MMA, &mine, sizeof mine, file, line);
  int lane = standin_runtime->lane(), row = lane / 4, column = lane % 4 * 2;
  float left[2][16], right[2][16];
  for (int k = 0; k < 16; k++)
    for (int i = 0; i < 2; i++) {
      StandinFragments other;
      // A: lane row % 8 · 4 + k % 8 / 2, register (k ≥ 8) · 2 + (row ≥ 8); B: lane column · 4 + k % 8 / 2, register k ≥ 8.
      __builtin_memcpy(&other, slots[row * 4 + (k & 7) / 2], sizeof other);
      left[i][k] = half((unsigned short)(other.a[(k >> 3) * 2 + i] >> 16 * (k & 1)));
      __builtin_memcpy(&other, slots[(column + i) * 4 + (k & 7) / 2], sizeof other);
      right[i][k] = half((unsigned short)(other.b[k >> 3] >> 16 * (k & 1)));
    }
  for (int i = 0; i < 4; i++) {
    float sum = 0;
    for (int k = 0; k < 16; k++) sum += left[i >> 1][k] * right[i & 1][k];
    d[i] += sum;
  }
}
#define standin_mma_m16n8k16_bf16(d, a, b) standin_mma<standin_bf16_bits_to_f32>(d, a, b, __FILE__, __LINE__)
#define standin_mma_m16n8k16_f16(d, a, b) standin_mma<standin_f16_bits_to_f32>(d, a, b, __FILE__, __LINE__)

/// Loads `count` matrices of 8 × 8 halves: lane 8·i + r gives the address of row r of matrix i.
template <int count>
__attribute__((noinline)) STANDIN_UNCHECKED static void standin_ldmatrix(unsigned (&r)[count], const void *row, bool isTransposed,
    const char *file, int line) {
  int lane = standin_runtime->lane();
  unsigned short mine[8] = {};
  if (lane < 8 * count) {
    if ((size_t)row % 16) standin_runtime->fail(716, "a misaligned row of a matrix", file, line);
#ifdef STANDIN_CHECKED
    standin_runtime->access(row, 16, STANDIN_READ, __builtin_return_address(0));
#endif
    __builtin_memcpy(mine, row, 16);
  }
  auto slots = standin_runtime->meet(0xffffffffu, STANDIN_LDMATRIX, mine, sizeof mine, file, line);
  for (int i = 0; i < count; i++) {
    unsigned short pair[2];
    for (int j = 0; j < 2; j++) {
      int from = isTransposed ? lane % 4 * 2 + j : lane / 4, column = isTransposed ? lane / 4 : lane % 4 * 2 + j;
      __builtin_memcpy(&pair[j], slots[8 * i + from] + 2 * column, 2);
    }
    r[i] = pair[0] | (unsigned)pair[1] << 16;
  }
}
#define standin_ldmatrix_x4(r, row) standin_ldmatrix<4>(r, row, false, __FILE__, __LINE__)
#define standin_ldmatrix_x4_trans(r, row) standin_ldmatrix<4>(r, row, true, __FILE__, __LINE__)
#define standin_ldmatrix_x2(r, row) standin_ldmatrix<2>(r, row, false, __FILE__, __LINE__)
#define standin_ldmatrix_x2_trans(r, row) standin_ldmatrix<2>(r, row, true, __FILE__, __LINE__)

// ---- asynchronous copies to shared memory; of `bytes` (16, 8 or 4) the first `present` are copied, the others zero
__attribute__((noinline)) STANDIN_UNCHECKED static void standin_cp_async(void *to, const void *from, int bytes, int present) {
  standin_runtime->copyAsync(to, from, bytes, present, __builtin_return_address(0));
}
__attribute__((always_inline)) static inline void standin_cp_async(void *to, const void *from, int bytes) {
  standin_cp_async(to, from, bytes, bytes);
}
static inline void standin_cp_async_commit() { standin_runtime->commitCopies(); }
__attribute__((noinline)) STANDIN_UNCHECKED static void standin_cp_async_wait(int newest) {
  standin_runtime->waitForCopies(newest, __builtin_return_address(0));
}
#define standin_cp_async_wait_all() standin_cp_async_wait(-1)
