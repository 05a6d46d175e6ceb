// Blocks of memory with special values, for kernels.c and operations.c.
#pragma once
#include "ckernels.h"
#include "joined.h"
#include "lines.h"
#include "products.h"

#include <stddef.h>

typedef struct {
  void *allocation;
  char *at;
  size_t bytes;
} block;

/// `count` elements of undefined content.
block empty_block(int bytes, int64_t count);
/// Lanes of a type (WG_I32 …) that go round the type's special values, from a place that depends on `phase`.
block lanes_block(int type, int64_t count, int phase);
/// Elements of any bits, 32-bit numbers in 64-bit lanes, and lanes of 0 and 1.
block bytes_block(int bytes, int64_t count);
block words_block(int64_t count, int phase);
block truths_block(int64_t count);
void drop(block b);

/// Notes a failure where two blocks, lanes of `type`, differ in more than which NaN they hold.
void same(block a, block b, const char *name, int type, int op);
extern int failures;
extern long calls;

/// The inner loops of attention, products and the half types.
void operations(void);
