// What kernels are found by, in numbers. Each list stands here once: the enumerations, the tables, the names that Swift compares with its own (`KernelTable`) and the
// kernels themselves are made of its lines. Numbers go by the order of the lines, which is that of the cases in Swift.
//
// Kernels are made of an expression in x, and y for two operands, where T is the type of the lanes and U the unsigned integer of its size:
//   PLAIN        straight vector code, and what is left over one by one
//   VECTOR       the same for dear expressions: what is left over passes through a padded block
//   GUARDED      VECTOR of the first expression; where the second holds, the third one by one
//   CALL         one by one, which is what the C library takes
//   TEST         PLAIN, into lanes of 0 and 1
//   WORDS        PLAIN, from random words in 64-bit lanes
//   NONE         no such kernel
//   EITHER(f, d) f for float and d for double
// TYPED(f) is the f of math/ for T, LIBRARY(f) the C library's.
#pragma once

/// Swift's name (`CPULevel`) and ours.
#define WG_LEVELS(X) X(base, WG_LEVEL_BASE) X(avx2, WG_LEVEL_AVX2) X(avx512, WG_LEVEL_AVX512)
/// `Lanes`.
#define WG_LANE_TYPES(X) X(int32, WG_I32) X(int64, WG_I64) X(float32, WG_F32) X(float64, WG_F64)
/// `DType`, and the name of the kernels that load and store it.
#define WG_DTYPES(X)                                                                                                  \
  X(bool, truth) X(uint8, byte) X(int32, word) X(int64, wide) X(float16, half) X(bfloat16, bfloat) X(float32, word) X(float64, wide)
/// `ReduceOp`.
#define WG_REDUCTIONS(X) X(sum) X(product) X(minimum) X(maximum)

/// `UnaryOp`: the name, the kernel of 32- and 64-bit integers, the kernel of float and double.
#define WG_UNARIES(X)                                                                                                 \
  X(negate, PLAIN((T)(0 - (U)x)), PLAIN(-x))                                                                          \
  X(abs, PLAIN(x < 0 ? (T)(0 - (U)x) : x), PLAIN(TYPED(abs)(x)))                                                      \
  X(sign, PLAIN((T)((x > 0) - (x < 0))), PLAIN(TYPED(sign)(x)))                                                       \
  X(floor, PLAIN(x), PLAIN(TYPED(floor)(x)))                                                                          \
  X(ceil, PLAIN(x), PLAIN(TYPED(ceil)(x)))                                                                            \
  X(round, PLAIN(x), PLAIN(TYPED(round)(x)))                                                                          \
  X(reciprocal, PLAIN(x == 1 || x == -1 ? x : 0), PLAIN(1 / x))                                                       \
  X(square, PLAIN((T)((U)x * (U)x)), PLAIN(x * x))                                                                    \
  X(exp, NONE, VECTOR(TYPED(exp)(x)))                                                                                 \
  X(expm1, NONE, EITHER(VECTOR(TYPED(expm1)(x)), CALL(expm1(x))))                                                     \
  X(log, NONE, VECTOR(TYPED(log)(x)))                                                                                 \
  X(log1p, NONE, EITHER(VECTOR(TYPED(log1p)(x)), CALL(log1p(x))))                                                     \
  X(sqrt, NONE, PLAIN(__builtin_elementwise_sqrt(x)))                                                                 \
  X(rsqrt, NONE, PLAIN(1 / __builtin_elementwise_sqrt(x)))                                                            \
  X(sin, NONE, EITHER(GUARDED(TYPED(sin)(x), TURNS_OFTEN(x), sinf(x)), CALL(sin(x))))                                 \
  X(cos, NONE, EITHER(GUARDED(TYPED(cos)(x), TURNS_OFTEN(x), cosf(x)), CALL(cos(x))))                                 \
  X(tan, NONE, EITHER(GUARDED(TYPED(tan)(x), TURNS_OFTEN(x), tanf(x)), CALL(tan(x))))                                 \
  X(asin, NONE, EITHER(VECTOR(TYPED(asin)(x)), CALL(asin(x))))                                                        \
  X(acos, NONE, EITHER(VECTOR(TYPED(acos)(x)), CALL(acos(x))))                                                        \
  X(atan, NONE, EITHER(VECTOR(TYPED(atan)(x)), CALL(atan(x))))                                                        \
  X(sinh, NONE, EITHER(VECTOR(TYPED(sinh)(x)), CALL(sinh(x))))                                                        \
  X(cosh, NONE, EITHER(VECTOR(TYPED(cosh)(x)), CALL(cosh(x))))                                                        \
  X(tanh, NONE, EITHER(VECTOR(TYPED(tanh)(x)), CALL(tanh(x))))                                                        \
  X(sigmoid, NONE, VECTOR(TYPED(sigmoid)(x)))                                                                         \
  X(softplus, NONE, EITHER(VECTOR(TYPED(softplus)(x)), CALL(TYPED(softplus)(x))))                                     \
  X(erf, NONE, EITHER(VECTOR(TYPED(erf)(x)), CALL(erf(x))))                                                           \
  X(erfc, NONE, EITHER(VECTOR(TYPED(erfc)(x)), CALL(erfc(x))))                                                        \
  X(normalCDF, NONE, EITHER(VECTOR(TYPED(normal_cdf)(x)), CALL(TYPED(normal_cdf)(x))))                                \
  X(relu, PLAIN(x > 0 ? x : 0), PLAIN(x > 0 ? x : x != x ? x : 0))                                                    \
  X(gelu, NONE, EITHER(VECTOR(TYPED(gelu)(x)), CALL(TYPED(gelu)(x))))                                                 \
  X(geluTanh, NONE, VECTOR(TYPED(gelu_tanh)(x)))                                                                      \
  X(silu, NONE, VECTOR(TYPED(silu)(x)))                                                                               \
  X(not, PLAIN(~x), NONE)                                                                                             \
  X(isNaN, TEST(x & 0), TEST(x != x))                                                                                 \
  X(isFinite, TEST((x & 0) == 0), TEST(TYPED(abs)(x) < (T)INFINITY))                                                  \
  X(unitInterval, NONE, EITHER(WORDS((float)(int32_t)((uint64_t)x >> 8) * 0x1p-24f),                                  \
                               WORDS((WG(double_of)(0x4330000000000000 | x) - 0x1p52 + 0.5) * 0x1p-32)))

/// `BinaryOp`, likewise.
#define WG_BINARIES(X)                                                                                                \
  X(add, PLAIN((T)((U)x + (U)y)), PLAIN(x + y))                                                                       \
  X(subtract, PLAIN((T)((U)x - (U)y)), PLAIN(x - y))                                                                  \
  X(multiply, PLAIN((T)((U)x * (U)y)), PLAIN(x * y))                                                                  \
  X(divide, CALL(TYPED(divide)(x, y)), PLAIN(x / y))                                                                  \
  X(power, CALL(TYPED(power)(x, y)), EITHER(VECTOR(TYPED(pow)(x, y)), CALL(pow(x, y))))                               \
  X(minimum, PLAIN(x < y ? x : y), PLAIN(((x < y) | (x != x)) ? x : y))                                               \
  X(maximum, PLAIN(x > y ? x : y), PLAIN(((x > y) | (x != x)) ? x : y))                                               \
  X(atan2, NONE, EITHER(VECTOR(TYPED(atan2)(x, y)), CALL(atan2(x, y))))                                               \
  X(floorDivide, CALL(TYPED(floor_divide)(x, y)),                                                                     \
    EITHER(GUARDED(TYPED(near_floor_divide)(x, y), IS_FAR_QUOTIENT(x, y), TYPED(floor_divide)(x, y)), CALL(TYPED(floor_divide)(x, y)))) \
  X(remainder, CALL(TYPED(remainder)(x, y)),                                                                          \
    EITHER(GUARDED(TYPED(near_remainder)(x, y), IS_FAR_QUOTIENT(x, y), TYPED(remainder)(x, y)), CALL(TYPED(remainder)(x, y)))) \
  X(and, PLAIN(x & y), NONE)                                                                                          \
  X(or, PLAIN(x | y), NONE)                                                                                           \
  X(xor, PLAIN(x ^ y), NONE)

/// `CompareOp`.
#define WG_COMPARISONS(X)                                                                                             \
  X(equal, TEST(x == y)) X(notEqual, TEST(x != y)) X(less, TEST(x < y)) X(lessOrEqual, TEST(x <= y)) X(greater, TEST(x > y)) \
  X(greaterOrEqual, TEST(x >= y))

/// Casts: from lanes to lanes, or to lanes of 0 and 1 (WG_BOOL); types and expression. Float to integer cuts off the fraction, saturates, and takes NaN to 0.
#define WG_CASTS(X)                                                                                                   \
  X(WG_I32, WG_I32, int32_t, int32_t, x)                                                                              \
  X(WG_I32, WG_I64, int32_t, int64_t, x)                                                                              \
  X(WG_I32, WG_F32, int32_t, float, (float)x)                                                                         \
  X(WG_I32, WG_F64, int32_t, double, x)                                                                               \
  X(WG_I32, WG_BOOL, int32_t, int32_t, x != 0)                                                                        \
  X(WG_I64, WG_I32, int64_t, int32_t, (int32_t)x)                                                                     \
  X(WG_I64, WG_I64, int64_t, int64_t, x)                                                                              \
  X(WG_I64, WG_F32, int64_t, float, (float)x)                                                                         \
  X(WG_I64, WG_F64, int64_t, double, (double)x)                                                                       \
  X(WG_I64, WG_BOOL, int64_t, int32_t, x != 0)                                                                        \
  X(WG_F32, WG_I32, float, int32_t, WG(i32_of_f32)(x))                                                                \
  X(WG_F32, WG_I64, float, int64_t, WG(i64_of_f64)(x))                                                                \
  X(WG_F32, WG_F32, float, float, x)                                                                                  \
  X(WG_F32, WG_F64, float, double, x)                                                                                 \
  X(WG_F32, WG_BOOL, float, int32_t, x != 0)                                                                          \
  X(WG_F64, WG_I32, double, int32_t, WG(i32_of_f64)(x))                                                               \
  X(WG_F64, WG_I64, double, int64_t, WG(i64_of_f64)(x))                                                               \
  X(WG_F64, WG_F32, double, float, (float)x)                                                                          \
  X(WG_F64, WG_F64, double, double, x)                                                                                \
  X(WG_F64, WG_BOOL, double, int32_t, x != 0)

/// Several operations on floats in one kernel, which Swift knows by these names (`FusionPattern`, `StepFusion`). R0 … R6 are operands that are rows, S0 … S6
/// those that are single numbers.
///
/// Two operations: the first, on operands 0 and 1, and what is done with its result x and operand 2, z.
#define WG_JOINED_FIRSTS(X)                                                                                           \
  X(WG_ROW_PLUS_ROW, R0 + R1) X(WG_ROW_PLUS_SINGLE, R0 + S1) X(WG_ROW_TIMES_ROW, R0 * R1) X(WG_ROW_TIMES_SINGLE, R0 * S1) \
  X(WG_ROW_MINUS_ROW, R0 - R1) X(WG_ROW_MINUS_SINGLE, R0 - S1) X(WG_SINGLE_MINUS_ROW, S0 - R1)
#define WG_JOINED_LASTS(X, ...)                                                                                       \
  X(WG_THEN_PLUS, x + z, __VA_ARGS__) X(WG_THEN_MINUS, x - z, __VA_ARGS__) X(WG_THEN_MINUS_FROM, z - x, __VA_ARGS__)  \
  X(WG_THEN_TIMES, x * z, __VA_ARGS__)
/// Larger expressions, and single operations for blocks that go row by row.
#define WG_JOINED_TREES(X)                                                                                            \
  X(WG_TOWARDS, (R1 - R0) * S2 + R0)                                                                                  \
  X(WG_MEAN_SQUARE, R0 * S1 + R2 * R2 * S3)                                                                           \
  X(WG_DECAYED_STEP, R0 * S1 - (R2 * S3) / (__builtin_elementwise_sqrt(R4) * S5 + S6))                                \
  X(WG_STEP, R0 - (R1 * S2) / (__builtin_elementwise_sqrt(R3) * S4 + S5))                                             \
  X(WG_SCALED_AFFINE, R0 * S1 * R2 + R3)                                                                              \
  X(WG_PROJECTED, ((R0 - S1) - R2 * S3) * S4)                                                                         \
  X(WG_AFFINE_DIFFERENCE, R0 * S1 - R2 * S3)                                                                          \
  X(WG_RAISED, R0 + S1)                                                                                               \
  X(WG_SHIFTED, R0 - S1)                                                                                              \
  X(WG_SCALED, R0 * S1)                                                                                               \
  X(WG_NORMALIZED, (R0 - S1) * S2 * R3 + R4)
/// WG_TOWARDS, WG_MEAN_SQUARE of the same row, and a step made of both, x and y, at once: p is its operand 0.
#define WG_JOINED_UPDATES(X)                                                                                          \
  X(WG_DECAYED_UPDATE, p * S1 - (x * S3) / (__builtin_elementwise_sqrt(y) * S5 + S6))                                 \
  X(WG_UPDATE, p - (x * S2) / (__builtin_elementwise_sqrt(y) * S4 + S5))
/// What is summed of each row, and stored: R0; R0 R1; (R0 - S1)^2, storing R0 - S1; exp(R0); exp(R0 - S1), and the same where that is at most 1. The maximum
/// of R0.
#define WG_JOINED_REDUCTIONS(X)                                                                                       \
  X(WG_SUM_ROW) X(WG_SUM_PRODUCT) X(WG_SUM_SQUARE_DEVIATION) X(WG_SUM_EXP) X(WG_SUM_EXP_SHIFTED) X(WG_SUM_EXP_BELOW)  \
  X(WG_MAX_ROW)
