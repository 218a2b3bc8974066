/* Floats as a model stores them, and back. */
#ifndef DW_QUANTISE_H
#define DW_QUANTISE_H

#include <stdint.h>

typedef struct {
  float scale; /* 0 where the model takes floats */
  int32_t zero_point;
  int bytes; /* of a value: 1, 2, or 4 for floats */
} dw_scale;

/* values[n] -> stored[n], rounded to the nearest and held within the range of the type. */
void dw_quantise(const dw_scale *s, const float *values, int n, void *stored);

/* stored[n] -> values[n]. */
void dw_dequantise(const dw_scale *s, const void *stored, int n, float *values);

/* An output of one step as the input of the next: copied where both are stored alike. */
void dw_carry(const dw_scale *from, const void *output, const dw_scale *to, void *input, int n);

#endif
