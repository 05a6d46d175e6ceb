/// Several instructions on floats in one pass over a block of rows. Each operation rounds on its own, so that the results are those of single kernels.
#pragma once
#include <stdint.h>

/// Where up to five operands begin, and the bytes from one row's to the next; those that a kernel does not use must be readable.
typedef struct {
  const void *at[5];
  int64_t step[5];
} wg_joined_operands;

/// d may be exactly one of the operands that are rows.
typedef void (*wg_joined_fn)(void *d, const wg_joined_operands *operands, int64_t rows, int64_t columns);
/// The sum (or maximum) of each row into a float per row, where `whole`; else of one row, added to the double. Stores a part of what it sums in d, unless null.
typedef void (*wg_joined_reduction_fn)(void *d, void *result, int whole, const wg_joined_operands *operands, int64_t rows, int64_t columns);

/// Two operations, the first of `operands`: 0 a + b, 1 a + s, 2 a * b, 3 a * s, 4 a - b, 5 a - s, 6 s - b for rows a, b and a single number s, operands 0 and 1.
/// `last` on it and operand 2: 0 add, 1 subtract, 2 subtracted from operand 2, 3 multiply. `single`: operand 2 is a single number.
wg_joined_fn wg_joined_pair(int operands, int last, int single);

/// With rows a, b, c and single numbers s, t, u: (b - a) s + a, operands a, b, s; and, operands in the order a, s, b, then t, u or c: a s + b b t;
/// a s / (sqrt(b) t + u); a s b + c; ((a - s) - b t) u; a s - b t; a + s; a - s; a s; (a - s) t b + c. The enumeration has its own order.
enum { WG_TOWARDS, WG_MEAN_SQUARE, WG_ROOT_QUOTIENT, WG_SCALED_AFFINE, WG_PROJECTED, WG_AFFINE_DIFFERENCE, WG_RAISED, WG_SHIFTED, WG_SCALED, WG_NORMALIZED };
wg_joined_fn wg_joined_tree(int tree);

/// What is summed, and stored: a; a b; (a - s)^2, storing a - s; exp(a); exp(a - s). The maximum of a.
enum { WG_SUM_ROW, WG_SUM_PRODUCT, WG_SUM_SQUARE_DEVIATION, WG_SUM_EXP, WG_SUM_EXP_SHIFTED, WG_MAX_ROW };
wg_joined_reduction_fn wg_joined_reduction(int term);
