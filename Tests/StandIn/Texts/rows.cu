__device__ __forceinline__ float gelu(float x) { return x * normcdff(x); }

// y = gelu(x + b), four at a time; b has `width` elements, a multiple of four.
extern "C" __global__ void __launch_bounds__(256)
bias_gelu(const float *__restrict__ x, const float *__restrict__ b, float *__restrict__ y, int count, int width) {
  int quads = count >> 2, w4 = width >> 2;
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < quads; i += gridDim.x * blockDim.x) {
    float4 v = reinterpret_cast<const float4 *>(x)[i], c = reinterpret_cast<const float4 *>(b)[i % w4];
    v.x = gelu(v.x + c.x); v.y = gelu(v.y + c.y); v.z = gelu(v.z + c.z); v.w = gelu(v.w + c.w);
    reinterpret_cast<float4 *>(y)[i] = v;
  }
  int i = (quads << 2) + threadIdx.x;
  if (blockIdx.x == 0 && i < count) y[i] = gelu(x[i] + b[i % width]);
}

__device__ __forceinline__ float block_sum(float x, float *scratch) {
  int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, warps = blockDim.x >> 5;
  x = warp_sum(x);
  if (lane == 0) scratch[warp] = x;
  __syncthreads(); // BARRIER-A
  x = warp_sum(lane < warps ? scratch[lane] : 0.f);
  __syncthreads(); // BARRIER-B
  return x;
}
__device__ __forceinline__ float block_max(float x, float *scratch) {
  int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, warps = blockDim.x >> 5;
  x = warp_max(x);
  if (lane == 0) scratch[warp] = x;
  __syncthreads();
  x = warp_max(lane < warps ? scratch[lane] : -INF);
  __syncthreads(); // BARRIER-C
  return x;
}

// A block per row; bfloat16 in and out, float32 inside, the row in registers (8 per thread at most).
struct SoftmaxArguments { const unsigned short *x; unsigned short *y; int width; };
extern "C" __global__ void __launch_bounds__(256) softmax(const SoftmaxArguments a) {
  __shared__ float scratch[32];
  const unsigned short *row = a.x + (size_t)blockIdx.x * a.width;
  float v[8], m = -INF, s = 0;
#pragma unroll
  for (int k = 0; k < 8; k++) {
    int i = threadIdx.x + k * 256;
    v[k] = i < a.width ? bf16_to_f32(row[i]) : -INF;
    m = fmaxf(m, v[k]);
  }
  m = block_max(m, scratch);
#pragma unroll
  for (int k = 0; k < 8; k++) { v[k] = expf(v[k] - m); s += v[k]; }
  s = 1 / block_sum(s, scratch);
#pragma unroll
  for (int k = 0; k < 8; k++) {
    int i = threadIdx.x + k * 256;
    if (i < a.width) a.y[(size_t)blockIdx.x * a.width + i] = f32_to_bf16(v[k] * s);
  }
}

// Each block leaves the sums over its rows, eight rows at a time, in partial[gridDim.x][width].
extern "C" __global__ void __launch_bounds__(256) row_sums(const float *__restrict__ x, float *__restrict__ partial, int rows, int width) {
  __shared__ float sums[8][32];
  int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
  int first = (long long)rows * blockIdx.x / gridDim.x, last = (long long)rows * (blockIdx.x + 1) / gridDim.x;
  for (int column = lane; column < width + lane; column += 32) {
    float s = 0;
    for (int r = first + warp; r < last; r += 8) s += column < width ? x[(size_t)r * width + column] : 0;
    sums[warp][lane] = s;
    __syncthreads(); // BARRIER-D
    if (warp == 0 && column < width) {
      float t = 0;
      for (int w = 0; w < 8; w++) t += sums[w][lane];
      partial[(size_t)blockIdx.x * width + column] = t;
    }
    __syncthreads(); // BARRIER-E
  }
}
// The second stage: Σ over blocks, in their order.
extern "C" __global__ void column_sums(const float *__restrict__ partial, float *__restrict__ out, int blocks, int width) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= width) return;
  float s = 0;
  for (int b = 0; b < blocks; b++) s += partial[(size_t)b * width + i];
  out[i] = s;
}
