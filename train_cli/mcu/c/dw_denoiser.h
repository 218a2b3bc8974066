/* What surrounds the denoising network: frames, features, mask, overlap-add. */
#ifndef DW_DENOISER_H
#define DW_DENOISER_H

#include "dw_config.h"

typedef struct {
  float history[DW_WINDOW];            /* the last samples that came in */
  float sums[DW_SYNTHESIS];            /* what later frames still add to */
  float spectrum[2 * DW_BINS];         /* of the newest frame; of the enhanced one after dw_synthesise */
  float features[3 * DW_NETWORK_BINS]; /* real, imaginary, magnitude of each compressed bin: to the network */
  float mask[2 * DW_NETWORK_BINS];     /* real, imaginary of each bin: from the network; gains after dw_expand */
  float work[DW_FFT];
} dw_denoiser;

/* Forget all signal history. */
void dw_denoiser_reset(dw_denoiser *d);

/* Take in the next DW_HOP samples (nominal range -1 to 1): makes `spectrum`. */
void dw_analyse(dw_denoiser *d, const float *samples);

/* Make `features` of `spectrum`: for the first of every DW_FRAMES_PER_MASK frames, before the network's step. */
void dw_compress(dw_denoiser *d);

/* Make gains of `mask`, as the network gave it, in place: after the step. They serve until the next. */
void dw_expand(dw_denoiser *d);

/* Apply the gains and put out the next DW_HOP samples. */
void dw_synthesise(dw_denoiser *d, float *samples);

#endif
