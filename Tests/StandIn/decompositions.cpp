// cuSOLVER's factorizations into orthogonal matrices, as plain loops over column-major matrices.
#include "libraries.h"
#include "solver.h"

#include <algorithm>
#include <numeric>
#include <vector>

namespace {
/// Columns of a matrix that rotations and reflections work on, in double.
using Columns = std::vector<std::vector<double>>;

template <class T> Columns columnsOf(const T *a, int m, int n, int lda) {
  Columns columns(n, std::vector<double>(m));
  for (int j = 0; j < n; j++)
    for (int i = 0; i < m; i++) columns[j][i] = a[i + (int64_t)j * lda];
  return columns;
}

template <class T> void store(const Columns &columns, T *a, int lda) {
  for (size_t j = 0; j < columns.size(); j++)
    for (size_t i = 0; i < columns[j].size(); i++) a[i + j * lda] = (T)columns[j][i];
}

double product(const std::vector<double> &x, const std::vector<double> &y) { return std::inner_product(x.begin(), x.end(), y.begin(), 0.0); }

/// x · (I − τ v vᵀ) for the reflection of column j, whose first element is one and whose others lie below the diagonal.
template <class T> void reflect(std::vector<double> &x, const T *a, int lda, int j, double tau) {
  double sum = x[j];
  for (size_t i = j + 1; i < x.size(); i++) sum += x[i] * a[i + (int64_t)j * lda];
  x[j] -= tau * sum;
  for (size_t i = j + 1; i < x.size(); i++) x[i] -= tau * sum * a[i + (int64_t)j * lda];
}

template <class T> void factorQR(T *a, int m, int n, int lda, T *tau) {
  for (int j = 0; j < std::min(m, n); j++) {
    double rest = 0, alpha = a[j + (int64_t)j * lda];
    for (int i = j + 1; i < m; i++) rest += (double)a[i + (int64_t)j * lda] * a[i + (int64_t)j * lda];
    if (rest == 0) {
      tau[j] = 0;
      continue;
    }
    double beta = -std::copysign(std::sqrt(alpha * alpha + rest), alpha);
    tau[j] = (T)((beta - alpha) / beta);
    for (int i = j + 1; i < m; i++) a[i + (int64_t)j * lda] = (T)(a[i + (int64_t)j * lda] / (alpha - beta));
    a[j + (int64_t)j * lda] = (T)beta;
    for (int c = j + 1; c < n; c++) {
      std::vector<double> x(m);
      for (int i = 0; i < m; i++) x[i] = a[i + (int64_t)c * lda];
      reflect(x, a, lda, j, tau[j]);
      for (int i = 0; i < m; i++) a[i + (int64_t)c * lda] = (T)x[i];
    }
  }
}

template <class T> void makeQ(T *a, int m, int n, int k, int lda, const T *tau) {
  Columns q(n, std::vector<double>(m));
  for (int j = 0; j < n; j++) {
    q[j][j] = 1;
    for (int step = k - 1; step >= 0; step--) reflect(q[j], a, lda, step, tau[step]);
  }
  store(q, a, lda);
}

bool isFinite(const Columns &columns) {
  for (auto &column : columns)
    for (double x : column)
      if (!std::isfinite(x)) return false;
  return true;
}

/// Rotations of pairs of columns until all are orthogonal (Hestenes).
template <class T> int factorSVD(bool isFull, T *a, int m, int n, int lda, T *s, T *u, int ldu, T *vt, int ldvt) {
  Columns x = columnsOf(a, m, n, lda), v(n, std::vector<double>(n));
  if (!isFinite(x)) return 1;
  for (int i = 0; i < n; i++) v[i][i] = 1;
  for (int sweep = 0; sweep < 40; sweep++)
    for (int p = 0; p < n; p++)
      for (int q = p + 1; q < n; q++) {
        double pp = product(x[p], x[p]), qq = product(x[q], x[q]), pq = product(x[p], x[q]);
        if (std::fabs(pq) <= 1e-17 * std::sqrt(pp * qq)) continue;
        double zeta = (qq - pp) / (2 * pq), t = std::copysign(1, zeta) / (std::fabs(zeta) + std::hypot(1, zeta));
        double c = 1 / std::hypot(1, t), si = c * t;
        for (Columns *both : {&x, &v})
          for (size_t i = 0; i < (*both)[p].size(); i++) {
            double left = (*both)[p][i], right = (*both)[q][i];
            (*both)[p][i] = c * left - si * right;
            (*both)[q][i] = si * left + c * right;
          }
      }
  std::vector<double> values(n);
  for (int j = 0; j < n; j++) values[j] = std::sqrt(product(x[j], x[j]));
  std::vector<int> order(n);
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](int i, int j) { return values[i] > values[j]; });
  Columns left;
  for (int j : order) {
    if (values[j] <= values[order[0]] * 1e-15) break;
    for (double &e : x[j]) e /= values[j];
    left.push_back(x[j]);
  }
  for (int unit = 0; (int)left.size() < (isFull ? m : n); unit++) {
    std::vector<double> next(m);
    next[unit] = 1;
    for (int twice = 0; twice < 2; twice++)
      for (auto &other : left) {
        double share = product(next, other);
        for (int i = 0; i < m; i++) next[i] -= share * other[i];
      }
    double length = std::sqrt(product(next, next));
    if (length < 1e-3 / m) continue;
    for (double &e : next) e /= length;
    left.push_back(next);
  }
  store(left, u, ldu);
  for (int j = 0; j < n; j++) {
    s[j] = (T)values[order[j]];
    for (int i = 0; i < n; i++) vt[j + (int64_t)i * ldvt] = (T)v[order[j]][i];
  }
  return 0;
}

/// Rotations of pairs of rows and columns until nothing is off the diagonal (Jacobi); of the lower triangle.
template <class T> int factorSymmetric(T *matrix, int n, int lda, T *w) {
  Columns a = columnsOf(matrix, n, n, lda), v(n, std::vector<double>(n));
  for (int i = 0; i < n; i++) {
    v[i][i] = 1;
    for (int j = i + 1; j < n; j++) a[j][i] = a[i][j];
  }
  if (!isFinite(a)) return 1;
  for (int sweep = 0; sweep < 40; sweep++)
    for (int p = 0; p < n; p++)
      for (int q = p + 1; q < n; q++) {
        if (a[q][p] == 0) continue;
        double theta = (a[q][q] - a[p][p]) / (2 * a[q][p]), t = std::copysign(1, theta) / (std::fabs(theta) + std::hypot(1, theta));
        double c = 1 / std::hypot(1, t), s = c * t;
        auto rotate = [&](double &x, double &y) {
          double left = x, right = y;
          x = c * left - s * right;
          y = s * left + c * right;
        };
        for (int i = 0; i < n; i++) rotate(a[p][i], a[q][i]);
        for (int i = 0; i < n; i++) rotate(a[i][p], a[i][q]);
        for (int i = 0; i < n; i++) rotate(v[p][i], v[q][i]);
      }
  std::vector<int> order(n);
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](int i, int j) { return a[i][i] < a[j][j]; });
  for (int j = 0; j < n; j++) {
    w[j] = (T)a[order[j]][order[j]];
    for (int i = 0; i < n; i++) matrix[i + (int64_t)j * lda] = (T)v[order[j]][i];
  }
  return 0;
}

template <class T> Matrix matrix(const T *address, int rows, int columns, int leading) {
  return {(CUdeviceptr)address, sizeof(T) == 8 ? CUDA_R_64F : CUDA_R_32F, (uint64_t)rows, (uint64_t)columns, std::max(leading, 1), false, 1, 0};
}

int checkSize(void *handle, bool isValid, int *size, int wanted) {
  if (!solverStream(handle)) return CUSOLVER_STATUS_NOT_INITIALIZED;
  if (!isValid || !size) return CUSOLVER_STATUS_INVALID_VALUE;
  *size = std::max(wanted, 1);
  return CUSOLVER_STATUS_SUCCESS;
}

/// Queues `work` on columns that are read and written, if the memory that is lent is as large as was asked for.
template <class F> int enqueueDecomposition(void *handle, bool isValid, int size, int wanted, F work) {
  if (!solverStream(handle)) return CUSOLVER_STATUS_NOT_INITIALIZED;
  if (!isValid || size < std::max(wanted, 1)) return CUSOLVER_STATUS_INVALID_VALUE;
  return enqueueFor(*solverStream(handle), CUSOLVER_STATUS_EXECUTION_FAILED, work);
}
}  // namespace

#define DECOMPOSITIONS(letter, T) \
  STANDIN_API int cusolverDn##letter##geqrf_bufferSize(void *handle, int m, int n, T *, int lda, int *size) { \
    LIBRARY_CALL(CUSOLVER_STATUS_EXECUTION_FAILED); \
    return checkSize(handle, m >= 0 && n >= 0 && lda >= std::max(1, m), size, n); \
  } \
  STANDIN_API int cusolverDn##letter##geqrf(void *handle, int m, int n, T *a, int lda, T *tau, T *, int size, int *info) { \
    LIBRARY_CALL(CUSOLVER_STATUS_EXECUTION_FAILED); \
    return enqueueDecomposition(handle, m >= 0 && n >= 0 && lda >= std::max(1, m), size, n, [=] { \
      auto A = matrix(a, m, n, lda), Tau = matrix(tau, std::min(m, n), 1, std::min(m, n)); \
      if (!isReadable(A, "a QR factorization") || !isWritable(Tau, "a QR factorization's factors")) return; \
      factorQR(a, m, n, lda, tau); \
      markWritten(Tau); \
      writeInfo((CUdeviceptr)info, 0); \
    }); \
  } \
  STANDIN_API int cusolverDn##letter##orgqr_bufferSize(void *handle, int m, int n, int k, const T *, int lda, const T *, int *size) { \
    LIBRARY_CALL(CUSOLVER_STATUS_EXECUTION_FAILED); \
    return checkSize(handle, m >= n && n >= k && k >= 0 && lda >= std::max(1, m), size, n); \
  } \
  STANDIN_API int cusolverDn##letter##orgqr(void *handle, int m, int n, int k, T *a, int lda, const T *tau, T *, int size, int *info) { \
    LIBRARY_CALL(CUSOLVER_STATUS_EXECUTION_FAILED); \
    return enqueueDecomposition(handle, m >= n && n >= k && k >= 0 && lda >= std::max(1, m), size, n, [=] { \
      auto Q = matrix(a, m, n, lda); \
      if (!isReadable(matrix(a, m, k, lda), "a matrix Q") || !isReadable(matrix(tau, k, 1, k), "a Q's factors") || \
          !isWritable(Q, "a matrix Q")) \
        return; \
      makeQ(a, m, n, k, lda, tau); \
      markWritten(Q); \
      writeInfo((CUdeviceptr)info, 0); \
    }); \
  } \
  STANDIN_API int cusolverDn##letter##gesvd_bufferSize(void *handle, int m, int n, int *size) { \
    LIBRARY_CALL(CUSOLVER_STATUS_EXECUTION_FAILED); \
    return checkSize(handle, m >= n && n >= 0, size, n); \
  } \
  STANDIN_API int cusolverDn##letter##gesvd(void *handle, signed char jobu, signed char jobvt, int m, int n, T *a, int lda, T *s, T *u, \
      int ldu, T *vt, int ldvt, T *, int size, T *, int *info) { \
    LIBRARY_CALL(CUSOLVER_STATUS_EXECUTION_FAILED); \
    bool isFull = jobu == 'A', isKnown = (isFull || jobu == 'S') && (jobvt == 'A' || jobvt == 'S'); \
    bool isValid = isKnown && m >= n && n >= 0 && lda >= std::max(1, m) && ldu >= std::max(1, m) && ldvt >= std::max(1, n); \
    return enqueueDecomposition(handle, isValid, size, n, [=] { \
      auto U = matrix(u, m, isFull ? m : n, ldu), S = matrix(s, n, 1, n), VT = matrix(vt, n, n, ldvt); \
      if (!isReadable(matrix(a, m, n, lda), "singular values") || !isWritable(U, "U") || !isWritable(S, "singular values") || \
          !isWritable(VT, "V")) \
        return; \
      int outcome = factorSVD(isFull, a, m, n, lda, s, u, ldu, vt, ldvt); \
      for (auto &part : {U, S, VT}) markWritten(part); \
      writeInfo((CUdeviceptr)info, outcome); \
    }); \
  } \
  STANDIN_API int cusolverDn##letter##syevd_bufferSize(void *handle, int jobz, int uplo, int n, const T *, int lda, const T *, int *size) { \
    LIBRARY_CALL(CUSOLVER_STATUS_EXECUTION_FAILED); \
    return checkSize(handle, jobz == 1 && uplo == 0 && n >= 0 && lda >= std::max(1, n), size, n); \
  } \
  STANDIN_API int cusolverDn##letter##syevd(void *handle, int jobz, int uplo, int n, T *a, int lda, T *w, T *, int size, int *info) { \
    LIBRARY_CALL(CUSOLVER_STATUS_EXECUTION_FAILED); \
    return enqueueDecomposition(handle, jobz == 1 && uplo == 0 && n >= 0 && lda >= std::max(1, n), size, n, [=] { \
      auto A = matrix(a, n, n, lda), W = matrix(w, n, 1, n); \
      if (!isReadable(A, "eigenvalues", Lower) || !isWritable(A, "eigenvectors") || !isWritable(W, "eigenvalues")) return; \
      int outcome = factorSymmetric(a, n, lda, w); \
      markWritten(A); \
      markWritten(W); \
      writeInfo((CUdeviceptr)info, outcome); \
    }); \
  }
DECOMPOSITIONS(S, float)
DECOMPOSITIONS(D, double)
