// What nvrtc gives and the driver loads: the text itself.
#pragma once
#include <string>

std::string makeImage(const std::string &source, const std::string &preamble, bool fusesMultiplyAdd);
bool readImage(const void *image, std::string &source, std::string &preamble, bool &fusesMultiplyAdd);
