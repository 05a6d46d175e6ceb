#pragma once
#include <stdint.h>

// Loops over whole lines of memory that are not instructions of a row program, at the level in force.

// d[i] = s[0] + … + s[i], or from the end. d may be s. Floats are carried over in double: an error of at most 5 roundings of Σ|s|, however many there are.
typedef void (*wg_running_sum_fn)(void *d, const void *s, int64_t n);
// For types 0 to 3 as in ckernels.h.
wg_running_sum_fn wg_running_sum(int type, int reverse);

// Appends (key << 32 | position + j) for each x[j] whose key is below `limit` and returns how many there were; `out` has room for n. Keys
// are 32-bit numbers in the order of the elements (both zeros alike, NaN the highest), complemented where `flip` is all ones.
typedef int64_t (*wg_candidates_fn)(const void *x, int64_t n, uint32_t flip, uint64_t limit, uint32_t position, uint64_t *out);
// For 32-bit integers and floats; null for other types.
wg_candidates_fn wg_candidates(int type);

// target[positions[j] · targetStep …] += updates[j · updateStep …], `width` elements each, for those positions in first ..< end, in the order of j.
typedef void (*wg_add_rows_fn)(void *target, int64_t target_step, const void *updates, int64_t update_step, const int64_t *positions,
                               int64_t count, int64_t first, int64_t end, int64_t width);
wg_add_rows_fn wg_add_rows(int type);

// The same on floats, but that what falls on a row of `sums`, `sums_step` apart, is added up there in double: on row −1 − slots[position] where that
// is not negative, or on the position's own where `slots` is null (and nothing goes to the target then).
typedef void (*wg_add_rows_wide_fn)(float *target, int64_t target_step, const float *updates, int64_t update_step, const int64_t *positions,
                                    int64_t count, int64_t first, int64_t end, int64_t width, const int32_t *slots, double *sums,
                                    int64_t sums_step);
wg_add_rows_wide_fn wg_add_rows_wide(void);

// sums[i] += s[i].
typedef void (*wg_add_wide_fn)(double *sums, const float *s, int64_t n);
wg_add_wide_fn wg_add_wide(void);
// sums[i] += s[i]; d[i] = sums[i].
typedef void (*wg_running_rows_fn)(double *sums, const float *s, float *d, int64_t n);
wg_running_rows_fn wg_running_rows(void);
