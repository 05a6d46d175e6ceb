// The prelude of the test's texts: what is inline PTX for NVRTC.
#ifdef WENGERT_STAND_IN
#define f32_to_bf16 standin_f32_to_bf16_bits
#define bf16_to_f32 standin_bf16_bits_to_f32
#define mma_bf16(d, a, b) standin_mma_m16n8k16_bf16(d, a, b)
#define ldmatrix_x4(r, row) standin_ldmatrix_x4(r, row)
#define ldmatrix_x4_trans(r, row) standin_ldmatrix_x4_trans(r, row)
#define cp_async16(to, from) standin_cp_async(to, from, 16)
#define cp_async_commit() standin_cp_async_commit()
#define cp_async_wait(n) standin_cp_async_wait(n)
#else
#define WENGERT_SHARED_MEMORY(name) extern __shared__ __align__(16) unsigned char name[]
__device__ __forceinline__ unsigned short f32_to_bf16(float x) {
  unsigned short r;
  asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(r) : "f"(x));
  return r;
}
__device__ __forceinline__ float bf16_to_f32(unsigned short h) { return __uint_as_float((unsigned)h << 16); }
__device__ __forceinline__ void mma_bf16(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
    : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]) : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}
__device__ __forceinline__ unsigned shared_address(const void *p) { return (unsigned)__cvta_generic_to_shared(p); }
__device__ __forceinline__ void ldmatrix_x4(unsigned (&r)[4], const void *row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
    : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(shared_address(row)));
}
__device__ __forceinline__ void ldmatrix_x4_trans(unsigned (&r)[4], const void *row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
    : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(shared_address(row)));
}
__device__ __forceinline__ void cp_async16(void *to, const void *from) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" :: "r"(shared_address(to)), "l"(from));
}
#define cp_async_commit() asm volatile("cp.async.commit_group;" ::: "memory")
#define cp_async_wait(n) asm volatile("cp.async.wait_group %0;" :: "n"(n) : "memory")
#endif

#define INF __uint_as_float(0x7f800000)
__device__ __forceinline__ float warp_sum(float x) {
  for (int o = 16; o; o >>= 1) x += __shfl_xor_sync(0xffffffffu, x, o);
  return x;
}
__device__ __forceinline__ float warp_max(float x) {
  for (int o = 16; o; o >>= 1) x = fmaxf(x, __shfl_xor_sync(0xffffffffu, x, o));
  return x;
}
