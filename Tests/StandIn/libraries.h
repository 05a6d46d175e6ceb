// What the libraries of linear algebra have in common.
#pragma once
#include "numbers.h"
#include "standin.h"

enum cublasStatus_t {
  CUBLAS_STATUS_SUCCESS = 0, CUBLAS_STATUS_NOT_INITIALIZED = 1, CUBLAS_STATUS_INVALID_VALUE = 7, CUBLAS_STATUS_EXECUTION_FAILED = 13,
  CUBLAS_STATUS_INTERNAL_ERROR = 14, CUBLAS_STATUS_NOT_SUPPORTED = 15,
};

/// A library's calls need the device in order; what ails it is an execution that failed.
#define LIBRARY_CALL(failed) \
  CALL(NeedsNothing); \
  if (!hasContext() || device().code) return failed

/// Elements of column-major matrices on the device, `batch` of them `stride` elements apart.
struct Matrix {
  CUdeviceptr address;
  int type;
  uint64_t rows, columns;
  int64_t leading;
  bool isRowMajor;
  int batch;
  int64_t stride;
  size_t index(uint64_t row, uint64_t column) const {
    return isRowMajor ? (size_t)((int64_t)row * leading + (int64_t)column) : (size_t)((int64_t)column * leading + (int64_t)row);
  }
  size_t bytes() const { return rows && columns ? (index(rows - 1, columns - 1) + 1) * bytesOf(type) : 0; }
  CUdeviceptr of(int number) const { return address + (CUdeviceptr)(number * stride) * bytesOf(type); }
};

enum Part { Lower, Upper, Whole };
/// Ends the context unless the matrix lies in memory of the device, and the part of it has been written, as far as is known.
bool isReadable(const Matrix &matrix, const char *what, Part part = Whole);
bool isWritable(const Matrix &matrix, const char *what);
void markWritten(const Matrix &matrix);
/// The stream of a handle of cuBLAS, cuBLASLt or cuSOLVER.
template <class F> int enqueueFor(void *streamHandle, int failed, F work) {
  auto stream = streamOf(streamHandle);
  return !stream || enqueue(stream, [work] {
    work();
    return true;
  }) ? failed : 0;
}
