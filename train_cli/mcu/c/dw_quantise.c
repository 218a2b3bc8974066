#include "dw_quantise.h"

#include <math.h>
#include <string.h>

static float read_value(const dw_scale *s, const void *stored, int i) {
  if (s->bytes == 4) return ((const float *)stored)[i];
  const int32_t step = s->bytes == 1 ? ((const int8_t *)stored)[i] : ((const int16_t *)stored)[i];
  return (float)(step - s->zero_point) * s->scale;
}

static void write_value(const dw_scale *s, float value, void *stored, int i) {
  if (s->bytes == 4) {
    ((float *)stored)[i] = value;
    return;
  }
  const float limit = s->bytes == 1 ? 127.0f : 32767.0f;
  float step = rintf(value / s->scale) + (float)s->zero_point;
  if (step > limit) step = limit;
  if (step < -limit - 1.0f) step = -limit - 1.0f;
  if (s->bytes == 1)
    ((int8_t *)stored)[i] = (int8_t)step;
  else
    ((int16_t *)stored)[i] = (int16_t)step;
}

void dw_quantise(const dw_scale *s, const float *values, int n, void *stored) {
  for (int i = 0; i < n; ++i) write_value(s, values[i], stored, i);
}

void dw_dequantise(const dw_scale *s, const void *stored, int n, float *values) {
  for (int i = 0; i < n; ++i) values[i] = read_value(s, stored, i);
}

void dw_carry(const dw_scale *from, const void *output, const dw_scale *to, void *input, int n) {
  if (from->bytes == to->bytes && from->scale == to->scale && from->zero_point == to->zero_point) {
    memcpy(input, output, (size_t)n * (size_t)to->bytes);
    return;
  }
  for (int i = 0; i < n; ++i) write_value(to, read_value(from, output, i), input, i);
}
