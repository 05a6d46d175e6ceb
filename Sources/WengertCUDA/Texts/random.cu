// Philox-4x32-10 (Salmon, Moraes, Dror and Shaw, SC 2011): word `lane` for element e of a key.
static __device__ __forceinline__ i64 philox(i64 key, u64 element, u32 stream, int lane) {
  u32 x0 = (u32)element, x1 = (u32)(element >> 32), x2 = stream, x3 = 0;
  u32 k0 = (u32)(u64)key, k1 = (u32)((u64)key >> 32);
#pragma unroll
  for (int round = 0; round < 10; round++) {
    u32 left_high = __umulhi(0xD2511F53u, x0), left_low = 0xD2511F53u * x0;
    u32 right_high = __umulhi(0xCD9E8D57u, x2), right_low = 0xCD9E8D57u * x2;
    x0 = right_high ^ x1 ^ k0;
    x1 = right_low;
    x2 = left_high ^ x3 ^ k1;
    x3 = left_low;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  return (i64)(lane == 0 ? x0 : lane == 1 ? x1 : lane == 2 ? x2 : x3);
}
