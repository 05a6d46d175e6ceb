/// Several instructions on floats in one pass over a block of rows. Each operation rounds on its own, so that the results are those of single kernels.
#pragma once
#include "operations.h"

#include <stdint.h>

/// Where up to seven operands begin, and the bytes from one row's to the next; those that a kernel does not use must be readable.
typedef struct {
  const void *at[7];
  int64_t step[7];
} wg_joined_operands;

/// d may be exactly one of the operands that are rows.
typedef void (*wg_joined_fn)(void *d, const wg_joined_operands *operands, int64_t rows, int64_t columns);
/// Three results at once, each of operands of its own, which it may be one of; those that are results are not read.
typedef void (*wg_joined_update_fn)(void *mean, void *square, void *stepped, const wg_joined_operands *of_mean,
                                    const wg_joined_operands *of_square, const wg_joined_operands *of_step, int64_t rows, int64_t columns);
/// The sum (or maximum) of each row into a float per row, where `whole`; else of one row, added to the double. Stores a part of what it sums in d, unless null.
typedef void (*wg_joined_reduction_fn)(void *d, void *result, int whole, const wg_joined_operands *operands, int64_t rows, int64_t columns);

/// Kernels of the level in force.
#define WG_FIRST(name, ...) name,
enum { WG_JOINED_FIRSTS(WG_FIRST) WG_JOINED_FIRST_COUNT };
enum { WG_JOINED_LASTS(WG_FIRST) WG_JOINED_LAST_COUNT };
enum { WG_JOINED_TREES(WG_FIRST) WG_JOINED_TREE_COUNT };
enum { WG_JOINED_UPDATES(WG_FIRST) WG_JOINED_UPDATE_COUNT };
enum { WG_JOINED_REDUCTIONS(WG_FIRST) WG_JOINED_REDUCTION_COUNT };
#undef WG_FIRST
/// `single`: operand 2 is a single number.
wg_joined_fn wg_joined_pair(int first, int last, int single);
wg_joined_fn wg_joined_tree(int tree);
wg_joined_update_fn wg_joined_update(int update);
wg_joined_reduction_fn wg_joined_reduction(int term);
