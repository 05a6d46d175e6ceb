// cuBLAS's triangular solves and cuSOLVER's factorizations, as plain loops over column-major matrices.
#include "libraries.h"
#include "solver.h"

#include <algorithm>

namespace {
/// What a handle of either library has: its stream.
struct Handle {
  void *stream = nullptr;
};
std::set<Handle *> blasHandles, solverHandles;
std::set<void *> parameters;

template <class T> int typeOf() { return sizeof(T) == 8 ? CUDA_R_64F : CUDA_R_32F; }
template <class T> Matrix matrix(const T *address, int64_t rows, int64_t columns, int64_t leading) {
  return {(CUdeviceptr)address, typeOf<T>(), (uint64_t)rows, (uint64_t)columns, leading, false, 1, 0};
}

struct Solve {
  bool isRight, isUpper, isTransposed, isUnit;
  int m, n, lda, ldb;
  /// Whether the arguments are those of BLAS.
  bool isValid() const { return m >= 0 && n >= 0 && lda >= (isRight ? n : m) && ldb >= m && lda > 0 && ldb > 0; }
  int side() const { return isRight ? n : m; }
};

/// B = α · op(A)⁻¹ · B, or B · op(A)⁻¹ for the right side.
template <class T> void solveTriangle(const Solve &s, T alpha, const T *a, T *b) {
  int count = s.side(), lines = s.isRight ? s.m : s.n;
  // From the right it is a solution with the transpose for each row.
  bool transposes = s.isTransposed != s.isRight;
  auto coefficient = [&](int i, int j) { return transposes ? a[j + (int64_t)i * s.lda] : a[i + (int64_t)j * s.lda]; };
  bool isForward = s.isUpper == transposes;
  for (int line = 0; line < lines; line++) {
    auto x = [&](int i) -> T & { return s.isRight ? b[line + (int64_t)i * s.ldb] : b[i + (int64_t)line * s.ldb]; };
    for (int step = 0; step < count; step++) {
      int i = isForward ? step : count - 1 - step;
      T sum = alpha * x(i);
      for (int j = isForward ? 0 : i + 1; j < (isForward ? i : count); j++) sum -= coefficient(i, j) * x(j);
      x(i) = s.isUnit ? sum : sum / coefficient(i, i);
    }
  }
}

template <class T> void runSolve(const Solve &s, T alpha, const T *a, T *b) {
  auto A = matrix(a, s.side(), s.side(), s.lda), B = matrix(b, s.m, s.n, s.ldb);
  if (!isReadable(A, "a triangular solve's A", s.isUpper ? Upper : Lower) || !isReadable(B, "a triangular solve's B")) return;
  solveTriangle(s, alpha, a, b);
  markWritten(B);
}

template <class T> int trsm(void *handle, int side, int uplo, int trans, int diag, int m, int n, const T *alpha, const T *a, int lda, T *b,
    int ldb) {
  if (!blasHandles.count((Handle *)handle)) return CUBLAS_STATUS_NOT_INITIALIZED;
  Solve s = {side == 1, uplo == 1, trans != 0, diag == 1, m, n, lda, ldb};
  if (!s.isValid() || !alpha || uplo < 0 || uplo > 1)
    return mistake(CUBLAS_STATUS_INVALID_VALUE, "a triangular solve whose sides do not fit");
  T factor = *alpha;
  return enqueueFor(((Handle *)handle)->stream, CUBLAS_STATUS_EXECUTION_FAILED, [=] { runSolve(s, factor, a, b); });
}

template <class T>
int trsmBatched(void *handle, int side, int uplo, int trans, int diag, int m, int n, const T *alpha, T *const *a, int lda, T *const *b,
    int ldb, int count) {
  if (!blasHandles.count((Handle *)handle)) return CUBLAS_STATUS_NOT_INITIALIZED;
  Solve s = {side == 1, uplo == 1, trans != 0, diag == 1, m, n, lda, ldb};
  if (!s.isValid() || !alpha || count < 0) return mistake(CUBLAS_STATUS_INVALID_VALUE, "a triangular solve whose sides do not fit");
  T factor = *alpha;
  return enqueueFor(((Handle *)handle)->stream, CUBLAS_STATUS_EXECUTION_FAILED, [=] {
    // The lists of matrices lie on the device too.
    for (auto list : {a, b})
      if (!isReadable(matrix((const double *)list, count, 1, count), "a list of matrices")) return;
    for (int i = 0; i < count && !device().code; i++) runSolve(s, factor, (const T *)a[i], b[i]);
  });
}

/// The Cholesky factor in place; the order of the first minor that is not positive, or 0.
template <class T> int factorCholesky(T *a, int64_t n, int64_t lda, bool isUpper) {
  auto l = [&](int64_t i, int64_t j) -> T & { return isUpper ? a[j + i * lda] : a[i + j * lda]; };
  for (int64_t j = 0; j < n; j++) {
    T pivot = l(j, j);
    for (int64_t k = 0; k < j; k++) pivot -= l(j, k) * l(j, k);
    if (!(pivot > 0)) return (int)j + 1;
    l(j, j) = std::sqrt(pivot);
    for (int64_t i = j + 1; i < n; i++) {
      T sum = l(i, j);
      for (int64_t k = 0; k < j; k++) sum -= l(i, k) * l(j, k);
      l(i, j) = sum / l(j, j);
    }
  }
  return 0;
}

/// P · A = L · U in place, rows exchanged as pivots say (from 1), or none without them; the first pivot that is zero, or 0.
template <class T> int factorLU(T *a, int64_t m, int64_t n, int64_t lda, int64_t *pivots) {
  int info = 0;
  for (int64_t j = 0; j < std::min(m, n); j++) {
    int64_t best = j;
    for (int64_t i = j + 1; pivots && i < m; i++)
      if (std::fabs(a[i + j * lda]) > std::fabs(a[best + j * lda])) best = i;
    if (pivots) pivots[j] = best + 1;
    for (int64_t k = 0; best != j && k < n; k++) std::swap(a[j + k * lda], a[best + k * lda]);
    if (a[j + j * lda] == 0) {
      info = info ? info : (int)j + 1;
      continue;
    }
    for (int64_t i = j + 1; i < m; i++) {
      T factor = a[i + j * lda] /= a[j + j * lda];
      for (int64_t k = j + 1; k < n; k++) a[i + k * lda] -= factor * a[j + k * lda];
    }
  }
  return info;
}

template <class T> void solveLU(const T *a, int64_t n, int64_t lda, const int64_t *pivots, bool isTransposed, T *b, int64_t columns,
    int64_t ldb) {
  auto exchange = [&](int64_t i) {
    for (int64_t j = 0; pivots && j < columns; j++) std::swap(b[i + j * ldb], b[pivots[i] - 1 + j * ldb]);
  };
  Solve lower = {false, false, isTransposed, true, (int)n, (int)columns, (int)lda, (int)ldb}, upper = lower;
  upper.isUpper = true;
  upper.isUnit = false;
  for (int64_t i = 0; !isTransposed && i < n; i++) exchange(i);
  solveTriangle<T>(isTransposed ? upper : lower, 1, a, b);
  solveTriangle<T>(isTransposed ? lower : upper, 1, a, b);
  for (int64_t i = n - 1; isTransposed && i >= 0; i--) exchange(i);
}

int sizes(int type, int64_t n, size_t *onDevice, size_t *onHost) {
  if (!onDevice || !onHost) return CUSOLVER_STATUS_INVALID_VALUE;
  *onDevice = (size_t)n * bytesOf(type);
  *onHost = 0;
  return CUSOLVER_STATUS_SUCCESS;
}

int checkTypes(void *handle, int type, int compute, int64_t n, int64_t leading) {
  if (!solverHandles.count((Handle *)handle)) return CUSOLVER_STATUS_NOT_INITIALIZED;
  if (type != compute || (type != CUDA_R_32F && type != CUDA_R_64F)) return CUSOLVER_STATUS_NOT_SUPPORTED;
  return n < 0 || leading < std::max<int64_t>(1, n) ? CUSOLVER_STATUS_INVALID_VALUE : CUSOLVER_STATUS_SUCCESS;
}
}  // namespace

void **solverStream(void *handle) { return solverHandles.count((Handle *)handle) ? &((Handle *)handle)->stream : nullptr; }

bool writeInfo(CUdeviceptr info, int value) {
  Matrix word = {info, CUDA_R_32F, 1, 1, 1, false, 1, 0};
  if (!isWritable(word, "the word of a factorization's outcome")) return false;
  *(int *)info = value;
  markWritten(word);
  return true;
}

// ---- cuBLAS

namespace {
int create(std::set<Handle *> &handles, void **handle, int invalid) {
  if (!handle) return invalid;
  auto made = new Handle;
  handles.insert(made);
  *handle = made;
  return 0;
}
int destroy(std::set<Handle *> &handles, void *handle) {
  if (!handles.erase((Handle *)handle)) return 1;
  delete (Handle *)handle;
  return 0;
}
int setStream(std::set<Handle *> &handles, void *handle, void *stream, int invalid) {
  if (!handles.count((Handle *)handle)) return 1;
  if (!streamOf(stream)) return invalid;
  ((Handle *)handle)->stream = stream;
  return 0;
}
}  // namespace

STANDIN_API int cublasCreate_v2(void **handle) {
  LIBRARY_CALL(CUBLAS_STATUS_NOT_INITIALIZED);
  return create(blasHandles, handle, CUBLAS_STATUS_INVALID_VALUE);
}
STANDIN_API int cublasDestroy_v2(void *handle) {
  CALL(NeedsNothing);
  return destroy(blasHandles, handle);
}
STANDIN_API int cublasSetStream_v2(void *handle, void *stream) {
  LIBRARY_CALL(CUBLAS_STATUS_EXECUTION_FAILED);
  return setStream(blasHandles, handle, stream, CUBLAS_STATUS_INVALID_VALUE);
}
#define TRSM(name, T) \
  STANDIN_API int cublas##name##_v2(void *handle, int side, int uplo, int trans, int diag, int m, int n, const T *alpha, const T *a, \
      int lda, \
      T *b, int ldb) { \
    LIBRARY_CALL(CUBLAS_STATUS_EXECUTION_FAILED); \
    return trsm<T>(handle, side, uplo, trans, diag, m, n, alpha, a, lda, b, ldb); \
  } \
  STANDIN_API int cublas##name##Batched(void *handle, int side, int uplo, int trans, int diag, int m, int n, const T *alpha, T *const *a, \
      int lda, T *const *b, int ldb, int count) { \
    LIBRARY_CALL(CUBLAS_STATUS_EXECUTION_FAILED); \
    return trsmBatched<T>(handle, side, uplo, trans, diag, m, n, alpha, a, lda, b, ldb, count); \
  }
TRSM(Strsm, float)
TRSM(Dtrsm, double)

// ---- cuSOLVER

STANDIN_API int cusolverDnCreate(void **handle) {
  LIBRARY_CALL(CUSOLVER_STATUS_NOT_INITIALIZED);
  return create(solverHandles, handle, CUSOLVER_STATUS_INVALID_VALUE);
}
STANDIN_API int cusolverDnDestroy(void *handle) {
  CALL(NeedsNothing);
  return destroy(solverHandles, handle);
}
STANDIN_API int cusolverDnSetStream(void *handle, void *stream) {
  LIBRARY_CALL(CUSOLVER_STATUS_EXECUTION_FAILED);
  return setStream(solverHandles, handle, stream, CUSOLVER_STATUS_INVALID_VALUE);
}
STANDIN_API int cusolverDnCreateParams(void **made) {
  CALL(NeedsNothing);
  if (!made) return CUSOLVER_STATUS_INVALID_VALUE;
  *made = new char;
  parameters.insert(*made);
  return CUSOLVER_STATUS_SUCCESS;
}
STANDIN_API int cusolverDnDestroyParams(void *made) {
  CALL(NeedsNothing);
  if (!parameters.erase(made)) return CUSOLVER_STATUS_INVALID_VALUE;
  delete (char *)made;
  return CUSOLVER_STATUS_SUCCESS;
}

STANDIN_API int cusolverDnXpotrf_bufferSize(void *handle, void *, int, int64_t n, int type, CUdeviceptr, int64_t lda, int compute,
    size_t *onDevice, size_t *onHost) {
  LIBRARY_CALL(CUSOLVER_STATUS_EXECUTION_FAILED);
  if (int code = checkTypes(handle, type, compute, n, lda)) return code;
  return sizes(type, n, onDevice, onHost);
}
STANDIN_API int cusolverDnXpotrf(void *handle, void *, int uplo, int64_t n, int type, CUdeviceptr a, int64_t lda, int compute,
    CUdeviceptr workspace, size_t onDevice, void *, size_t, CUdeviceptr info) {
  LIBRARY_CALL(CUSOLVER_STATUS_EXECUTION_FAILED);
  if (int code = checkTypes(handle, type, compute, n, lda)) return code;
  if (onDevice < (size_t)n * bytesOf(type) || (n && !workspace)) return CUSOLVER_STATUS_INVALID_VALUE;
  Matrix A = {a, type, (uint64_t)n, (uint64_t)n, lda, false, 1, 0};
  return enqueueFor(((Handle *)handle)->stream, CUSOLVER_STATUS_EXECUTION_FAILED, [=] {
    if (!isReadable(A, "a Cholesky factorization", uplo == 1 ? Upper : Lower)) return;
    int outcome = type == CUDA_R_64F ? factorCholesky((double *)a, n, lda, uplo == 1) : factorCholesky((float *)a, n, lda, uplo == 1);
    writeInfo(info, outcome);
  });
}

STANDIN_API int cusolverDnXgetrf_bufferSize(void *handle, void *, int64_t m, int64_t n, int type, CUdeviceptr, int64_t lda, int compute,
    size_t *onDevice, size_t *onHost) {
  LIBRARY_CALL(CUSOLVER_STATUS_EXECUTION_FAILED);
  if (int code = checkTypes(handle, type, compute, m, lda)) return code;
  return n < 0 ? CUSOLVER_STATUS_INVALID_VALUE : sizes(type, n, onDevice, onHost);
}
STANDIN_API int cusolverDnXgetrf(void *handle, void *, int64_t m, int64_t n, int type, CUdeviceptr a, int64_t lda, CUdeviceptr pivots,
    int compute, CUdeviceptr workspace, size_t onDevice, void *, size_t, CUdeviceptr info) {
  LIBRARY_CALL(CUSOLVER_STATUS_EXECUTION_FAILED);
  if (int code = checkTypes(handle, type, compute, m, lda)) return code;
  if (n < 0 || onDevice < (size_t)n * bytesOf(type) || (n && !workspace)) return CUSOLVER_STATUS_INVALID_VALUE;
  Matrix A = {a, type, (uint64_t)m, (uint64_t)n, lda, false, 1, 0};
  Matrix P = {pivots, CUDA_R_64F, (uint64_t)std::min(m, n), 1, std::min(m, n), false, pivots ? 1 : 0, 0};
  return enqueueFor(((Handle *)handle)->stream, CUSOLVER_STATUS_EXECUTION_FAILED, [=] {
    if (!isReadable(A, "an LU factorization") || !isWritable(P, "an LU factorization's pivots")) return;
    auto rows = (int64_t *)pivots;
    int outcome = type == CUDA_R_64F ? factorLU((double *)a, m, n, lda, rows) : factorLU((float *)a, m, n, lda, rows);
    markWritten(P);
    writeInfo(info, outcome);
  });
}

STANDIN_API int cusolverDnXgetrs(void *handle, void *, int trans, int64_t n, int64_t columns, int type, CUdeviceptr a, int64_t lda,
    CUdeviceptr pivots, int typeB, CUdeviceptr b, int64_t ldb, CUdeviceptr info) {
  LIBRARY_CALL(CUSOLVER_STATUS_EXECUTION_FAILED);
  if (int code = checkTypes(handle, type, typeB, n, lda)) return code;
  if (columns < 0 || ldb < std::max<int64_t>(1, n) || trans < 0 || trans > 2) return CUSOLVER_STATUS_INVALID_VALUE;
  Matrix A = {a, type, (uint64_t)n, (uint64_t)n, lda, false, 1, 0}, B = {b, type, (uint64_t)n, (uint64_t)columns, ldb, false, 1, 0};
  Matrix P = {pivots, CUDA_R_64F, (uint64_t)n, 1, n, false, pivots ? 1 : 0, 0};
  return enqueueFor(((Handle *)handle)->stream, CUSOLVER_STATUS_EXECUTION_FAILED, [=] {
    if (!isReadable(A, "a solve's factors") || !isReadable(P, "a solve's pivots") || !isReadable(B, "a solve's right sides")) return;
    auto rows = (const int64_t *)pivots;
    for (int64_t i = 0; rows && i < n; i++)
      if (rows[i] < 1 || rows[i] > n)
        return breakContext(CUDA_ERROR_ILLEGAL_ADDRESS, format("a solve's pivot %ld of %ld", (long)rows[i], (long)n));
    if (type == CUDA_R_64F) solveLU((const double *)a, n, lda, rows, trans != 0, (double *)b, columns, ldb);
    else solveLU((const float *)a, n, lda, rows, trans != 0, (float *)b, columns, ldb);
    writeInfo(info, 0);
  });
}
