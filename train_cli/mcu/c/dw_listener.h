/* What surrounds the noise classifier: log-mel frames in chunks, the steady decision, the gliding condition. */
#ifndef DW_LISTENER_H
#define DW_LISTENER_H

#include <stdint.h>

#include "dw_config.h"

enum { DW_UNKNOWN = -1 };

typedef struct {
  float history[DW_MEL_WINDOW];
  float chunk[DW_CHUNK_FRAMES * DW_MEL_BANDS]; /* to the network once it is complete */
  float work[DW_MEL_FFT];
  float spectrum[2 * DW_MEL_BINS];
  int n_pending; /* samples that came in since the last frame */
  int n_frames;  /* frames in the chunk */
} dw_listener;

/* Forget all signal history. */
void dw_listener_reset(dw_listener *l);

/* Take in at most `n` samples; stops where a chunk is complete. Returns how many were taken;
 * `*is_complete` says whether `chunk` may go to the network now. */
int dw_listener_push(dw_listener *l, const float *samples, int n, int *is_complete);

/* Gathers posteriors for as long as a scene lasts; a class stays until another one leads clearly. */
typedef struct {
  float gathered[DW_CLASSES], quick[DW_CLASSES];
  int32_t time;
  int current; /* DW_UNKNOWN before the first posterior */
} dw_decision;

void dw_decision_reset(dw_decision *d);

/* Take in the posterior at a time (in samples) after all before; returns the class to act on. */
int dw_decision_update(dw_decision *d, const float *posterior, int32_t time);

/* The condition of the denoising network moves in a straight line to each new class. */
typedef struct {
  float from[DW_CLASSES], to[DW_CLASSES], next[DW_CLASSES];
  int32_t start, next_start;
  int aim, has_next;
} dw_glide;

void dw_glide_reset(dw_glide *g);

/* Move to a class from a time on; "no noise" is told as if the class were unknown. */
void dw_glide_to(dw_glide *g, int noise_class, int32_t time);

/* Write the condition at a time, not before any asked for earlier. */
void dw_glide_at(dw_glide *g, int32_t time, float *condition);

#endif
