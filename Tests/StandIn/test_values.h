// Each runs a kernel and returns its largest error as a multiple of what is allowed; NaN if a value is one.
#pragma once
#include "test_support.h"

double testBiasGelu(const Loaded &module, int &code);
double testSoftmax(const Loaded &module, int &code);
double testColumnSums(const Loaded &module, int &code, vector<float> *sums);
double testMatmul(const Loaded &module, int &code);
double testTensorCores(const Loaded &module, int &code);
double testStages(const Loaded &module, int &code, unsigned sharedBytes);
double testAttention(const Loaded &module, int &code, const vector<int> &lengths, int heads);
