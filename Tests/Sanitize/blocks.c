#include "kernels.h"

#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int failures;

block empty_block(int bytes, int64_t count) {
  block b;
  b.bytes = (size_t)bytes * (size_t)count;
  // The end is the end of the allocation; the beginning is off every larger alignment by one element.
  b.allocation = malloc(b.bytes + (size_t)bytes);
  if (!b.allocation) abort();
  b.at = (char *)b.allocation + bytes;
  memset(b.allocation, 0xa5, b.bytes + (size_t)bytes);
  return b;
}

void drop(block b) { free(b.allocation); }

static const double FLOATS[] = {
    0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1e-45, -1e-45, FLT_MIN, FLT_MAX, -FLT_MAX, INFINITY, -INFINITY, NAN, -NAN, 88.72284, -87.3366, -103.9, 3.14159265, 1e10,
    2147483648.0, -2147483649.0, 2147483520.0, 9.2233720368547758e18, -9.2233720368547758e18, 65504.0, 65520.0, 6e-8, 5.9e-8, 1e30, 40.0, -40.0, 0.999999, 7.0, -3.0};
static const double DOUBLES[] = {DBL_MIN, 4.9e-324, DBL_MAX, -DBL_MAX, 709.79, -745.2, 1e300, 2147483647.5, -2147483648.5, 1.0, -2.0};
static const int64_t INTEGERS[] = {0, 1, -1, 2, -2, 3, 7, -7, 31, 32, 63, 64, 255, 256, INT32_MAX, INT32_MIN, INT32_MIN + 1, 1000003};
static const int64_t WIDE[] = {INT64_MAX, INT64_MIN, INT64_MIN + 1, INT64_C(1) << 53, -(INT64_C(1) << 53) - 1, INT64_C(1) << 32};
#define LENGTH(x) ((int64_t)(sizeof(x) / sizeof *(x)))

block lanes_block(int type, int64_t count, int phase) {
  block b = empty_block(type == WG_I64 || type == WG_F64 ? 8 : 4, count);
  for (int64_t i = 0; i < count; i++) {
    int64_t j = i + 11 * phase;
    switch (type) {
    case WG_I32: ((int32_t *)b.at)[i] = (int32_t)INTEGERS[j % LENGTH(INTEGERS)]; break;
    case WG_I64: ((int64_t *)b.at)[i] = j % 3 ? INTEGERS[j % LENGTH(INTEGERS)] : WIDE[j / 3 % LENGTH(WIDE)]; break;
    case WG_F32: ((float *)b.at)[i] = (float)FLOATS[j % LENGTH(FLOATS)]; break;
    default: ((double *)b.at)[i] = j % 3 ? FLOATS[j % LENGTH(FLOATS)] : DOUBLES[j / 3 % LENGTH(DOUBLES)];
    }
  }
  return b;
}

block bytes_block(int bytes, int64_t count) {
  block b = empty_block(bytes, count);
  uint32_t state = 12345;
  for (size_t i = 0; i < b.bytes; i++) b.at[i] = (char)((state = state * 1664525u + 1013904223u) >> 24);
  return b;
}

block words_block(int64_t count, int phase) {
  block b = empty_block(8, count);
  const int64_t words[] = {0, 1, 0xff, 0x100, 0x7fffffff, 0x80000000, 0xffffff00, 0xffffffff};
  for (int64_t i = 0; i < count; i++) ((int64_t *)b.at)[i] = words[(i + phase) % LENGTH(words)];
  return b;
}

block truths_block(int64_t count) {
  block b = empty_block(4, count);
  for (int64_t i = 0; i < count; i++) ((int32_t *)b.at)[i] = (int32_t)(i % 3 == 1);
  return b;
}

void same(block a, block b, const char *name, int type, int op) {
  for (size_t i = 0; i < a.bytes; i += type == WG_I64 || type == WG_F64 ? 8 : 4) {
    if (type == WG_F32) {
      float x, y;
      memcpy(&x, a.at + i, 4), memcpy(&y, b.at + i, 4);
      if (x != x && y != y) continue;
      if (!memcmp(&x, &y, 4)) continue;
    } else if (type == WG_F64) {
      double x, y;
      memcpy(&x, a.at + i, 8), memcpy(&y, b.at + i, 8);
      if (x != x && y != y) continue;
      if (!memcmp(&x, &y, 8)) continue;
    } else if (!memcmp(a.at + i, b.at + i, type == WG_I64 ? 8 : 4)) {
      continue;
    }
    printf("level %d: %s %d of type %d: byte %zu of %zu differs in place\n", wg_level(), name, op, type, i, a.bytes);
    failures++;
    return;
  }
}
