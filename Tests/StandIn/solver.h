// What the parts of cuSOLVER have in common.
#pragma once
#include "libraries.h"

enum { CUSOLVER_STATUS_SUCCESS = 0, CUSOLVER_STATUS_NOT_INITIALIZED = 1, CUSOLVER_STATUS_INVALID_VALUE = 3,
    CUSOLVER_STATUS_EXECUTION_FAILED = 6, CUSOLVER_STATUS_NOT_SUPPORTED = 9 };

/// The stream of a handle of cuSOLVER; null if it is none.
void **solverStream(void *handle);
/// Writes the word of a factorization's outcome.
bool writeInfo(CUdeviceptr info, int value);
