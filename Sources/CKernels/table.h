// What every level fills in.
#pragma once
#include "ckernels.h"
#include "joined.h"

enum { UNARY_COUNT = 36, BINARY_COUNT = 13, COMPARE_COUNT = 6, REDUCE_COUNT = 4, DTYPE_COUNT = 8 };

// In the order of the row-program language.
enum {
  U_NEGATE, U_ABS, U_SIGN, U_FLOOR, U_CEIL, U_ROUND, U_RECIPROCAL, U_SQUARE,
  U_EXP, U_EXPM1, U_LOG, U_LOG1P, U_SQRT, U_RSQRT,
  U_SIN, U_COS, U_TAN, U_ASIN, U_ACOS, U_ATAN, U_SINH, U_COSH, U_TANH,
  U_SIGMOID, U_SOFTPLUS, U_ERF, U_ERFC, U_NORMAL_CDF, U_RELU, U_GELU, U_GELU_TANH, U_SILU,
  U_NOT, U_IS_NAN, U_IS_FINITE, U_UNIT_INTERVAL
};
enum {
  B_ADD, B_SUBTRACT, B_MULTIPLY, B_DIVIDE, B_POWER, B_MINIMUM, B_MAXIMUM, B_ATAN2, B_FLOOR_DIVIDE, B_REMAINDER, B_AND, B_OR, B_XOR
};
enum { C_EQUAL, C_NOT_EQUAL, C_LESS, C_LESS_OR_EQUAL, C_GREATER, C_GREATER_OR_EQUAL };
enum { R_SUM, R_PRODUCT, R_MINIMUM, R_MAXIMUM };
enum { D_BOOL, D_UINT8, D_INT32, D_INT64, D_FLOAT16, D_BFLOAT16, D_FLOAT32, D_FLOAT64 };

typedef struct {
  wg_unary_fn unary[4][UNARY_COUNT];
  wg_binary_fn binary[4][BINARY_COUNT][3];
  wg_binary_fn compare[4][COMPARE_COUNT][3];
  wg_select_fn select[2][8];
  wg_unary_fn cast[4][5];
  wg_unary_fn rounded[2];
  wg_unary_fn fill[2];
  wg_unary_fn logical_not;
  wg_move_fn load[DTYPE_COUNT];
  wg_move_fn store[DTYPE_COUNT];
  wg_reduce_fn reduce[4][REDUCE_COUNT];
  wg_accumulate_fn accumulate[4][REDUCE_COUNT];
  wg_iota_fn iota;
  wg_random_fn random;
} wg_table;

typedef struct {
  wg_joined_fn pair[7][2][4];
  wg_joined_fn tree[10];
  wg_joined_reduction_fn reduction[6];
} wg_joined_table;
