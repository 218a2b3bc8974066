/* What the application must know of a model besides its bytes. */
#ifndef DW_MODEL_H
#define DW_MODEL_H

#include <stddef.h>

#include "dw_quantise.h"

/* A recurrent state: output of one step, input of the next. */
typedef struct {
  int input, output; /* numbers of the tensors */
  int n;             /* values */
  size_t offset;     /* in the buffer that keeps the states, in bytes */
  dw_scale in, out;
} dw_state;

typedef struct {
  int tensor, n;
  dw_scale scale;
} dw_port;

typedef struct {
  const unsigned char *data; /* the LiteRT model */
  dw_port features, condition, output; /* condition.n is 0 where there is none */
  int n_states;
  const dw_state *states;
} dw_model;

extern const dw_model dw_ddae; /* features, condition -> mask */
extern const dw_model dw_nc;   /* features -> posterior */

#endif
