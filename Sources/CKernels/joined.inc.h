// Several instructions on floats in one pass, at one level; WG(name) is the name at that level. Every operation rounds on its own, as if it were a kernel
// of its own: the bits are the same.

#pragma clang fp contract(off)
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wpsabi"

#ifndef JOINED_ROWS
// Operand n at the row in hand, as a row and as a single number.
#define R0 p0[k]
#define R1 p1[k]
#define R2 p2[k]
#define R3 p3[k]
#define R4 p4[k]
#define S0 s0
#define S1 s1
#define S2 s2
#define S3 s3
#define S4 s4
#define OPERAND(n)                                                                \
  const float *p##n = (const float *)((const char *)o->at[n] + r * o->step[n]);   \
  const float s##n = columns > 0 ? *p##n : 0;                                     \
  (void)s##n;

#define JOINED_ROWS(name, expression)                                                             \
  static void WG(name)(void *dp, const wg_joined_operands *o, int64_t rows, int64_t columns) {    \
    if (columns <= 0) return;                                                                     \
    for (int64_t r = 0; r < rows; r++) {                                                          \
      float *d = (float *)dp + r * columns;                                                       \
      OPERAND(0) OPERAND(1) OPERAND(2) OPERAND(3) OPERAND(4)                                      \
      int64_t i = 0;                                                                              \
      for (; i + WIDTH <= columns; i += WIDTH) {                                                  \
        LANES for (int j = 0; j < WIDTH; j++) {                                                   \
          int64_t k = i + j;                                                                      \
          d[k] = (expression);                                                                    \
        }                                                                                         \
      }                                                                                           \
      ONE_BY_ONE for (int64_t k = i; k < columns; k++) d[k] = (expression);                       \
    }                                                                                             \
  }

// (x first y) last z, and z - (x first y); the operands' forms are in the name.
#define AFTER(name, inner, Z, z)                  \
  JOINED_ROWS(name##_add_##z, (inner) + Z)        \
  JOINED_ROWS(name##_subtract_##z, (inner) - Z)   \
  JOINED_ROWS(name##_subtracted_##z, Z - (inner)) \
  JOINED_ROWS(name##_multiply_##z, (inner) * Z)
#define PAIR(name, inner) AFTER(name, inner, R2, r) AFTER(name, inner, S2, s)
#define AFTER_ROWS(name, z) {WG(name##_add_##z), WG(name##_subtract_##z), WG(name##_subtracted_##z), WG(name##_multiply_##z)}
#define PAIR_ROWS(name) {AFTER_ROWS(name, r), AFTER_ROWS(name, s)}

// Over each row, the sum of `term`, added up as the single kernel does; x, which `block` makes of sixty-four elements of the operands, is stored where wanted.
// Unless `whole`, the sum is a state that goes on.
#define EACH(expression)                    \
  float values[64];                         \
  *(wg_running *)values = v0;               \
  LANES for (int j = 0; j < 64; j++) {      \
    const float r0 = values[j];             \
    values[j] = (expression);               \
  }                                         \
  x = *(const wg_running *)values;
#define JOINED_SUM(name, rows_read, block, term)                                                  \
  static void WG(name)(void *dp, void *sum, int whole, const wg_joined_operands *o, int64_t rows, int64_t columns) {  \
    for (int64_t r = 0; r < rows; r++) {                                                          \
      float *d = dp ? (float *)dp + r * columns : 0;                                              \
      OPERAND(0) OPERAND(1)                                                                       \
      wg_running running = 0, x, v0, v1;                                                        \
      (void)v1;                                                                                   \
      running = -running;                                                                         \
      const wg_running none = running;                                                            \
      double total = 0;                                                                           \
      int64_t i = 0;                                                                              \
      for (; i + 64 <= columns; i += 64) {                                                        \
        v0 = *(const wg_running *)(p0 + i);                                                       \
        if (rows_read == 2) v1 = *(const wg_running *)(p1 + i);                                   \
        block                                                                                     \
        if (d) *(wg_running *)(d + i) = x;                                                        \
        running += (term);                                                                        \
        if (RUN_ENDS(i + 64)) {                                                                   \
          total += WG(folded_sum)(running);                                                       \
          running = none;                                                                         \
        }                                                                                         \
      }                                                                                           \
      if (i < columns) {                                                                          \
        v0 = WG(rest_of_row)(p0 + i, columns - i, 0);                                             \
        if (rows_read == 2) v1 = WG(rest_of_row)(p1 + i, columns - i, 0);                         \
        block                                                                                     \
        if (d) memcpy(d + i, &x, (size_t)(columns - i) * sizeof(float));                          \
        x = (term);                                                                               \
        running += WG(rest_of_row)((const float *)&x, columns - i, -0.0f);                        \
      }                                                                                           \
      if (columns > 0) total += WG(folded_sum)(running);                                          \
      if (whole)                                                                                  \
        ((float *)sum)[r] = (float)(0 + total);                                                   \
      else                                                                                        \
        *(double *)sum += total;                                                                  \
    }                                                                                             \
  }
#endif

PAIR(add_rr, R0 + R1)
PAIR(add_rs, R0 + S1)
PAIR(multiply_rr, R0 *R1)
PAIR(multiply_rs, R0 *S1)
PAIR(subtract_rr, R0 - R1)
PAIR(subtract_rs, R0 - S1)
PAIR(subtract_sr, S0 - R1)

JOINED_ROWS(towards, (R1 - R0) * S2 + R0)
JOINED_ROWS(mean_square, R0 *S1 + R2 * R2 * S3)
JOINED_ROWS(root_quotient, (R0 * S1) / (__builtin_elementwise_sqrt(R2) * S3 + S4))
JOINED_ROWS(scaled_affine, R0 *S1 *R2 + R3)
JOINED_ROWS(projected, ((R0 - S1) - R2 * S3) * S4)
JOINED_ROWS(affine_difference, R0 *S1 - R2 *S3)

JOINED_ROWS(raised, R0 + S1)
JOINED_ROWS(shifted, R0 - S1)
JOINED_ROWS(scaled, R0 *S1)
JOINED_ROWS(normalized, (R0 - S1) * S2 * R3 + R4)

JOINED_SUM(sum_rows, 1, x = v0;, x)
JOINED_SUM(sum_products, 2, x = v0 * v1;, x)
JOINED_SUM(sum_square_deviations, 1, x = v0 - s1;, x *x)
JOINED_SUM(sum_exp, 1, EACH(WG(exp_f)(r0)), x)
JOINED_SUM(sum_exp_shifted, 1, EACH(WG(exp_f)(r0 - s1)), x)

static void WG(max_rows)(void *d, void *max, int whole, const wg_joined_operands *o, int64_t rows, int64_t columns) {
  (void)d;
  for (int64_t r = 0; r < rows; r++) {
    const void *row = (const char *)o->at[0] + r * o->step[0];
    if (whole)
      ((float *)max)[r] = columns > 0 ? WG(max_of_row)(row, columns) : -INFINITY;
    else
      WG(max_f32)(max, row, columns);
  }
}

static const wg_joined_table WG(joined_table) = {
  .pair = {PAIR_ROWS(add_rr), PAIR_ROWS(add_rs), PAIR_ROWS(multiply_rr), PAIR_ROWS(multiply_rs), PAIR_ROWS(subtract_rr), PAIR_ROWS(subtract_rs),
           PAIR_ROWS(subtract_sr)},
  .tree = {WG(towards), WG(mean_square), WG(root_quotient), WG(scaled_affine), WG(projected), WG(affine_difference),
           WG(raised), WG(shifted), WG(scaled), WG(normalized)},
  .reduction = {WG(sum_rows), WG(sum_products), WG(sum_square_deviations), WG(sum_exp), WG(sum_exp_shifted), WG(max_rows)},
};

#pragma clang fp contract(fast)
#pragma clang diagnostic pop
