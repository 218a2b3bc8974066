#include "dw_denoiser.h"

#include <math.h>
#include <string.h>

#include "dw_math.h"
#include "dw_tables.h"

void dw_denoiser_reset(dw_denoiser *d) { memset(d, 0, sizeof *d); }

void dw_analyse(dw_denoiser *d, const float *samples) {
  memmove(d->history, d->history + DW_HOP, (DW_WINDOW - DW_HOP) * sizeof(float));
  memcpy(d->history + DW_WINDOW - DW_HOP, samples, DW_HOP * sizeof(float));
  for (int i = 0; i < DW_WINDOW; ++i) d->work[i] = d->history[i] * dw_analysis_window[i];
  for (int i = DW_WINDOW; i < DW_FFT; ++i) d->work[i] = 0.0f;
  dw_rfft(&dw_plan, d->work, d->spectrum);
}

void dw_compress(dw_denoiser *d) {
  const float *bin = d->spectrum + 2 * DW_FIRST_BIN;
  float *feature = d->features;
  for (int k = 0; k < DW_NETWORK_BINS; ++k, bin += 2, feature += 3) {
    const float power = bin[0] * bin[0] + bin[1] * bin[1] + DW_POWER_FLOOR;
    const float magnitude = dw_pow(power, 0.5f * DW_COMPRESSION);
    const float scale = magnitude / sqrtf(power);
    feature[0] = bin[0] * scale;
    feature[1] = bin[1] * scale;
    feature[2] = magnitude;
  }
}

void dw_expand(dw_denoiser *d) {
  float *mask = d->mask;
  for (int k = 0; k < DW_NETWORK_BINS; ++k, mask += 2) {
    const float power = mask[0] * mask[0] + mask[1] * mask[1];
    const float scale = dw_pow(power, 0.5f * (1.0f / DW_COMPRESSION - 1.0f));
    mask[0] *= scale;
    mask[1] *= scale;
  }
}

void dw_synthesise(dw_denoiser *d, float *samples) {
  const float *gain = d->mask;
  float *bin = d->spectrum + 2 * DW_FIRST_BIN;
  memset(d->spectrum, 0, 2 * DW_FIRST_BIN * sizeof(float));
  for (int k = 0; k < DW_NETWORK_BINS; ++k, bin += 2, gain += 2) {
    const float re = bin[0], im = bin[1];
    bin[0] = re * gain[0] - im * gain[1];
    bin[1] = re * gain[1] + im * gain[0];
  }
  memset(bin, 0, 2 * (DW_BINS - DW_FIRST_BIN - DW_NETWORK_BINS) * sizeof(float));
  float spent[2 * DW_BINS];
  memcpy(spent, d->spectrum, sizeof spent);
  dw_irfft(&dw_plan, spent, d->work);
  const float *end = d->work + DW_WINDOW - DW_SYNTHESIS; /* the window ends where the frame does */
  for (int i = 0; i < DW_SYNTHESIS; ++i) d->sums[i] += end[i] * dw_synthesis_window[i];
  memcpy(samples, d->sums, DW_HOP * sizeof(float));
  memmove(d->sums, d->sums + DW_HOP, (DW_SYNTHESIS - DW_HOP) * sizeof(float));
  memset(d->sums + DW_SYNTHESIS - DW_HOP, 0, DW_HOP * sizeof(float));
}
