// cuBLASLt: descriptions, and products by plain loops, each sum in the order of the inner axis.
#include "runtime.h"
#include <cstring>

namespace standin {

struct Layout {
  int type, order = 0;
  uint64_t rows, columns;
  int64_t distance;
  int batch = 1;
  int64_t stride = 0;
};
struct Product {
  int compute, scale;
  int transposesA = 0, transposesB = 0, epilogue = 1;
  void *bias = nullptr;
};
struct Preference {
  uint64_t workspace = 0;
  uint32_t alignments[4] = {256, 256, 256, 256};
};

static size_t bytesOf(int type) { return type == 0 ? 4 : type == 1 ? 8 : type == 2 || type == 14 ? 2 : 0; }

static double element(int type, uintptr_t base, int64_t at) {
  switch (type) {
  case 0: return ((float *)base)[at];
  case 1: return ((double *)base)[at];
  case 2: return (float)((_Float16 *)base)[at];
  default: {
    uint32_t bits = (uint32_t)((uint16_t *)base)[at] << 16;
    float value;
    memcpy(&value, &bits, 4);
    return value;
  }
  }
}
static void store(int type, uintptr_t base, int64_t at, double value) {
  switch (type) {
  case 0: ((float *)base)[at] = value; break;
  case 1: ((double *)base)[at] = value; break;
  case 2: ((_Float16 *)base)[at] = (_Float16)(float)value; break;
  default: {
    float single = value;
    uint32_t bits;
    memcpy(&bits, &single, 4);
    ((uint16_t *)base)[at] = single != single ? 0x7fff : (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
  }
  }
}

static size_t extent(const Layout &l) {
  if (!l.rows || !l.columns) return 0;
  uint64_t lines = l.order ? l.rows : l.columns, length = l.order ? l.columns : l.rows;
  return ((lines - 1) * l.distance + length + (l.batch - 1) * l.stride) * bytesOf(l.type);
}
static int64_t place(const Layout &l, int64_t row, int64_t column) { return l.order ? row * l.distance + column : row + column * l.distance; }
}  // namespace standin

using namespace standin;
API size_t cublasLtGetVersion() { return 120400; }
API const char *cublasLtGetStatusString(int status) {
  switch (status) {
  case 0: return "CUBLAS_STATUS_SUCCESS";
  case 7: return "CUBLAS_STATUS_INVALID_VALUE";
  case 15: return "CUBLAS_STATUS_NOT_SUPPORTED";
  default: return "CUBLAS_STATUS";
  }
}
API int cublasLtCreate(void **handle) { *handle = &table; return 0; }
API int cublasLtDestroy(void *) { return 0; }
API int cublasLtMatmulDescCreate(void **p, int compute, int scale) {
  if (!((compute == 68 || compute == 77) && scale == 0) && !(compute == 70 && scale == 1)) return 15;
  *p = new Product{compute, scale};
  return 0;
}
API int cublasLtMatmulDescDestroy(void *p) { delete (Product *)p; return 0; }
API int cublasLtMatmulDescSetAttribute(void *p, int attribute, const void *value, size_t size) {
  auto &product = *(Product *)p;
  int number = 0;
  if (attribute != 8 && size != 4) return 7;
  memcpy(&number, value, 4);
  switch (attribute) {
  case 3: product.transposesA = number; return 0;
  case 4: product.transposesB = number; return 0;
  case 7: if (number != 1) return 15; product.epilogue = number; return 0;
  default: return 7;
  }
}
API int cublasLtMatrixLayoutCreate(void **p, int type, uint64_t rows, uint64_t columns, int64_t distance) {
  if (!bytesOf(type)) return 7;
  *p = new Layout{type, 0, rows, columns, distance};
  return 0;
}
API int cublasLtMatrixLayoutDestroy(void *p) { delete (Layout *)p; return 0; }
API int cublasLtMatrixLayoutSetAttribute(void *p, int attribute, const void *value, size_t size) {
  auto &layout = *(Layout *)p;
  switch (attribute) {
  case 1: if (size != 4) return 7; memcpy(&layout.order, value, 4); return 0;
  case 5: if (size != 4) return 7; memcpy(&layout.batch, value, 4); return 0;
  case 6: if (size != 8) return 7; memcpy(&layout.stride, value, 8); return 0;
  default: return 7;
  }
}
API int cublasLtMatmulPreferenceCreate(void **p) { *p = new Preference; return 0; }
API int cublasLtMatmulPreferenceDestroy(void *p) { delete (Preference *)p; return 0; }
API int cublasLtMatmulPreferenceSetAttribute(void *p, int attribute, const void *value, size_t size) {
  auto &preference = *(Preference *)p;
  if (attribute == 1 && size == 8) memcpy(&preference.workspace, value, 8);
  else if (attribute >= 5 && attribute <= 8 && size == 4) memcpy(&preference.alignments[attribute - 5], value, 4);
  else return 7;
  return 0;
}

static int check(const Product &product, const Layout &a, const Layout &b, const Layout &c) {
  uint64_t m = product.transposesA ? a.columns : a.rows, k = product.transposesA ? a.rows : a.columns;
  uint64_t l = product.transposesB ? b.columns : b.rows, n = product.transposesB ? b.rows : b.columns;
  if (k != l || m != c.rows || n != c.columns || a.type != b.type || a.batch != b.batch || a.batch != c.batch) return 7;
  for (auto layout : {&a, &b, &c})
    if ((uint64_t)layout->distance < (layout->order ? layout->columns : layout->rows)) return 7;
  return (a.type == 1) == (product.compute == 70) ? 0 : 15;
}
// The algorithm keeps the alignment that it was asked for, so that a run with less is found.
API int cublasLtMatmulAlgoGetHeuristic(void *, void *p, void *a, void *b, void *c, void *, void *preference, int wanted, void *results, int *count) {
  if (int status = check(*(Product *)p, *(Layout *)a, *(Layout *)b, *(Layout *)c)) return status;
  if (wanted < 1) return 7;
  memset(results, 0, 96);
  memcpy(results, ((Preference *)preference)->alignments, 16);
  *count = 1;
  return 0;
}
API int cublasLtMatmul(void *, void *p, const void *alpha, uintptr_t a, void *la, uintptr_t b, void *lb, const void *beta, uintptr_t c, void *lc,
                       uintptr_t d, void *ld, const void *algorithm, uintptr_t, size_t, void *stream) {
  Product product = *(Product *)p;
  Layout A = *(Layout *)la, B = *(Layout *)lb, C = *(Layout *)lc, D = *(Layout *)ld;
  if (int status = check(product, A, B, D)) return status;
  uint32_t alignments[4];
  memcpy(alignments, algorithm, 16);
  uintptr_t addresses[4] = {a, b, c, d};
  for (int i = 0; i < 4; i++)
    if (addresses[i] % alignments[i]) return 15;
  double one = product.scale == 1 ? *(double *)alpha : *(float *)alpha, factor = product.scale == 1 ? *(double *)beta : *(float *)beta;
  queue(stream, [=] {
    if (!isInside(a, extent(A), "cuBLASLt") || !isInside(b, extent(B), "cuBLASLt") || !isInside(d, extent(D), "cuBLASLt")) return;
    int64_t inner = product.transposesA ? A.rows : A.columns;
    for (int batch = 0; batch < D.batch; batch++) {
      for (int64_t i = 0; i < (int64_t)D.rows; i++) {
        for (int64_t j = 0; j < (int64_t)D.columns; j++) {
          double sum = 0;
          float single = 0;
          for (int64_t k = 0; k < inner; k++) {
            double x = element(A.type, a, batch * A.stride + (product.transposesA ? place(A, k, i) : place(A, i, k)));
            double y = element(B.type, b, batch * B.stride + (product.transposesB ? place(B, j, k) : place(B, k, j)));
            if (product.compute == 70) sum += x * y; else single += (float)x * (float)y;
          }
          if (product.compute != 70) sum = single;
          sum *= one;
          if (factor != 0) sum += factor * element(C.type, c, batch * C.stride + place(C, i, j));
          int64_t at = batch * D.stride + place(D, i, j);
          store(D.type, d, at, sum);
          wroteFromHost(d + at * bytesOf(D.type), bytesOf(D.type));
        }
      }
    }
  });
  return 0;
}
