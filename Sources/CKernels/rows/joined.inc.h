// Several instructions on floats in one pass, at one level; kernels have the names of operations.h. Every operation rounds on its own, as if it were a kernel
// of its own: the bits are the same.

#pragma clang fp contract(off)
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wpsabi"

#ifndef JOINED_ROWS
// Operand n at the current row, as a row and as a single number.
#define R0 p0[k]
#define R1 p1[k]
#define R2 p2[k]
#define R3 p3[k]
#define R4 p4[k]
#define R5 p5[k]
#define R6 p6[k]
#define S0 s0
#define S1 s1
#define S2 s2
#define S3 s3
#define S4 s4
#define S5 s5
#define S6 s6
#define OPERAND(n)                                                                \
  const float *p##n = (const float *)((const char *)o->at[n] + r * o->step[n]);   \
  const float s##n = columns > 0 ? *p##n : 0;                                     \
  (void)p##n, (void)s##n;

#define JOINED_ROWS(name, expression)                                                             \
  static void WG(name)(void *dp, const wg_joined_operands *o, int64_t rows, int64_t columns) {    \
    if (columns <= 0) return;                                                                     \
    for (int64_t r = 0; r < rows; r++) {                                                          \
      float *d = (float *)dp + r * columns;                                                       \
      OPERAND(0) OPERAND(1) OPERAND(2) OPERAND(3) OPERAND(4) OPERAND(5) OPERAND(6)                \
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

// Two operations: operand 2 is a row or a single number.
#define JOINED_FIRST(first, expression) WG_JOINED_LASTS(JOINED_PAIR, first, expression)
#define JOINED_PAIR(last, expression, first, inner)                                   \
  JOINED_ROWS(first##_##last##_r, ({ const float x = inner, z = R2; expression; }))   \
  JOINED_ROWS(first##_##last##_s, ({ const float x = inner, z = S2; expression; }))
#define JOINED_ENTRY(name, ...) [name] = WG(name),
#define JOINED_FIRST_ENTRY(first, expression) [first] = {{WG_JOINED_LASTS(JOINED_PAIR_ENTRY, first, r)}, {WG_JOINED_LASTS(JOINED_PAIR_ENTRY, first, s)}},
#define JOINED_PAIR_ENTRY(last, expression, first, z) [last] = WG(first##_##last##_##z),

// All memory is read side by side, and each element before one of its results is written.
#define PLACE(list, n) ((const float *)((const char *)list->at[n] + r * list->step[n]))
#define JOINED_UPDATE(name, expression)                                                           \
  static void WG(name)(void *d0, void *d1, void *d2, const wg_joined_operands *of_mean, const wg_joined_operands *of_square,  \
                       const wg_joined_operands *o, int64_t rows, int64_t columns) {              \
    if (columns <= 0) return;                                                                     \
    float *mean = d0, *square = d1, *stepped = d2;                                                \
    for (int64_t r = 0; r < rows; r++, mean += columns, square += columns, stepped += columns) {  \
      const float *ms = PLACE(of_mean, 0), *gs = PLACE(of_mean, 1), *vs = PLACE(of_square, 0), *ps = PLACE(o, 0);  \
      const float rate = *PLACE(of_mean, 2), kept = *PLACE(of_square, 1), added = *PLACE(of_square, 3);  \
      OPERAND(1) OPERAND(2) OPERAND(3) OPERAND(4) OPERAND(5) OPERAND(6)                           \
      int64_t i = 0;                                                                              \
      for (; i + WIDTH <= columns; i += WIDTH) {                                                  \
        LANES for (int64_t k = i; k < i + WIDTH; k++) UPDATE_ELEMENT(expression)                  \
      }                                                                                           \
      ONE_BY_ONE for (int64_t k = i; k < columns; k++) UPDATE_ELEMENT(expression)                 \
    }                                                                                             \
  }
#define UPDATE_ELEMENT(expression)                                                                \
  {                                                                                               \
    const float m = ms[k], g = gs[k], v = vs[k], p = ps[k];                                       \
    const float x = (g - m) * rate + m, y = v * kept + g * g * added;                             \
    const float z = (expression);                                                                 \
    mean[k] = x, square[k] = y, stepped[k] = z;                                                   \
  }

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

WG_JOINED_FIRSTS(JOINED_FIRST)
WG_JOINED_TREES(JOINED_ROWS)
WG_JOINED_UPDATES(JOINED_UPDATE)

JOINED_SUM(WG_SUM_ROW, 1, x = v0;, x)
JOINED_SUM(WG_SUM_PRODUCT, 2, x = v0 * v1;, x)
JOINED_SUM(WG_SUM_SQUARE_DEVIATION, 1, x = v0 - s1;, x *x)
JOINED_SUM(WG_SUM_EXP, 1, EACH(WG(exp_f32)(r0)), x)
JOINED_SUM(WG_SUM_EXP_SHIFTED, 1, EACH(WG(exp_f32)(r0 - s1)), x)
JOINED_SUM(WG_SUM_EXP_BELOW, 1, EACH(WG(exp_below_f32)(r0 - s1)), x)

static void WG(WG_MAX_ROW)(void *d, void *max, int whole, const wg_joined_operands *o, int64_t rows, int64_t columns) {
  (void)d;
  for (int64_t r = 0; r < rows; r++) {
    const void *row = (const char *)o->at[0] + r * o->step[0];
    if (whole)
      ((float *)max)[r] = columns > 0 ? WG(max_of_row)(row, columns) : -INFINITY;
    else
      WG(reduce_maximum_f32)(max, row, columns);
  }
}

#pragma clang fp contract(fast)
#pragma clang diagnostic pop
