#include "dw_listener.h"

#include <math.h>
#include <string.h>

#include "dw_math.h"
#include "dw_tables.h"

void dw_listener_reset(dw_listener *l) { memset(l, 0, sizeof *l); }

static void log_mel(dw_listener *l, float *bands) {
  for (int i = 0; i < DW_MEL_WINDOW; ++i) l->work[i] = l->history[i] * dw_mel_window[i];
  for (int i = DW_MEL_WINDOW; i < DW_MEL_FFT; ++i) l->work[i] = 0.0f;
  dw_rfft(&dw_mel_plan, l->work, l->spectrum);
  float *magnitude = l->work;
  for (int k = 0; k < DW_MEL_BINS; ++k) {
    const float re = l->spectrum[2 * k], im = l->spectrum[2 * k + 1];
    magnitude[k] = sqrtf(re * re + im * im);
  }
  const float *weight = dw_mel_weights;
  for (int band = 0; band < DW_MEL_BANDS; ++band) {
    float sum = 0.0f;
    const int first = dw_mel_first[band];
    for (int i = 0; i < dw_mel_count[band]; ++i) sum += magnitude[first + i] * *weight++;
    bands[band] = 0.69314718f * dw_log2(sum + DW_MEL_LOG_OFFSET);
  }
}

int dw_listener_push(dw_listener *l, const float *samples, int n, int *is_complete) {
  int taken = 0;
  *is_complete = 0;
  while (taken < n && !*is_complete) {
    int more = DW_MEL_HOP - l->n_pending;
    if (more > n - taken) more = n - taken;
    memmove(l->history, l->history + more, (size_t)(DW_MEL_WINDOW - more) * sizeof(float));
    memcpy(l->history + DW_MEL_WINDOW - more, samples + taken, (size_t)more * sizeof(float));
    taken += more;
    l->n_pending += more;
    if (l->n_pending == DW_MEL_HOP) {
      l->n_pending = 0;
      log_mel(l, l->chunk + l->n_frames * DW_MEL_BANDS);
      if (++l->n_frames == DW_CHUNK_FRAMES) {
        l->n_frames = 0;
        *is_complete = 1;
      }
    }
  }
  return taken;
}

static int largest(const float *values) {
  int best = 0;
  for (int i = 1; i < DW_CLASSES; ++i)
    if (values[i] > values[best]) best = i;
  return best;
}

void dw_decision_reset(dw_decision *d) {
  memset(d, 0, sizeof *d);
  d->current = DW_UNKNOWN;
}

/* Bayes' filter over the classes, and a running mean that replaces it once another class leads there. */
static void gather(dw_decision *d, const float *posterior, float elapsed) {
  const float kept = expf(-elapsed / DW_FORGET_SAMPLES), share = elapsed / DW_EVIDENCE_SAMPLES;
  const float weight = 1.0f - expf(-elapsed / DW_QUICK_SAMPLES);
  float sum = 0.0f;
  for (int i = 0; i < DW_CLASSES; ++i) {
    const float least = posterior[i] > DW_LEAST_PROBABILITY ? posterior[i] : DW_LEAST_PROBABILITY;
    d->gathered[i] = (kept * d->gathered[i] + (1.0f - kept) / DW_CLASSES) * dw_pow(least, share);
    sum += d->gathered[i];
    d->quick[i] += weight * (posterior[i] - d->quick[i]);
  }
  for (int i = 0; i < DW_CLASSES; ++i) d->gathered[i] /= sum;
  if (d->quick[largest(d->quick)] - d->quick[largest(d->gathered)] >= DW_LEAD)
    memcpy(d->gathered, d->quick, sizeof d->gathered);
}

int dw_decision_update(dw_decision *d, const float *posterior, int32_t time) {
  if (d->current == DW_UNKNOWN) {
    memcpy(d->gathered, posterior, sizeof d->gathered);
    memcpy(d->quick, posterior, sizeof d->quick);
    d->current = largest(posterior);
  } else {
    gather(d, posterior, (float)(time - d->time));
  }
  d->time = time;
  const int leader = largest(d->gathered);
  if (d->gathered[leader] - d->gathered[d->current] >= DW_MARGIN) d->current = leader;
  return d->current;
}

void dw_glide_reset(dw_glide *g) {
  memset(g, 0, sizeof *g);
  g->aim = DW_UNKNOWN;
}

static float value_at(const dw_glide *g, int32_t time, int i) {
  float share = (float)(time - g->start) / (float)DW_GLIDE_SAMPLES;
  if (share > 1.0f) share = 1.0f;
  return g->from[i] + share * (g->to[i] - g->from[i]);
}

static void take_next(dw_glide *g) {
  for (int i = 0; i < DW_CLASSES; ++i) g->from[i] = value_at(g, g->next_start, i);
  memcpy(g->to, g->next, sizeof g->to);
  g->start = g->next_start;
  g->has_next = 0;
}

void dw_glide_to(dw_glide *g, int noise_class, int32_t time) {
  /* What is taken for no noise may still be a faint one. */
  if (noise_class == DW_NO_NOISE) noise_class = DW_UNKNOWN;
  if (noise_class == g->aim) return;
  if (g->has_next) take_next(g);
  g->aim = noise_class;
  for (int i = 0; i < DW_CLASSES; ++i) g->next[i] = i == noise_class ? 1.0f : 0.0f;
  g->next_start = time;
  g->has_next = 1;
}

void dw_glide_at(dw_glide *g, int32_t time, float *condition) {
  if (g->has_next && g->next_start <= time) take_next(g);
  for (int i = 0; i < DW_CLASSES; ++i) condition[i] = value_at(g, time, i);
}
