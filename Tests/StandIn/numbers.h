// The number types of the libraries: cudaDataType_t, and their elements as double or float.
#pragma once
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

enum cudaDataType { CUDA_R_32F = 0, CUDA_R_64F = 1, CUDA_R_16F = 2, CUDA_R_16BF = 14 };

inline size_t bytesOf(int type) {
  switch (type) {
  case CUDA_R_32F: return 4;
  case CUDA_R_64F: return 8;
  case CUDA_R_16F: case CUDA_R_16BF: return 2;
  default: return 0;
  }
}

inline float fromBF16(uint16_t bits) {
  uint32_t wide = (uint32_t)bits << 16;
  float value;
  memcpy(&value, &wide, 4);
  return value;
}

inline uint16_t toBF16(float value) {
  uint32_t bits;
  memcpy(&bits, &value, 4);
  if ((bits & 0x7fffffff) > 0x7f800000) return 0x7fff;
  return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

inline float fromF16(uint16_t bits) {
  int exponent = bits >> 10 & 31, mantissa = bits & 0x3ff;
  float value = exponent == 31 ? (mantissa ? NAN : INFINITY)
      : exponent ? ldexpf((float)(mantissa | 0x400), exponent - 25) : ldexpf((float)mantissa, -24);
  return bits & 0x8000 ? -value : value;
}

inline uint16_t toF16(float value) {
  if (value != value) return 0x7fff;
  uint16_t sign = std::signbit(value) ? 0x8000 : 0;
  value = fabsf(value);
  if (value >= 65520) return sign | 0x7c00;
  if (value < 0x1p-14f) return (uint16_t)(sign | (uint16_t)nearbyintf(value * 0x1p24f));
  int exponent;
  float fraction = frexpf(value, &exponent);
  return (uint16_t)(sign | (((exponent + 14) << 10) + (int)nearbyintf(fraction * 2048) - 1024));
}

inline double load(const void *from, size_t index, int type) {
  switch (type) {
  case CUDA_R_32F: return ((const float *)from)[index];
  case CUDA_R_64F: return ((const double *)from)[index];
  case CUDA_R_16F: return fromF16(((const uint16_t *)from)[index]);
  default: return fromBF16(((const uint16_t *)from)[index]);
  }
}

/// The number rounded to float first, as what it comes from is one where the type is no float64.
inline void store(void *to, size_t index, int type, double value) {
  switch (type) {
  case CUDA_R_32F: ((float *)to)[index] = (float)value; break;
  case CUDA_R_64F: ((double *)to)[index] = value; break;
  case CUDA_R_16F: ((uint16_t *)to)[index] = toF16((float)value); break;
  default: ((uint16_t *)to)[index] = toBF16((float)value);
  }
}
