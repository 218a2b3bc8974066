/* Powers and logarithms in single precision alone: the C library computes them in double, which few Cortex-M do
 * in hardware. Exact to about 1e-6 of the result for what the features need. */
#ifndef DW_MATH_H
#define DW_MATH_H

#include <stdint.h>
#include <string.h>

/* Logarithm to the base 2 of a normal positive number: exponent, and the series of artanh for the mantissa. */
static inline float dw_log2(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  const int32_t exponent = (int32_t)(bits - 0x3F3504F3u) >> 23; /* the mantissa is then 0.707 ... 1.414 */
  bits -= (uint32_t)exponent << 23;
  float mantissa;
  memcpy(&mantissa, &bits, sizeof mantissa);
  const float s = (mantissa - 1.0f) / (mantissa + 1.0f), q = s * s;
  return (float)exponent + s * (2.8853901f + q * (0.96179669f + q * (0.57707802f + q * 0.41219858f)));
}

/* 2 to the power of x, for -126 <= x <= 127: whole part, and Taylor's series for the rest. */
static inline float dw_exp2(float x) {
  const int32_t whole = (int32_t)(x + (x < 0.0f ? -0.5f : 0.5f));
  const float t = (x - (float)whole) * 0.69314718f;
  const float rest =
      1.0f + t * (1.0f + t * (0.5f + t * (0.16666667f + t * (0.041666667f + t * (0.0083333333f + t * 0.0013888889f)))));
  const uint32_t bits = (uint32_t)(whole + 127) << 23;
  float scale;
  memcpy(&scale, &bits, sizeof scale);
  return rest * scale;
}

/* x to the power of y; 0 where x is too small to matter. */
static inline float dw_pow(float x, float y) { return x < 1e-30f ? 0.0f : dw_exp2(y * dw_log2(x)); }

#endif
