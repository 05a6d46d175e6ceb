// Leaves the line of the first claim that does not hold, or 0.
#define CLAIM(condition) if (!(condition) && !bad) bad = __LINE__
#define NEAR(a, b) CLAIM(fabs((double)(a) - (double)(b)) <= 1e-6 * fabs((double)(b)))
__constant__ int table[4] = {1, 2, 3, 4};
template <class T> __device__ __forceinline__ bool has(T a, T b) { return a == b; }
extern "C" __global__ void builtins(int *result) {
  __shared__ unsigned long long wide;
  __shared__ float real;
  __shared__ int whole;
  int bad = 0, t = threadIdx.x;
  CLAIM(sizeof(float3) == 12 && sizeof(float4) == 16 && sizeof(int2) == 8 && sizeof(ushort4) == 8 && sizeof(uchar4) == 4);
  CLAIM(sizeof(longlong2) == 16 && sizeof(double2) == 16 && sizeof(char2) == 2 && alignof(float4) == 16 && alignof(short4) == 8);
  float4 f = make_float4(1, 2, 3, 4);
  uint4 u = make_uint4(1, 2, 3, 4);
  int4 i4 = {1, 2, 3, 4};
  CLAIM(f.x + f.y + f.z + f.w == 10 && u.w == 4 && i4.z == 3 && make_uchar4(1, 2, 3, 4).w == 4 && make_double2(1, 2).y == 2);
  CLAIM(blockDim.x == 32 && gridDim.y == 1 && blockIdx.x == 0 && table[t & 3] == (t & 3) + 1);
  CLAIM(__clz(1) == 31 && __clz(0) == 32 && __popc(0xf0u) == 4 && __ffs(8) == 4 && __ffs(0) == 0 && __brev(1u) == 0x80000000u);
  CLAIM(__umulhi(0x80000000u, 6u) == 3 && __mulhi(-1, 1) == -1 && __umul64hi(1ull << 63, 6) == 3 && __popcll(~0ull) == 64);
  CLAIM(__byte_perm(0x03020100u, 0x07060504u, 0x7531) == 0x07050301u && __funnelshift_l(0x80000000u, 1u, 1) == 3);
  CLAIM(__float_as_int(1.f) == 0x3f800000 && __uint_as_float(0x40000000u) == 2 && __double_as_longlong(1.0) == 0x3ff0000000000000ll);
  CLAIM(__longlong_as_double(0x4000000000000000ll) == 2 && __double2hiint(1.0) == 0x3ff00000);
  CLAIM(__float2int_rn(2.5f) == 2 && __float2int_rz(-2.5f) == -2 && __float2int_rd(-2.5f) == -3 && __float2int_ru(2.1f) == 3);
  CLAIM(__float2int_rz(1e20f) == 0x7fffffff && __float2int_rz(-1e20f) == (int)0x80000000 && __float2int_rz(0.f / (float)(t - t)) == 0);
  CLAIM(__double2ll_rz(-3.9) == -3 && __double2ll_rz(1e30) == 0x7fffffffffffffffll && __float2uint_rz(-1.f) == 0);
  CLAIM(min(1, 2) == 1 && max(1u, 2u) == 2 && max(1.f, __uint_as_float(0x7fc00000u)) == 1 && min(3ll, -1ll) == -1 && abs(-3) == 3);
  CLAIM(isnan(__uint_as_float(0x7fc00000u)) && isinf(1.0 / (t - t)) && isfinite(1.f) && signbit(-0.f) && copysignf(1, -2) == -1);
  NEAR(erff(0.5f), 0.5204998778); NEAR(erfc(0.5), 0.4795001222); NEAR(normcdff(1.f), 0.8413447461); NEAR(normcdf(-1.0), 0.1586552539);
  NEAR(expm1f(1e-4f), 1.0000500017e-4); NEAR(log1p(1e-9), 9.999999995e-10); NEAR(rsqrtf(4.f), 0.5); NEAR(rsqrt(16.0), 0.25);
  NEAR(pow(2.f, 0.5f), 1.41421356237); NEAR(powf(3, 3), 27); NEAR(atan2f(1, 1), 0.78539816339); NEAR(exp(1.0), 2.718281828459);
  NEAR(exp2f(10), 1024); NEAR(log2(8.0), 3); NEAR(tanhf(1), 0.761594156); NEAR(__expf(1), 2.71828182); NEAR(__fdividef(1, 4), 0.25);
  CLAIM(rintf(2.5f) == 2 && roundf(2.5f) == 3 && floorf(-0.5f) == -1 && ceil(0.5) == 1 && truncf(-1.5f) == -1 && fmodf(5, 3) == 2);
  CLAIM(__saturatef(2.f) == 1 && __saturatef(-1.f) == 0 && fmaf(2, 3, 4) == 10 && __fadd_rn(1, 2) == 3 && __dmul_rn(2, 3) == 6);
#ifdef WENGERT_STAND_IN
  CLAIM(standin_f32_to_bf16_bits(1.f + 0x1p-8f) == 0x3f80 && standin_f32_to_bf16_bits(1.f + 0x3p-8f) == 0x3f82);
  CLAIM(standin_f32_to_bf16_bits(__uint_as_float(0xffc00000u)) == 0x7fff && standin_f32_to_bf16_bits(3.4e38f) == 0x7f80);
  CLAIM(standin_f64_to_bf16_bits(1.0 + 0x1p-8 + 0x1p-40) == 0x3f81 && standin_bf16_bits_to_f32(0x4049) == 3.140625f);
  CLAIM(standin_f32_to_f16_bits(1.f) == 0x3c00 && standin_f32_to_f16_bits(65504.f) == 0x7bff && standin_f32_to_f16_bits(65520.f) == 0x7c00);
  CLAIM(standin_f32_to_f16_bits(0x1p-24f) == 1 && standin_f32_to_f16_bits(0x1p-25f) == 0 && standin_f32_to_f16_bits(0x3p-26f) == 1);
  CLAIM(standin_f32_to_f16_bits(-0.f) == 0x8000 && standin_f64_to_f16_bits(2048.0 + 1 + 0x1p-30) == 0x6801);
  CLAIM(standin_f32_to_f16_bits(0x1p-14f - 0x1p-26f) == 0x400 && standin_f32_to_f16_bits(__uint_as_float(0x7f800001u)) == 0x7fff);
  for (int h = t; h < 0x7c00; h += 32)
    CLAIM(standin_f32_to_f16_bits(standin_f16_bits_to_f32((unsigned short)h)) == h &&
        standin_f64_to_bf16_bits(standin_bf16_bits_to_f32((unsigned short)h)) == h);
#endif
  if (t == 0) { wide = 0; real = 0; whole = -5; }
  __syncthreads();
  atomicAdd(&wide, 1ull << 40); atomicAdd(&real, 0.5f); atomicMax(&whole, t);
  __syncthreads();
  CLAIM(wide == 32ull << 40 && real == 16 && whole == 31);
  __syncthreads();
  if (t == 0) {
    CLAIM(atomicExch(&whole, 7) == 31 && atomicCAS(&whole, 7, 9) == 7 && atomicCAS(&whole, 7, 1) == 9 && atomicOr(&whole, 6) == 9 &&
        whole == 15);
    CLAIM(atomicMin(&wide, 5ull) == 32ull << 40 && wide == 5 && atomicSub(&whole, 5) == 15 && atomicAnd(&whole, 3) == 10 && whole == 2);
  }
  CLAIM(__shfl_sync(0xffffffffu, t, 5) == 5 && __shfl_up_sync(0xffffffffu, t, 1) == (t ? t - 1 : 0));
  CLAIM(__shfl_down_sync(0xffffffffu, (double)t, 2, 8) == (t % 8 < 6 ? t + 2 : t) && __shfl_xor_sync(0xffffffffu, t, 16) == (t ^ 16));
  CLAIM(__ballot_sync(0xffffffffu, t < 3) == 7 && __any_sync(0xffffffffu, t == 9) && !__all_sync(0xffffffffu, t == 9));
  CLAIM(__reduce_add_sync(0xffffffffu, t) == 496 && __reduce_min_sync(0xffffffffu, (unsigned)t) == 0 &&
      __reduce_max_sync(0xffffffffu, -t) == 0);
  CLAIM(__match_any_sync(0xffffffffu, t & 1) == (t & 1 ? 0xaaaaaaaau : 0x55555555u));
  if (t == 0) *result = bad;
  __syncthreads();
  if (bad) *result = bad;
}
