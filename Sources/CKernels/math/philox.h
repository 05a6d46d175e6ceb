// Philox-4x32-10 (Salmon et al. 2011) on 64-bit lanes of which the low halves count: the products of 32-bit words need no unpacking, and the bits
// above a word do no harm until the end. Inlined into loops of every level.
#pragma once
#include <stdint.h>

#define PHILOX_WORD UINT64_C(0xffffffff)

// Word `lane` for the counter (low, high, stream, 0). Where `high` is the same for a whole loop, so is half of the first two rounds.
static inline __attribute__((always_inline)) uint64_t philox(uint64_t low, uint64_t high, uint32_t stream, uint64_t key, int lane) {
  const uint64_t m0 = 0xd2511f53, m1 = 0xcd9e8d57;
  uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
  uint64_t p = (low & PHILOX_WORD) * m0, q = stream * m1;
  // What does not depend on `low` comes first in each sum.
  uint64_t c0 = ((q >> 32) ^ high ^ k0) & PHILOX_WORD, c1 = q & PHILOX_WORD, c2 = (p >> 32) ^ k1, c3 = p;
  k0 += 0x9e3779b9;
  k1 += 0xbb67ae85;
  p = c0 * m0;
  q = (c2 & PHILOX_WORD) * m1;
  c0 = (c1 ^ k0) ^ (q >> 32);
  c1 = q;
  c2 = ((p >> 32) ^ k1) ^ c3;
  c3 = p;
#pragma clang loop unroll(full)
  for (int round = 2; round < 10; round++) {
    k0 += 0x9e3779b9;
    k1 += 0xbb67ae85;
    p = (c0 & PHILOX_WORD) * m0;
    q = (c2 & PHILOX_WORD) * m1;
    c0 = (q >> 32) ^ c1 ^ k0;
    c1 = q;
    c2 = (p >> 32) ^ c3 ^ k1;
    c3 = p;
  }
  return (lane == 0 ? c0 : lane == 1 ? c1 : lane == 2 ? c2 : c3) & PHILOX_WORD;
}
