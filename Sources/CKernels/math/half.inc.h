// float16 and bfloat16 of one element. Rounding is to nearest, ties to even; a NaN stays one, with its sign, and becomes quiet.

INLINE float WG(float_of_bfloat)(uint16_t h) { return WG(float_of)((int32_t)((uint32_t)h << 16)); }
INLINE uint16_t WG(bfloat_of_float)(float x) {
  uint32_t b = (uint32_t)WG(bits_f32)(x);
  uint32_t rounded = (b + 0x7fff + (b >> 16 & 1)) >> 16;
  return (uint16_t)((b & 0x7fffffff) > 0x7f800000 ? (b >> 16 | 0x40) : rounded);
}

#if CONVERTS_HALF
INLINE float WG(float_of_half)(uint16_t h) {
  _Float16 x;
  memcpy(&x, &h, 2);
  return (float)x;
}
INLINE uint16_t WG(half_of_float)(float x) {
  _Float16 y = (_Float16)x;
  uint16_t h;
  memcpy(&h, &y, 2);
  return h;
}
#else
INLINE float WG(float_of_half)(uint16_t h) {
  int32_t magnitude = (h & 0x7fff) << 13;
  float x = WG(float_of)(magnitude) * 0x1p112f;
  int32_t b = magnitude >= 0x0f800000 ? magnitude | 0x7f800000 : WG(bits_f32)(x);
  b = magnitude > 0x0f800000 ? b | 0x400000 : b;
  return WG(float_of)(b | (int32_t)((uint32_t)(h & 0x8000) << 16));
}
/// Adding 2^(e + 13) to a normal number, or ½ to a denormal one, rounds at the last bit that a half keeps.
INLINE uint16_t WG(half_of_float)(float x) {
  uint32_t b = (uint32_t)WG(bits_f32)(x), magnitude = b & 0x7fffffff;
  uint32_t normal = (magnitude + 0xfff + ((magnitude >> 13) & 1) - 0x38000000) >> 13;
  uint32_t small = (uint32_t)WG(bits_f32)(WG(float_of)((int32_t)magnitude) + 0.5f) - 0x3f000000;
  uint32_t h = magnitude < 0x38800000 ? small : magnitude >= 0x477ff000 ? 0x7c00 : normal;
  h = magnitude > 0x7f800000 ? 0x7e00 | (magnitude >> 13 & 0x3ff) : h;
  return (uint16_t)(h | (b >> 16 & 0x8000));
}
#endif
