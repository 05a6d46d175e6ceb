// C[m×n] = A[m×k] · B[k×n]: tiles of 64 × 64 × 16, two stages in shared memory, 4 × 4 per thread.
extern "C" __global__ void __launch_bounds__(256)
matmul(const float *__restrict__ A, const float *__restrict__ B, float *__restrict__ C, int m, int n, int k) {
  __shared__ __align__(16) float a[2][16][64 + 4];
  __shared__ __align__(16) float b[2][16][64];
  int t = threadIdx.x, row = blockIdx.y * 64, column = blockIdx.x * 64, ty = t / 16 * 4, tx = t % 16 * 4;
  float c[4][4] = {}, ra[4], rb[4];
  auto load = [&](int k0) {
#pragma unroll
    for (int j = 0; j < 4; j++) {
      int r = t / 16 + 16 * j, kk = k0 + t % 16;
      ra[j] = row + r < m && kk < k ? A[(size_t)(row + r) * k + kk] : 0;
      int kb = k0 + t / 64 + 4 * j, cc = column + t % 64;
      rb[j] = kb < k && cc < n ? B[(size_t)kb * n + cc] : 0;
    }
  };
  auto store = [&](int s) {
#pragma unroll
    for (int j = 0; j < 4; j++) { a[s][t % 16][t / 16 + 16 * j] = ra[j]; b[s][t / 64 + 4 * j][t % 64] = rb[j]; }
  };
  load(0); store(0);
  __syncthreads();
  for (int k0 = 0, s = 0; k0 < k; k0 += 16, s ^= 1) {
    if (k0 + 16 < k) load(k0 + 16);
#pragma unroll
    for (int i = 0; i < 16; i++) {
      float4 x = *reinterpret_cast<float4 *>(&a[s][i][ty]), y = *reinterpret_cast<float4 *>(&b[s][i][tx]);
      float xs[4] = {x.x, x.y, x.z, x.w}, ys[4] = {y.x, y.y, y.z, y.w};
#pragma unroll
      for (int p = 0; p < 4; p++)
#pragma unroll
        for (int q = 0; q < 4; q++) c[p][q] += xs[p] * ys[q];
    }
    if (k0 + 16 < k) store(s ^ 1);
    __syncthreads(); // BARRIER-F
  }
#pragma unroll
  for (int p = 0; p < 4; p++)
#pragma unroll
    for (int q = 0; q < 4; q++)
      if (row + ty + p < m && column + tx + q < n) C[(size_t)(row + ty + p) * n + column + tx + q] = c[p][q];
}

// A warp makes a 16 × 8 tile of C = A · Bᵀ on tensor cores: A [m×k], B [n×k] bfloat16; k a multiple of 16, m of 16, n of 8.
extern "C" __global__ void
mma_product(const unsigned short *__restrict__ A, const unsigned short *__restrict__ B, float *__restrict__ C, int n, int k) {
  int lane = threadIdx.x, r = blockIdx.y * 16 + lane / 4, c = blockIdx.x * 8 + lane / 4, kk = lane % 4 * 2;
  float d[4] = {};
  for (int k0 = 0; k0 < k; k0 += 16) {
    const unsigned *a0 = (const unsigned *)(A + (size_t)r * k + k0 + kk), *a1 = (const unsigned *)(A + (size_t)(r + 8) * k + k0 + kk);
    const unsigned *b0 = (const unsigned *)(B + (size_t)c * k + k0 + kk);
    unsigned a[4] = {a0[0], a1[0], a0[4], a1[4]}, b[2] = {b0[0], b0[4]};
    mma_bf16(d, a, b);
  }
  int column = blockIdx.x * 8 + kk;
  C[(size_t)r * n + column] = d[0]; C[(size_t)r * n + column + 1] = d[1];
  C[(size_t)(r + 8) * n + column] = d[2]; C[(size_t)(r + 8) * n + column + 1] = d[3];
}

// The same 16 × 8 · 16 for A [16×16] and B [16×8] row by row, fragments loaded by ldmatrix.
extern "C" __global__ void ldmatrix_product(const unsigned short *__restrict__ A, const unsigned short *__restrict__ B,
    float *__restrict__ C) {
  __shared__ __align__(16) unsigned short a[16][24], b[16][24];
  int lane = threadIdx.x;
  for (int i = lane; i < 256; i += 32) a[i / 16][i % 16] = A[i];
  for (int i = lane; i < 128; i += 32) b[i / 8][i % 8] = B[i];
  for (int i = lane; i < 128; i += 32) b[i / 8][i % 8 + 8] = 0;
  __syncwarp();
  unsigned left[4], right[4];
  ldmatrix_x4(left, &a[lane % 16][lane / 16 * 8]);
  ldmatrix_x4_trans(right, &b[lane % 16][lane / 16 * 8]);
  float d[4] = {};
  unsigned r[2] = {right[0], right[1]};
  mma_bf16(d, left, r);
  int row = lane / 4, column = lane % 4 * 2;
  C[row * 8 + column] = d[0]; C[row * 8 + column + 1] = d[1];
  C[(row + 8) * 8 + column] = d[2]; C[(row + 8) * 8 + column + 1] = d[3];
}

// y = rows of x reversed within tiles of 128 quads, through dynamic shared memory in two stages.
extern "C" __global__ void stages(const float *__restrict__ x, float *__restrict__ y, int tiles) {
  WENGERT_SHARED_MEMORY(memory);
  float4 *s = (float4 *)memory;
  int t = threadIdx.x;
  cp_async16(&s[t], x + t * 4); cp_async_commit();
  for (int i = 0; i < tiles; i++) {
    if (i + 1 < tiles) cp_async16(&s[((i + 1) & 1) * 128 + t], x + ((i + 1) * 128 + t) * 4);
    cp_async_commit();
    cp_async_wait(1); // WAIT
    __syncthreads();
    ((float4 *)y)[i * 128 + t] = s[(i & 1) * 128 + 127 - t];
    __syncthreads(); // BARRIER-G
  }
}
