// cuBLASLt, cuBLAS and cuSOLVER against loops in float64.
#include "test_support.h"

namespace {
struct Layout {
  void *layout = nullptr;
  Layout(int type, uint64_t rows, uint64_t columns, int64_t leading, bool isRowMajor = false, int batch = 1, int64_t stride = 0) {
    EQUAL((*cuda)("cublasLtMatrixLayoutCreate", &layout, type, rows, columns, leading), 0);
    int order = isRowMajor;
    EQUAL((*cuda)("cublasLtMatrixLayoutSetAttribute", layout, 1, (const void *)&order, sizeof order), 0);
    EQUAL((*cuda)("cublasLtMatrixLayoutSetAttribute", layout, 5, (const void *)&batch, sizeof batch), 0);
    EQUAL((*cuda)("cublasLtMatrixLayoutSetAttribute", layout, 6, (const void *)&stride, sizeof stride), 0);
  }
  ~Layout() { (*cuda)("cublasLtMatrixLayoutDestroy", layout); }
};
struct Description {
  void *description = nullptr;
  Description(int compute, int scale) { EQUAL((*cuda)("cublasLtMatmulDescCreate", &description, compute, scale), 0); }
  template <class T> void set(int attribute, T value) {
    EQUAL((*cuda)("cublasLtMatmulDescSetAttribute", description, attribute, (const void *)&value, sizeof value), 0);
  }
  ~Description() { (*cuda)("cublasLtMatmulDescDestroy", description); }
};
struct HeuristicResult {
  uint64_t algorithm[8];
  size_t workspace;
  int state;
  float waves;
  int reserved[4];
};

/// Elements of a type, as float64.
struct Values {
  int type;
  vector<double> numbers;
  vector<unsigned char> bytes;
  Values(int type, size_t count) : type(type), numbers(count) {
    size_t size = type == 1 ? 8 : type == 0 ? 4 : 2;
    bytes.resize(count * size);
    for (size_t i = 0; i < count; i++) {
      float x = randomFloat();
      uint16_t half = toBF16(x);
      // Halves whose eight bits of mantissa both half types have.
      if (type == 14) numbers[i] = fromBF16(half), memcpy(&bytes[i * 2], &half, 2);
      if (type == 2) numbers[i] = half % 16 / 8.0 - 1, half = halves[half % 16], memcpy(&bytes[i * 2], &half, 2);
      if (type == 0) numbers[i] = x, memcpy(&bytes[i * 4], &x, 4);
      if (type == 1) numbers[i] = x * 1.000000001, memcpy(&bytes[i * 8], &numbers[i], 8);
    }
  }
  // -1, -7/8, …, 7/8 as float16.
  static constexpr uint16_t halves[16] = {0xbc00, 0xbb00, 0xba00, 0xb900, 0xb800, 0xb600, 0xb400, 0xb000, 0, 0x3000, 0x3400, 0x3600, 0x3800,
      0x3900, 0x3a00, 0x3b00};
};
constexpr uint16_t Values::halves[16];

struct Case {
  int type, outType, compute;
  bool transposesA, transposesB, isRowMajor;
  int batch, epilogue;
  double alpha, beta, tolerance;
};

void testProduct(void *handle, const Case &c) {
  int m = 5, n = 7, k = 9, pad = 2;
  auto leading = [&](int rows, int columns) { return (c.isRowMajor ? columns : rows) + pad; };
  auto size = [&](int rows, int columns) { return (size_t)leading(rows, columns) * (size_t)(c.isRowMajor ? rows : columns); };
  auto at = [&](int row, int column, int rows, int columns) {
    int l = leading(rows, columns);
    return (size_t)(c.isRowMajor ? row * l + column : column * l + row);
  };
  int aRows = c.transposesA ? k : m, aColumns = c.transposesA ? m : k, bRows = c.transposesB ? n : k, bColumns = c.transposesB ? k : n;
  size_t aSize = size(aRows, aColumns), bSize = size(bRows, bColumns), dSize = size(m, n), batches = (size_t)c.batch;
  Values a(c.type, aSize * batches), b(c.type, bSize * batches), d(c.outType, dSize * batches), bias(c.outType, (size_t)m);
  Buffer<unsigned char> A(a.bytes), B(b.bytes), D(d.bytes), bias8(bias.bytes), workspace(1024);
  Layout la(c.type, (uint64_t)aRows, (uint64_t)aColumns, leading(aRows, aColumns), c.isRowMajor, c.batch, (int64_t)aSize);
  Layout lb(c.type, (uint64_t)bRows, (uint64_t)bColumns, leading(bRows, bColumns), c.isRowMajor, c.batch, (int64_t)bSize);
  Layout ld(c.outType, (uint64_t)m, (uint64_t)n, leading(m, n), c.isRowMajor, c.batch, (int64_t)dSize);
  Description description(c.compute, c.type == 1 ? 1 : 0);
  description.set(3, (int)c.transposesA);
  description.set(4, (int)c.transposesB);
  description.set(7, c.epilogue);
  description.set(8, bias8.address);
  void *preference = nullptr;
  size_t room = 1024;
  EQUAL((*cuda)("cublasLtMatmulPreferenceCreate", &preference), 0);
  EQUAL((*cuda)("cublasLtMatmulPreferenceSetAttribute", preference, 1, (const void *)&room, sizeof room), 0);
  HeuristicResult result = {};
  int count = 0;
  EQUAL((*cuda)("cublasLtMatmulAlgoGetHeuristic", handle, description.description, la.layout, lb.layout, ld.layout, ld.layout, preference,
      1, &result, &count), 0);
  CLAIM(count == 1 && result.state == 0 && result.workspace <= room);
  EQUAL((*cuda)("cublasLtMatmulPreferenceDestroy", preference), 0);
  float alphaFloat = (float)c.alpha, betaFloat = (float)c.beta;
  auto alpha = c.type == 1 ? (const void *)&c.alpha : &alphaFloat, beta = c.type == 1 ? (const void *)&c.beta : &betaFloat;
  EQUAL((*cuda)("cublasLtMatmul", handle, description.description, alpha, A.address, la.layout, B.address, lb.layout, beta, D.address,
      ld.layout, D.address, ld.layout, (const uint64_t *)result.algorithm, workspace.address, room, nullptr), 0);
  EQUAL((*cuda)("cuCtxSynchronize"), 0);
  auto out = D.read();
  double error = 0;
  for (int q = 0; q < c.batch; q++)
    for (int i = 0; i < m; i++)
      for (int j = 0; j < n; j++) {
        double sum = 0;
        for (int l = 0; l < k; l++)
          sum += a.numbers[(size_t)q * aSize + (c.transposesA ? at(l, i, aRows, aColumns) : at(i, l, aRows, aColumns))] *
              b.numbers[(size_t)q * bSize + (c.transposesB ? at(j, l, bRows, bColumns) : at(l, j, bRows, bColumns))];
        size_t place = (size_t)q * dSize + at(i, j, m, n);
        sum = c.alpha * sum + c.beta * d.numbers[place] + (c.epilogue & 4 ? bias.numbers[(size_t)i] : 0);
        if (c.epilogue & 2) sum = fmax(sum, 0);
        double got = 0;
        float f;
        uint16_t h;
        if (c.outType == 1) memcpy(&got, &out[place * 8], 8);
        if (c.outType == 0) memcpy(&f, &out[place * 4], 4), got = f;
        if (c.outType == 14) memcpy(&h, &out[place * 2], 2), got = fromBF16(h);
        if (c.outType == 2) {
          memcpy(&h, &out[place * 2], 2);
          got = (h & 0x7c00 ? ldexp((h & 0x3ff) + 1024, (h >> 10 & 31) - 25) : ldexp(h & 0x3ff, -24)) * (h & 0x8000 ? -1 : 1);
        }
        error = worst(error, fabs(got - sum) / fmax(1, fabs(sum)));
      }
  CLAIM(error <= c.tolerance, "a product: error %g of type %d", error, c.type);
  // What lies between the columns is as it was.
  size_t bytes = c.outType == 1 ? 8 : c.outType == 0 ? 4 : 2, gap = at(c.isRowMajor ? 0 : m, c.isRowMajor ? n : 0, m, n) * bytes;
  CLAIM(!memcmp(&out[gap], &d.bytes[gap], bytes * (size_t)pad), "a product writes beside its matrix");
}

void testProducts() {
  void *handle = nullptr;
  EQUAL((*cuda)("cublasLtCreate", &handle), 0);
  const Case cases[] = {
      {0, 0, 68, false, false, false, 1, 1, 1, 0, 1e-5}, {0, 0, 68, true, false, true, 3, 1, 0.5, 1, 1e-5},
          {0, 0, 77, false, true, false, 2, 4, 1, 0, 2e-3},
      {0, 0, 68, true, true, false, 1, 6, 2, 0.5, 1e-5}, {0, 0, 68, false, false, true, 1, 2, 1, 0, 1e-5},
      {1, 1, 70, true, false, false, 2, 1, 1, 2, 1e-13},
      {1, 1, 70, false, true, true, 1, 1, 1, 0, 1e-13}, {14, 14, 68, true, false, false, 2, 1, 1, 0, 0.004},
      {14, 0, 68, false, false, false, 1, 1, 1, 1, 1e-5},
      {14, 14, 68, false, true, true, 1, 6, 1, 0, 0.004}, {2, 2, 68, false, false, false, 1, 4, 1, 0, 5e-4},
      {2, 0, 68, true, true, false, 1, 1, 1, 0, 1e-5},
  };
  for (int isChecked : {0, 1}) {
    cuda->options(0, isChecked);
    for (auto &c : cases) testProduct(handle, c);
  }
  // What is refused.
  Description description(68, 0);
  int value = 0;
  size_t written = 0;
  EQUAL((*cuda)("cublasLtMatmulDescGetAttribute", description.description, 7, (void *)&value, sizeof value, &written), 0);
  CLAIM(value == 1 && written == 4);
  EQUAL((*cuda)("cublasLtMatmulDescSetAttribute", description.description, 7, (const void *)&value, (size_t)8), 7);
  EQUAL((*cuda)("cublasLtMatmulDescSetAttribute", description.description, 99, (const void *)&value, (size_t)4), 7);
  Layout a(0, 4, 3, 4), b(0, 4, 5, 4), d(0, 4, 5, 4), narrow(0, 3, 5, 2), right(0, 3, 5, 3);
  Buffer<float> X(vector<float>(20, 1)), Y(20);
  float one = 1, zero = 0;
  auto multiply = [&](void *bLayout, Pointer x, Pointer y) {
    return (*cuda)("cublasLtMatmul", handle, description.description, &one, x, a.layout, X.address, bLayout, &zero, y, d.layout, y,
        d.layout, (const uint64_t *)nullptr, (Pointer)0, (size_t)0, nullptr);
  };
  EQUAL(multiply(b.layout, X.address, Y.address), 7);
  EQUAL(multiply(narrow.layout, X.address, Y.address), 7);
  EQUAL(multiply(right.layout, X.address + 2, Y.address), 7);
  CLAIM(contains(cuda->failure(), "inner sides"));
  cuda->reset();
  EQUAL(multiply(right.layout, X.address, Y.address), 0);
  CLAIM(Y.read()[19] == 3);
  EQUAL(multiply(right.layout, X.address + 40, Y.address), 0);
  EQUAL((*cuda)("cuCtxSynchronize"), 700);
  CLAIM(contains(cuda->failure(), "a product's A: 48 bytes at 40 of an allocation of 80 bytes"));
  EQUAL(multiply(right.layout, X.address, Y.address), 13);
  cuda->reset();
  Buffer<float> never(12);
  EQUAL(multiply(right.layout, never.address, Y.address), 0);
  EQUAL((*cuda)("cuCtxSynchronize"), 719);
  CLAIM(contains(cuda->failure(), "which nobody has written"));
  cuda->reset();
  cuda->options(0, 0);
  EQUAL((*cuda)("cublasLtDestroy", handle), 0);
}

template <class T> T at(const vector<T> &a, int i, int j, int lda) { return a[(size_t)(i + j * lda)]; }

template <class T> void testTriangles(void *handle, const char *name, const char *batched, double tolerance) {
  int m = 6, n = 4, ldb = 7;
  for (int variant = 0; variant < 16; variant++) {
    int side = variant & 1, upper = variant >> 1 & 1, trans = variant >> 2 & 1, unit = variant >> 3, count = side ? n : m, lda = count + 1;
    vector<T> a((size_t)(lda * count)), b((size_t)(ldb * n));
    for (auto &x : a) x = randomFloat() / 4;
    for (auto &x : b) x = randomFloat();
    for (int i = 0; i < count; i++) a[(size_t)(i + i * lda)] += 2;
    Buffer<T> A(a), B(b), C(b);
    T alpha = 2;
    EQUAL((*cuda)(name, handle, side, upper, trans, unit, m, n, (const T *)&alpha, A.address, lda, B.address, ldb), 0);
    Buffer<Pointer> listA(vector<Pointer>{A.address, A.address}), listB(vector<Pointer>{C.address, B.address});
    EQUAL((*cuda)(batched, handle, side, upper, trans, unit, m, n, (const T *)&alpha, listA.address, lda, listB.address, ldb, 1), 0);
    EQUAL((*cuda)("cuCtxSynchronize"), 0);
    auto x = B.read();
    CLAIM(!memcmp(x.data(), C.read().data(), x.size() * sizeof(T)));
    double error = 0;
    auto op = [&](int i, int j) -> double {
      if (trans) std::swap(i, j);
      if (i == j && unit) return 1;
      return (upper ? i <= j : i >= j) ? (double)at(a, i, j, lda) : 0;
    };
    for (int i = 0; i < m; i++)
      for (int j = 0; j < n; j++) {
        double sum = 0;
        for (int l = 0; l < count; l++) sum += side ? at(x, i, l, ldb) * op(l, j) : op(i, l) * at(x, l, j, ldb);
        error = worst(error, fabs(sum - 2 * at(b, i, j, ldb)));
      }
    CLAIM(error <= tolerance, "%s variant %d: error %g", name, variant, error);
  }
}

template <class T> void testFactors(void *handle, int type, double tolerance) {
  int64_t n = 7, lda = 8, columns = 3;
  size_t onDevice = 0, onHost = 0;
  vector<T> root((size_t)(n * n)), a((size_t)(lda * n), (T)99);
  for (auto &x : root) x = randomFloat();
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++) {
      a[(size_t)(i + j * lda)] = i == j;
      for (int l = 0; l < n; l++) a[(size_t)(i + j * lda)] += root[(size_t)(i * n + l)] * root[(size_t)(j * n + l)];
    }
  Buffer<int> info(vector<int>(1, -1));
  for (int uplo : {0, 1}) {
    Buffer<T> A(a);
    EQUAL((*cuda)("cusolverDnXpotrf_bufferSize", handle, nullptr, uplo, n, type, A.address, lda, type, &onDevice, &onHost), 0);
    Buffer<char> workspace(onDevice);
    EQUAL((*cuda)("cusolverDnXpotrf", handle, nullptr, uplo, n, type, A.address, lda, type, workspace.address, onDevice, nullptr, onHost,
        info.address), 0);
    auto l = A.read();
    EQUAL(info.read()[0], 0);
    double error = 0;
    for (int i = 0; i < n; i++)
      for (int j = 0; j <= i; j++) {
        double sum = 0;
        for (int k = 0; k <= j; k++) sum += uplo ? at(l, k, i, 8) * at(l, k, j, 8) : at(l, i, k, 8) * at(l, j, k, 8);
        error = worst(error, fabs(sum - at(a, i, j, 8)));
        // The other triangle is as it was.
        if (i != j) CLAIM(uplo ? at(l, i, j, 8) == at(a, i, j, 8) : at(l, j, i, 8) == at(a, j, i, 8));
      }
    CLAIM(error <= tolerance, "Cholesky: error %g", error);
    auto negative = a;
    negative[(size_t)(3 + 3 * lda)] = -1;
    A.write(negative);
    EQUAL((*cuda)("cusolverDnXpotrf", handle, nullptr, uplo, n, type, A.address, lda, type, workspace.address, onDevice, nullptr, onHost,
        info.address), 0);
    EQUAL(info.read()[0], 4);
  }
  for (auto &x : a) x = randomFloat();
  a[0] = 0;
  vector<T> b((size_t)(lda * columns));
  for (auto &x : b) x = randomFloat();
  Buffer<T> A(a);
  Buffer<int64_t> pivots((size_t)n);
  EQUAL((*cuda)("cusolverDnXgetrf_bufferSize", handle, nullptr, n, n, type, A.address, lda, type, &onDevice, &onHost), 0);
  Buffer<char> workspace(onDevice);
  EQUAL((*cuda)("cusolverDnXgetrf", handle, nullptr, n, n, type, A.address, lda, pivots.address, type, workspace.address, onDevice, nullptr,
      onHost, info.address), 0);
  EQUAL(info.read()[0], 0);
  for (int trans : {0, 1}) {
    Buffer<T> B(b);
    EQUAL((*cuda)("cusolverDnXgetrs", handle, nullptr, trans, n, columns, type, A.address, lda, pivots.address, type, B.address, lda,
        info.address), 0);
    auto x = B.read();
    double error = 0;
    for (int i = 0; i < n; i++)
      for (int j = 0; j < columns; j++) {
        double sum = 0;
        for (int l = 0; l < n; l++) sum += (trans ? at(a, l, i, 8) : at(a, i, l, 8)) * at(x, l, j, 8);
        error = worst(error, fabs(sum - at(b, i, j, 8)));
      }
    CLAIM(error <= tolerance * 10, "LU: error %g", error);
  }
  A.write(vector<T>((size_t)(lda * n), 0));
  EQUAL((*cuda)("cusolverDnXgetrf", handle, nullptr, n, n, type, A.address, lda, pivots.address, type, workspace.address, onDevice, nullptr,
      onHost, info.address), 0);
  EQUAL(info.read()[0], 1);
}
}  // namespace

void testLibraries() {
  testProducts();
  void *blas = nullptr, *solver = nullptr, *parameters = nullptr, *stream = nullptr;
  EQUAL((*cuda)("cublasCreate_v2", &blas), 0);
  EQUAL((*cuda)("cusolverDnCreate", &solver), 0);
  EQUAL((*cuda)("cusolverDnCreateParams", &parameters), 0);
  EQUAL((*cuda)("cuStreamCreate", &stream, 0u), 0);
  EQUAL((*cuda)("cublasSetStream_v2", blas, stream), 0);
  EQUAL((*cuda)("cusolverDnSetStream", solver, stream), 0);
  for (int isChecked : {0, 1}) {
    cuda->options(0, isChecked);
    testTriangles<float>(blas, "cublasStrsm_v2", "cublasStrsmBatched", 1e-5);
    testTriangles<double>(blas, "cublasDtrsm_v2", "cublasDtrsmBatched", 1e-13);
    testFactors<float>(solver, 0, 1e-4);
    testFactors<double>(solver, 1, 1e-12);
  }
  cuda->options(0, 0);
  EQUAL((*cuda)("cublasDestroy_v2", blas), 0);
  EQUAL((*cuda)("cusolverDnDestroyParams", parameters), 0);
  EQUAL((*cuda)("cusolverDnDestroy", solver), 0);
  EQUAL((*cuda)("cuStreamDestroy_v2", stream), 0);
}
