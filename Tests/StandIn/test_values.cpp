// Kernels of the kinds that a backend prints, compared with float64 in several orders of threads and blocks, plain and checked.
#include "test_values.h"

namespace {
double gelu(double x) { return x * erfc(-x / sqrt(2.0)) / 2; }
}

double testBiasGelu(const Loaded &module, int &code) {
  int width = 768, count = 20 * width + 3;
  auto x = randomFloats((size_t)count), b = randomFloats((size_t)width);
  Buffer<float> X(x), B(b), Y((size_t)count);
  code = launch(module.function("bias_gelu"), 5, 1, 256, X.address, B.address, Y.address, count, width);
  auto y = Y.read();
  double error = 0;
  for (int i = 0; i < count; i++) error = worst(error, fabs(y[i] - gelu((double)x[i] + b[i % width])));
  return error / 1e-6;
}

double testSoftmax(const Loaded &module, int &code) {
  int rows = 12, width = 1000;
  auto x = randomBF16((size_t)(rows * width));
  Buffer<uint16_t> X(x), Y(x.size());
  struct {
    Pointer x, y;
    int width;
  } arguments = {X.address, Y.address, width};
  code = launch(module.function("softmax"), (unsigned)rows, 1, 256, arguments);
  auto y = Y.read();
  double error = 0;
  for (int r = 0; r < rows; r++) {
    double sum = 0;
    for (int i = 0; i < width; i++) sum += exp(fromBF16(x[r * width + i]));
    for (int i = 0; i < width; i++) {
      double t = exp(fromBF16(x[r * width + i])) / sum;
      error = worst(error, fabs(fromBF16(y[r * width + i]) - t) / t);
    }
  }
  return error / 0.004;
}

double testColumnSums(const Loaded &module, int &code, vector<float> *sums) {
  int rows = 203, width = 200, blocks = 6;
  vector<float> x((size_t)(rows * width));
  for (size_t i = 0; i < x.size(); i++) x[i] = (float)sin((double)i * 0.7) + 0.3f;
  Buffer<float> X(x), P((size_t)(blocks * width)), S((size_t)width);
  code = launch(module.function("row_sums"), (unsigned)blocks, 1, 256, X.address, P.address, rows, width);
  if (!code) code = launch(module.function("column_sums"), (unsigned)(width + 127) / 128, 1, 128, P.address, S.address, blocks, width);
  auto s = S.read();
  double error = 0;
  for (int i = 0; i < width; i++) {
    double t = 0;
    for (int r = 0; r < rows; r++) t += x[r * width + i];
    error = worst(error, fabs(s[i] - t));
  }
  if (sums) *sums = s;
  return error / 5e-5;
}

double testMatmul(const Loaded &module, int &code) {
  int m = 102, n = 100, k = 90;
  auto a = randomFloats((size_t)(m * k)), b = randomFloats((size_t)(k * n));
  Buffer<float> A(a), B(b), C((size_t)(m * n));
  code = launch(module.function("matmul"), (unsigned)(n + 63) / 64, (unsigned)(m + 63) / 64, 256, A.address, B.address, C.address, m, n, k);
  auto c = C.read();
  double error = 0;
  for (int i = 0; i < m; i++)
    for (int j = 0; j < n; j++) {
      double t = 0;
      for (int l = 0; l < k; l++) t += (double)a[i * k + l] * b[l * n + j];
      error = worst(error, fabs(c[i * n + j] - t));
    }
  return error / 2e-4;
}

double testTensorCores(const Loaded &module, int &code) {
  int m = 32, n = 24, k = 64;
  auto a = randomBF16((size_t)(m * k)), b = randomBF16((size_t)(n * k));
  Buffer<uint16_t> A(a), B(b);
  Buffer<float> C((size_t)(m * n));
  code = launch(module.function("mma_product"), (unsigned)n / 8, (unsigned)m / 16, 32, A.address, B.address, C.address, n, k);
  auto c = C.read();
  double error = 0;
  for (int i = 0; i < m; i++)
    for (int j = 0; j < n; j++) {
      double t = 0;
      for (int l = 0; l < k; l++) t += (double)fromBF16(a[i * k + l]) * fromBF16(b[j * k + l]);
      error = worst(error, fabs(c[i * n + j] - t));
    }
  if (code) return error / 1e-4;
  Buffer<float> D(128);
  code = launch(module.function("ldmatrix_product"), 1, 1, 32, A.address, B.address, D.address);
  auto d = D.read();
  for (int i = 0; i < 16; i++)
    for (int j = 0; j < 8; j++) {
      double t = 0;
      for (int l = 0; l < 16; l++) t += (double)fromBF16(a[i * 16 + l]) * fromBF16(b[l * 8 + j]);
      error = worst(error, fabs(d[i * 8 + j] - t));
    }
  return error / 1e-4;
}

double testStages(const Loaded &module, int &code, unsigned sharedBytes) {
  int tiles = 5;
  auto x = randomFloats((size_t)tiles * 512);
  Buffer<float> X(x), Y(x.size());
  code = queue(nullptr, module.function("stages"), 1, 1, 128, sharedBytes, X.address, Y.address, tiles);
  if (!code) code = (*cuda)("cuStreamSynchronize", nullptr);
  auto y = Y.read();
  double error = 0;
  for (int i = 0; i < tiles; i++)
    for (int q = 0; q < 128; q++)
      for (int l = 0; l < 4; l++) error = worst(error, fabs(y[i * 512 + q * 4 + l] - x[i * 512 + (127 - q) * 4 + l]));
  return error / 1e-30;
}

double testAttention(const Loaded &module, int &code, const vector<int> &lengths, int heads) {
  vector<int> offsets = {0}, tiles;
  for (size_t s = 0; s < lengths.size(); s++) {
    offsets.push_back(offsets.back() + lengths[s]);
    for (int r = 0; r < lengths[s]; r += 64) tiles.push_back((int)s), tiles.push_back(r);
  }
  int tokens = offsets.back(), width = heads * 64;
  auto q = randomBF16((size_t)(tokens * width)), k = randomBF16(q.size()), v = randomBF16(q.size());
  Buffer<uint16_t> Q(q), K(k), V(v), O(q.size());
  Buffer<int> F(offsets), T(tiles);
  Buffer<float> L((size_t)(tokens * heads));
  code = launch(module.function("attention"), (unsigned)tiles.size() / 2, (unsigned)heads, 128, Q.address, K.address, V.address, F.address,
      T.address, O.address, L.address, heads, 0.125f);
  auto o = O.read();
  auto l = L.read();
  double error = 0;
  for (size_t s = 0; s < lengths.size(); s++)
    for (int h = 0; h < heads; h++)
      for (int i = offsets[s]; i < offsets[s + 1]; i++) {
        vector<double> p;
        double sum = 0;
        for (int j = offsets[s]; j < offsets[s + 1]; j++) {
          double d = 0;
          for (int c = 0; c < 64; c++) d += (double)fromBF16(q[i * width + h * 64 + c]) * fromBF16(k[j * width + h * 64 + c]);
          p.push_back(exp(d / 8));
          sum += p.back();
        }
        for (int c = 0; c < 64; c++) {
          double t = 0;
          for (int j = offsets[s]; j < offsets[s + 1]; j++) t += p[j - offsets[s]] / sum * fromBF16(v[j * width + h * 64 + c]);
          error = worst(error, fabs(t - fromBF16(o[i * width + h * 64 + c])) / 3);
        }
        error = worst(error, fabs(log(sum) - l[i * heads + h]));
      }
  return error / 0.008;
}

void testValues() {
  Loaded rows(withPrelude("rows.cu")), products(withPrelude("products.cu")), attention(withPrelude("attention.cu"));
  vector<float> first;
  for (int isChecked : {0, 1})
    for (int order : {0, 1, 2, 3}) {
      cuda->options(order, isChecked);
      cuda->reset();
      int code = -1;
      auto claim = [&](const char *name, double error) {
        // False for NaN.
        CLAIM(!code && error <= 1, "%s, order %d, %s: code %d, error %g of what is allowed", name, order, isChecked ? "checked" : "plain",
            code, error);
      };
      vector<float> sums;
      claim("bias and GELU", testBiasGelu(rows, code));
      claim("softmax", testSoftmax(rows, code));
      claim("column sums", testColumnSums(rows, code, &sums));
      claim("matmul", testMatmul(products, code));
      claim("tensor cores", testTensorCores(products, code));
      claim("stages", testStages(products, code, 4096));
      claim("attention", testAttention(attention, code, {1, 17, 65, 130}, 2));
      if (first.empty()) first = sums;
      CLAIM(!memcmp(first.data(), sums.data(), 4 * sums.size()) || isChecked, "column sums have other bits in order %d", order);
    }
  cuda->options(0, 0);
}
