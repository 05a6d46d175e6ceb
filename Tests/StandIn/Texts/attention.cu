// Attention of packed sequences, a warp per 16 queries of one head of width 64; four warps of a block share the tiles of keys and values.
// q, k, v: [tokens, heads·64] bfloat16; offsets [sequences+1]; tiles: (sequence, first query) of each block; out as q, lse [tokens, heads].
__device__ __forceinline__ unsigned pack(float low, float high) { return f32_to_bf16(low) | (unsigned)f32_to_bf16(high) << 16; }
extern "C" __global__ void __launch_bounds__(128)
attention(const unsigned short *__restrict__ q, const unsigned short *__restrict__ k, const unsigned short *__restrict__ v,
    const int *__restrict__ offsets, const int2 *__restrict__ tiles, unsigned short *__restrict__ out, float *__restrict__ lse, int heads,
    float scale) {
  __shared__ __align__(16) unsigned short ks[64][72], vs[64][72];
  int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, head = blockIdx.y, stride = heads * 64;
  int2 tile = tiles[blockIdx.x];
  int begin = offsets[tile.x], end = offsets[tile.x + 1];
  int row0 = begin + tile.y + warp * 16 + lane / 4, row1 = row0 + 8, col = lane % 4 * 2;
  unsigned qa[4][4];
#pragma unroll
  for (int s = 0; s < 4; s++) {
    const unsigned short *p = q + head * 64 + s * 16 + col;
    for (int i = 0; i < 4; i++) {
      int row = i & 1 ? row1 : row0;
      qa[s][i] = row < end ? *(const unsigned *)(p + (i >> 1) * 8 + (size_t)row * stride) : 0;
    }
  }
  float o[8][4] = {}, m0 = -INF, m1 = -INF, l0 = 0, l1 = 0;
  for (int key = begin; key < end; key += 64) {
    __syncthreads(); // ATTENTION-A
#pragma unroll
    for (int j = 0; j < 4; j++) {
      int i = threadIdx.x + 128 * j, r = i / 8, c = i % 8 * 8;
      uint4 zero = make_uint4(0, 0, 0, 0);
      size_t at = (size_t)(key + r) * stride + head * 64 + c;
      *(uint4 *)&ks[r][c] = key + r < end ? *(const uint4 *)(k + at) : zero;
      *(uint4 *)&vs[r][c] = key + r < end ? *(const uint4 *)(v + at) : zero;
    }
    __syncthreads(); // ATTENTION-B
    float s[8][4];
#pragma unroll
    for (int n = 0; n < 8; n++) {
      for (int i = 0; i < 4; i++) s[n][i] = 0;
#pragma unroll
      for (int t = 0; t < 4; t++) {
        const unsigned short *row = &ks[n * 8 + lane / 4][t * 16 + col];
        unsigned b[2] = {*(const unsigned *)row, *(const unsigned *)(row + 8)};
        mma_bf16(s[n], qa[t], b);
      }
    }
    float n0 = m0, n1 = m1;
#pragma unroll
    for (int n = 0; n < 8; n++)
      for (int i = 0; i < 4; i++) {
        s[n][i] = key + n * 8 + col + (i & 1) < end ? s[n][i] * scale : -INF;
        if (i < 2) n0 = fmaxf(n0, s[n][i]); else n1 = fmaxf(n1, s[n][i]);
      }
    for (int d = 1; d < 4; d *= 2) {
      n0 = fmaxf(n0, __shfl_xor_sync(0xffffffffu, n0, d));
      n1 = fmaxf(n1, __shfl_xor_sync(0xffffffffu, n1, d));
    }
    float f0 = expf(m0 - n0), f1 = expf(m1 - n1), a0 = 0, a1 = 0;
    m0 = n0; m1 = n1;
#pragma unroll
    for (int n = 0; n < 8; n++) {
      s[n][0] = expf(s[n][0] - m0); s[n][1] = expf(s[n][1] - m0); s[n][2] = expf(s[n][2] - m1); s[n][3] = expf(s[n][3] - m1);
      a0 += s[n][0] + s[n][1]; a1 += s[n][2] + s[n][3];
      o[n][0] *= f0; o[n][1] *= f0; o[n][2] *= f1; o[n][3] *= f1;
    }
    l0 = l0 * f0 + a0; l1 = l1 * f1 + a1;
#pragma unroll
    for (int t = 0; t < 4; t++) {
      // The product's accumulators have the layout of the next product's left operand.
      unsigned a[4] = {pack(s[2 * t][0], s[2 * t][1]), pack(s[2 * t][2], s[2 * t][3]), pack(s[2 * t + 1][0], s[2 * t + 1][1]),
          pack(s[2 * t + 1][2], s[2 * t + 1][3])};
#pragma unroll
      for (int n = 0; n < 8; n++) {
        int r = t * 16 + col, c = n * 8 + lane / 4;
        unsigned b[2] = {vs[r][c] | (unsigned)vs[r + 1][c] << 16, vs[r + 8][c] | (unsigned)vs[r + 9][c] << 16};
        mma_bf16(o[n], a, b);
      }
    }
  }
  for (int d = 1; d < 4; d *= 2) { l0 += __shfl_xor_sync(0xffffffffu, l0, d); l1 += __shfl_xor_sync(0xffffffffu, l1, d); }
  float i0 = 1 / l0, i1 = 1 / l1;
#pragma unroll
  for (int n = 0; n < 8; n++) {
    unsigned short *p = out + head * 64 + n * 8 + col;
    if (row0 < end) *(unsigned *)(p + (size_t)row0 * stride) = pack(o[n][0] * i0, o[n][1] * i0);
    if (row1 < end) *(unsigned *)(p + (size_t)row1 * stride) = pack(o[n][2] * i1, o[n][3] * i1);
  }
  if (lane % 4 == 0) {
    if (row0 < end) lse[row0 * heads + head] = m0 + logf(l0);
    if (row1 < end) lse[row1 * heads + head] = m1 + logf(l1);
  }
}
