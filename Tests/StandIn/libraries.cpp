// Checks of matrices that the libraries read and write.
#include "libraries.h"

namespace {
Region *regionOf(CUdeviceptr address, size_t bytes, const char *what) {
  auto before = std::move(device().message);
  device().message.clear();
  Region *region = rangeOf(address, bytes, what);
  if (region) device().message = std::move(before);
  else breakContext(CUDA_ERROR_ILLEGAL_ADDRESS, std::string(device().message));
  return region;
}
}  // namespace

bool isReadable(const Matrix &m, const char *what, Part part) {
  for (int b = 0; b < m.batch && m.bytes(); b++) {
    Region *region = regionOf(m.of(b), m.bytes(), what);
    if (!region) return false;
    if (!region->shadow || region->isHost) continue;
    auto isWritten = region->shadow->isWritten.data() + (m.of(b) - region->start);
    for (uint64_t i = 0; i < m.rows; i++)
      for (uint64_t j = 0; j < m.columns; j++) {
        if ((part == Lower && i < j) || (part == Upper && i > j)) continue;
        if (!memchr(isWritten + m.index(i, j) * bytesOf(m.type), 0, bytesOf(m.type))) continue;
        breakContext(CUDA_ERROR_LAUNCH_FAILED, format("%s: element (%lu, %lu) of a matrix, which nobody has written", what,
            (unsigned long)i, (unsigned long)j));
        return false;
      }
  }
  return true;
}

bool isWritable(const Matrix &m, const char *what) {
  for (int b = 0; b < m.batch && m.bytes(); b++)
    if (!regionOf(m.of(b), m.bytes(), what)) return false;
  return true;
}

void markWritten(const Matrix &m) {
  for (int b = 0; b < m.batch; b++)
    for (uint64_t i = 0; i < (m.isRowMajor ? m.rows : m.columns); i++)
      markWritten(m.of(b) + (CUdeviceptr)((int64_t)i * m.leading) * bytesOf(m.type), (m.isRowMajor ? m.columns : m.rows) * bytesOf(m.type));
}
