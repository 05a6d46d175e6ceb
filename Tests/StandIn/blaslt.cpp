// cuBLASLt: descriptors as the library has them, and products as plain loops.
#include "libraries.h"

#include <algorithm>

namespace {
enum cublasComputeType { CUBLAS_COMPUTE_32F = 68, CUBLAS_COMPUTE_32F_PEDANTIC = 69, CUBLAS_COMPUTE_64F = 70,
    CUBLAS_COMPUTE_32F_FAST_TF32 = 77 };
enum Epilogue { DefaultEpilogue = 1, Relu = 2, Bias = 4, Gelu = 32 };

struct Attribute {
  int number;
  size_t bytes;
};
/// An object that is nothing but attributes.
struct Description {
  enum Kind { MatmulDesc = 0x6d, MatrixLayout, MatmulPreference } kind;
  std::map<int, uint64_t> values;
};
std::set<Description *> descriptions;
std::set<void *> handles;

// Of cublasLtMatmulDescAttributes_t, cublasLtMatrixLayoutAttribute_t and cublasLtMatmulPreferenceAttributes_t.
enum { ComputeType, ScaleType, PointerMode, TransA, TransB, TransC, FillMode, EpilogueKind, BiasPointer, BiasStride = 10, BiasType = 26 };
enum { LayoutType, Order, Rows, Columns, Leading, BatchCount, BatchOffset, PlaneOffset };
const std::map<int, size_t> attributes[] = {
    {{ComputeType, 4}, {ScaleType, 4}, {PointerMode, 4}, {TransA, 4}, {TransB, 4}, {TransC, 4}, {FillMode, 4}, {EpilogueKind, 4},
        {BiasPointer, 8}, {BiasStride, 8}, {11, 8}, {12, 8}, {13, 8}, {14, 8}, {15, 4}, {17, 8}, {18, 8}, {19, 8}, {20, 8}, {21, 8},
        {22, 4},
        {BiasType, 4}},
    {{LayoutType, 4}, {Order, 4}, {Rows, 8}, {Columns, 8}, {Leading, 8}, {BatchCount, 4}, {BatchOffset, 8}, {PlaneOffset, 8}},
    {{0, 4}, {1, 8}, {3, 4}, {5, 4}, {6, 4}, {7, 4}, {8, 4}, {9, 4}, {10, 4}, {11, 4}}};

int create(Description **made, Description::Kind kind, std::map<int, uint64_t> values) {
  if (!made) return CUBLAS_STATUS_INVALID_VALUE;
  *made = new Description{kind, std::move(values)};
  descriptions.insert(*made);
  return CUBLAS_STATUS_SUCCESS;
}

int destroy(Description *description, Description::Kind kind) {
  if (!descriptions.count(description) || description->kind != kind) return CUBLAS_STATUS_INVALID_VALUE;
  descriptions.erase(description);
  delete description;
  return CUBLAS_STATUS_SUCCESS;
}

bool fits(Description *description, Description::Kind kind, int number, size_t bytes) {
  if (!descriptions.count(description) || description->kind != kind) return false;
  auto &known = attributes[kind - Description::MatmulDesc];
  auto found = known.find(number);
  return found != known.end() && found->second == bytes;
}

int set(Description *description, Description::Kind kind, int number, const void *value, size_t bytes) {
  if (!value || !fits(description, kind, number, bytes)) return CUBLAS_STATUS_INVALID_VALUE;
  uint64_t bits = 0;
  memcpy(&bits, value, bytes);
  description->values[number] = bits;
  return CUBLAS_STATUS_SUCCESS;
}

int get(Description *description, Description::Kind kind, int number, void *value, size_t bytes, size_t *written) {
  if (written && !bytes && descriptions.count(description) && attributes[kind - Description::MatmulDesc].count(number)) {
    *written = attributes[kind - Description::MatmulDesc].at(number);
    return CUBLAS_STATUS_SUCCESS;
  }
  if (!value || !fits(description, kind, number, bytes)) return CUBLAS_STATUS_INVALID_VALUE;
  memcpy(value, &description->values[number], bytes);
  if (written) *written = bytes;
  return CUBLAS_STATUS_SUCCESS;
}

Matrix matrixOf(const Description &layout, CUdeviceptr address) {
  auto value = [&](int number) {
    auto found = layout.values.find(number);
    return found == layout.values.end() ? 0 : found->second;
  };
  return {address, (int)value(LayoutType), value(Rows), value(Columns), (int64_t)value(Leading), value(Order) == 1, (int)value(BatchCount),
      (int64_t)value(BatchOffset)};
}

struct Product {
  Matrix a, b, c, d;
  bool transposesA, transposesB;
  int compute, epilogue;
  double alpha, beta;
  Matrix bias;
  uint64_t depth() const { return transposesA ? a.rows : a.columns; }
};

/// What the library would refuse, or nothing.
const char *mistakeOf(const Product &p) {
  uint64_t m = p.transposesA ? p.a.columns : p.a.rows, n = p.transposesB ? p.b.rows : p.b.columns;
  if ((p.transposesB ? p.b.columns : p.b.rows) != p.depth()) return "the inner sides of A and B are not equal";
  if (p.d.rows != m || p.d.columns != n) return "the sides of D are not those of A · B";
  if (p.c.rows != m || p.c.columns != n || p.c.type != p.d.type) return "C is not like D";
  if (p.a.type != p.b.type) return "A and B have two types";
  bool isDouble = p.a.type == CUDA_R_64F;
  if (isDouble != (p.compute == CUBLAS_COMPUTE_64F) || isDouble != (p.d.type == CUDA_R_64F))
    return "the type of computation is not that of the matrices";
  if (p.a.type != p.d.type && p.d.type != CUDA_R_32F) return "the type of D is neither that of A nor float32";
  for (auto matrix : {&p.a, &p.b, &p.c, &p.d}) {
    if (!bytesOf(matrix->type)) return "a type of elements that is not supported";
    if (matrix->leading < (int64_t)(matrix->isRowMajor ? matrix->columns : matrix->rows)) return "a leading dimension that is too small";
    if (matrix->batch != p.d.batch) return "matrices with several counts of batches";
    if (matrix->address % bytesOf(matrix->type)) return "an address that is not a multiple of the element";
  }
  if (p.epilogue & ~(DefaultEpilogue | Relu | Bias | Gelu) || (p.epilogue & DefaultEpilogue && p.epilogue != DefaultEpilogue))
    return "an epilogue that the stand-in does not have";
  if (p.epilogue & Bias && !p.bias.address) return "an epilogue with a bias, and none is given";
  return nullptr;
}

/// A factor as it is multiplied: in tf32, with 10 bits after the point, ties to even.
template <class T> T factor(const Product &p, double value) {
  if (p.compute != CUBLAS_COMPUTE_32F_FAST_TF32) return (T)value;
  float x = (float)value;
  uint32_t bits;
  memcpy(&bits, &x, 4);
  if ((bits & 0x7f800000) != 0x7f800000) bits = (bits + 0xfff + (bits >> 13 & 1)) & ~0x1fffu;
  memcpy(&x, &bits, 4);
  return (T)x;
}

/// Sums in the order of k, in float or double.
template <class T> void multiply(const Product &p) {
  uint64_t m = p.d.rows, n = p.d.columns, depth = p.depth();
  std::vector<T> left(m * depth), right(depth * n);
  for (int batch = 0; batch < p.d.batch; batch++) {
    auto a = (const void *)p.a.of(batch), b = (const void *)p.b.of(batch), c = (const void *)p.c.of(batch);
    auto d = (void *)p.d.of(batch);
    for (uint64_t i = 0; i < m; i++)
      for (uint64_t k = 0; k < depth; k++) left[i * depth + k] = factor<T>(p, load(a, p.transposesA ? p.a.index(k, i) : p.a.index(i, k), p.a.type));
    for (uint64_t k = 0; k < depth; k++)
      for (uint64_t j = 0; j < n; j++) right[k * n + j] = factor<T>(p, load(b, p.transposesB ? p.b.index(j, k) : p.b.index(k, j), p.b.type));
    std::vector<T> row(n);
    for (uint64_t i = 0; i < m; i++) {
      std::fill(row.begin(), row.end(), 0);
      for (uint64_t k = 0; k < depth; k++)
        for (uint64_t j = 0; j < n; j++) row[j] += left[i * depth + k] * right[k * n + j];
      for (uint64_t j = 0; j < n; j++) {
        T value = (T)p.alpha * row[j];
        if (p.beta != 0) value += (T)p.beta * (T)load(c, p.c.index(i, j), p.c.type);
        if (p.epilogue & Bias) value += (T)load((const void *)p.bias.of(batch), i, p.bias.type);
        if (p.epilogue & Relu) value = value > 0 ? value : 0;
        if (p.epilogue & Gelu) value = (T)(0.5 * value * (1 + std::tanh(0.7978845608028654 * (value + 0.044715 * value * value * value))));
        store(d, p.d.index(i, j), p.d.type, value);
      }
    }
  }
}

void run(const Product &p) {
  if (!isReadable(p.a, "a product's A") || !isReadable(p.b, "a product's B") || !isWritable(p.d, "a product's D")) return;
  if (p.beta != 0 && !isReadable(p.c, "a product's C")) return;
  if (p.epilogue & Bias && !isReadable(p.bias, "a product's bias")) return;
  p.compute == CUBLAS_COMPUTE_64F ? multiply<double>(p) : multiply<float>(p);
  markWritten(p.d);
}
}  // namespace

STANDIN_API int cublasLtCreate(void **handle) {
  LIBRARY_CALL(CUBLAS_STATUS_NOT_INITIALIZED);
  if (!handle) return CUBLAS_STATUS_INVALID_VALUE;
  *handle = new char;
  handles.insert(*handle);
  return CUBLAS_STATUS_SUCCESS;
}
STANDIN_API int cublasLtDestroy(void *handle) {
  CALL(NeedsNothing);
  if (!handles.erase(handle)) return CUBLAS_STATUS_NOT_INITIALIZED;
  delete (char *)handle;
  return CUBLAS_STATUS_SUCCESS;
}
STANDIN_API size_t cublasLtGetVersion(void) { return 120400; }

STANDIN_API const char *cublasLtGetStatusString(int status) {
  static const std::map<int, const char *> texts = {{0, "the operation completed successfully"}, {1, "the library was not initialized"},
      {3, "the resource allocation failed"}, {7, "an unsupported value or parameter was passed to the function"},
      {8, "an absent device architectural feature is required"}, {13, "the function failed to launch on the GPU"},
      {14, "an internal operation failed"}, {15, "the functionality requested is not supported"}};
  auto found = texts.find(status);
  return found == texts.end() ? "unknown" : found->second;
}
STANDIN_API const char *cublasLtGetStatusName(int status) {
  static const std::map<int, const char *> names = {{0, "CUBLAS_STATUS_SUCCESS"}, {1, "CUBLAS_STATUS_NOT_INITIALIZED"},
      {3, "CUBLAS_STATUS_ALLOC_FAILED"}, {7, "CUBLAS_STATUS_INVALID_VALUE"}, {8, "CUBLAS_STATUS_ARCH_MISMATCH"},
      {13, "CUBLAS_STATUS_EXECUTION_FAILED"}, {14, "CUBLAS_STATUS_INTERNAL_ERROR"}, {15, "CUBLAS_STATUS_NOT_SUPPORTED"}};
  auto found = names.find(status);
  return found == names.end() ? "CUBLAS_STATUS unknown" : found->second;
}

STANDIN_API int cublasLtMatmulDescCreate(Description **made, int compute, int scale) {
  CALL(NeedsNothing);
  if (compute != CUBLAS_COMPUTE_32F && compute != CUBLAS_COMPUTE_32F_PEDANTIC && compute != CUBLAS_COMPUTE_64F &&
      compute != CUBLAS_COMPUTE_32F_FAST_TF32)
    return CUBLAS_STATUS_INVALID_VALUE;
  return create(made, Description::MatmulDesc, {{ComputeType, (uint64_t)compute}, {ScaleType, (uint64_t)scale},
      {EpilogueKind, DefaultEpilogue},
      {BiasType, ~0ull}});
}
STANDIN_API int cublasLtMatrixLayoutCreate(Description **made, int type, uint64_t rows, uint64_t columns, int64_t leading) {
  CALL(NeedsNothing);
  return create(made, Description::MatrixLayout, {{LayoutType, (uint64_t)type}, {Rows, rows}, {Columns, columns},
      {Leading, (uint64_t)leading},
      {BatchCount, 1}});
}
STANDIN_API int cublasLtMatmulPreferenceCreate(Description **made) {
  CALL(NeedsNothing);
  return create(made, Description::MatmulPreference, {{5, 256}, {6, 256}, {7, 256}, {8, 256}});
}
#define DESCRIPTION(kind) \
  STANDIN_API int cublasLt##kind##Destroy(Description *description) { \
    CALL(NeedsNothing); \
    return destroy(description, Description::kind); \
  } \
  STANDIN_API int cublasLt##kind##SetAttribute(Description *description, int number, const void *value, size_t bytes) { \
    CALL(NeedsNothing); \
    return set(description, Description::kind, number, value, bytes); \
  } \
  STANDIN_API int cublasLt##kind##GetAttribute(Description *description, int number, void *value, size_t bytes, size_t *written) { \
    CALL(NeedsNothing); \
    return get(description, Description::kind, number, value, bytes, written); \
  }
DESCRIPTION(MatmulDesc)
DESCRIPTION(MatrixLayout)
DESCRIPTION(MatmulPreference)

namespace {
struct HeuristicResult {
  uint64_t algorithm[8];
  size_t workspace;
  int state;
  float waves;
  int reserved[4];
};
static_assert(sizeof(HeuristicResult) == 96, "the size of cublasLtMatmulHeuristicResult_t");
constexpr uint64_t knownAlgorithm = 0x5374616e642d696e;
bool isKind(Description *d, Description::Kind kind) { return descriptions.count(d) && d->kind == kind; }
bool areLayouts(std::initializer_list<Description *> list) {
  return std::all_of(list.begin(), list.end(), [](Description *d) { return isKind(d, Description::MatrixLayout); });
}

Product productOf(Description &desc, const Matrix &a, const Matrix &b, const Matrix &c, const Matrix &d) {
  Product p = {};
  p.a = a, p.b = b, p.c = c, p.d = d;
  p.transposesA = desc.values[TransA] != 0;
  p.transposesB = desc.values[TransB] != 0;
  p.compute = (int)desc.values[ComputeType];
  p.epilogue = (int)desc.values[EpilogueKind];
  int biasType = (int)desc.values[BiasType];
  p.bias = {(CUdeviceptr)desc.values[BiasPointer], biasType < 0 ? d.type : biasType, d.rows, 1, (int64_t)d.rows, false,
      desc.values[BiasStride] ? d.batch : 1, (int64_t)desc.values[BiasStride]};
  return p;
}
}  // namespace

STANDIN_API int cublasLtMatmulAlgoGetHeuristic(void *handle, Description *desc, Description *aLayout, Description *bLayout,
    Description *cLayout, Description *dLayout, Description *preference, int wanted, HeuristicResult *results, int *count) {
  CALL(NeedsNothing);
  if (!handles.count(handle)) return CUBLAS_STATUS_NOT_INITIALIZED;
  if (!isKind(desc, Description::MatmulDesc) || !areLayouts({aLayout, bLayout, cLayout, dLayout}) ||
      !isKind(preference, Description::MatmulPreference) || wanted < 1 || !results || !count)
    return CUBLAS_STATUS_INVALID_VALUE;
  *count = 0;
  auto p = productOf(*desc, matrixOf(*aLayout, 0), matrixOf(*bLayout, 0), matrixOf(*cLayout, 0), matrixOf(*dLayout, 0));
  p.bias.address = 1;
  if (auto what = mistakeOf(p)) return mistake(CUBLAS_STATUS_NOT_SUPPORTED, std::string("a product: ") + what);
  results[0] = {{knownAlgorithm, (uint64_t)p.a.type}, std::min<size_t>(preference->values[1], 1024), CUBLAS_STATUS_SUCCESS, 1, {}};
  *count = 1;
  return CUBLAS_STATUS_SUCCESS;
}

STANDIN_API int cublasLtMatmul(void *handle, Description *desc, const void *alpha, CUdeviceptr a, Description *aLayout, CUdeviceptr b,
    Description *bLayout, const void *beta, CUdeviceptr c, Description *cLayout, CUdeviceptr d, Description *dLayout,
    const uint64_t *algorithm, CUdeviceptr workspace, size_t workspaceBytes, void *stream) {
  LIBRARY_CALL(CUBLAS_STATUS_EXECUTION_FAILED);
  if (!handles.count(handle)) return CUBLAS_STATUS_NOT_INITIALIZED;
  if (!isKind(desc, Description::MatmulDesc) || !areLayouts({aLayout, bLayout, cLayout, dLayout}) || !alpha || !beta)
    return CUBLAS_STATUS_INVALID_VALUE;
  if (desc->values[PointerMode]) return mistake(CUBLAS_STATUS_NOT_SUPPORTED, "a product: alpha and beta that are not on the host");
  if (algorithm && (algorithm[0] != knownAlgorithm || (int)algorithm[1] != (int)aLayout->values[LayoutType]))
    return mistake(CUBLAS_STATUS_INVALID_VALUE, "a product: an algorithm that was not given for it");
  auto p = productOf(*desc, matrixOf(*aLayout, a), matrixOf(*bLayout, b), matrixOf(*cLayout, c), matrixOf(*dLayout, d));
  int scale = (int)desc->values[ScaleType];
  if (scale != CUDA_R_32F && scale != CUDA_R_64F) return CUBLAS_STATUS_NOT_SUPPORTED;
  p.alpha = load(alpha, 0, scale);
  p.beta = load(beta, 0, scale);
  if (auto what = mistakeOf(p)) return mistake(CUBLAS_STATUS_INVALID_VALUE, std::string("a product: ") + what);
  Matrix space = {workspace, CUDA_R_32F, workspaceBytes / 4, 1, (int64_t)workspaceBytes / 4, false, workspace ? 1 : 0, 0};
  return enqueueFor(stream, CUBLAS_STATUS_INVALID_VALUE, [p, space] {
    if (isWritable(space, "a product's workspace")) run(p);
  });
}
