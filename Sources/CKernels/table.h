// What every level fills in.
#pragma once
#include "ckernels.h"
#include "joined.h"

// The operations and dtypes in the order of the row-program language, each with its name there. These lists are the only ones on this side: the numbers
// below, the tables' lengths and the names that Swift compares with its own (`KernelTable`) are made of them.
#define WG_UNARY_LIST(X)                                                                                                  \
  X(U_NEGATE, "negate") X(U_ABS, "abs") X(U_SIGN, "sign") X(U_FLOOR, "floor") X(U_CEIL, "ceil") X(U_ROUND, "round")       \
  X(U_RECIPROCAL, "reciprocal") X(U_SQUARE, "square")                                                                     \
  X(U_EXP, "exp") X(U_EXPM1, "expm1") X(U_LOG, "log") X(U_LOG1P, "log1p") X(U_SQRT, "sqrt") X(U_RSQRT, "rsqrt")           \
  X(U_SIN, "sin") X(U_COS, "cos") X(U_TAN, "tan") X(U_ASIN, "asin") X(U_ACOS, "acos") X(U_ATAN, "atan")                   \
  X(U_SINH, "sinh") X(U_COSH, "cosh") X(U_TANH, "tanh")                                                                   \
  X(U_SIGMOID, "sigmoid") X(U_SOFTPLUS, "softplus") X(U_ERF, "erf") X(U_ERFC, "erfc") X(U_NORMAL_CDF, "normalCDF")        \
  X(U_RELU, "relu") X(U_GELU, "gelu") X(U_GELU_TANH, "geluTanh") X(U_SILU, "silu")                                        \
  X(U_NOT, "not") X(U_IS_NAN, "isNaN") X(U_IS_FINITE, "isFinite") X(U_UNIT_INTERVAL, "unitInterval")
#define WG_BINARY_LIST(X)                                                                                                 \
  X(B_ADD, "add") X(B_SUBTRACT, "subtract") X(B_MULTIPLY, "multiply") X(B_DIVIDE, "divide") X(B_POWER, "power")           \
  X(B_MINIMUM, "minimum") X(B_MAXIMUM, "maximum") X(B_ATAN2, "atan2") X(B_FLOOR_DIVIDE, "floorDivide")                    \
  X(B_REMAINDER, "remainder") X(B_AND, "and") X(B_OR, "or") X(B_XOR, "xor")
#define WG_COMPARE_LIST(X)                                                                                                \
  X(C_EQUAL, "equal") X(C_NOT_EQUAL, "notEqual") X(C_LESS, "less") X(C_LESS_OR_EQUAL, "lessOrEqual")                      \
  X(C_GREATER, "greater") X(C_GREATER_OR_EQUAL, "greaterOrEqual")
#define WG_REDUCE_LIST(X) X(R_SUM, "sum") X(R_PRODUCT, "product") X(R_MINIMUM, "minimum") X(R_MAXIMUM, "maximum")
#define WG_DTYPE_LIST(X)                                                                                                  \
  X(D_BOOL, "bool") X(D_UINT8, "uint8") X(D_INT32, "int32") X(D_INT64, "int64") X(D_FLOAT16, "float16")                   \
  X(D_BFLOAT16, "bfloat16") X(D_FLOAT32, "float32") X(D_FLOAT64, "float64")

#define WG_NUMBER(number, name) number,
enum { WG_UNARY_LIST(WG_NUMBER) UNARY_COUNT };
enum { WG_BINARY_LIST(WG_NUMBER) BINARY_COUNT };
enum { WG_COMPARE_LIST(WG_NUMBER) COMPARE_COUNT };
enum { WG_REDUCE_LIST(WG_NUMBER) REDUCE_COUNT };
enum { WG_DTYPE_LIST(WG_NUMBER) DTYPE_COUNT };
#undef WG_NUMBER

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
