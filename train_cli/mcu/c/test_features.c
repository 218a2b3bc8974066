/* Holds the C code against the test vectors, which the Python implementation made.
 *
 * Prints the largest error of each stage relative to the largest value, and, where the board has a counter,
 * the instructions per call. Ends with 0 when all errors are at most 1e-4. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dw_denoiser.h"
#include "dw_listener.h"
#include "dw_quantise.h"
#include "test_vectors.h"

#ifdef DW_TICKS
extern uint32_t dw_ticks(void);
extern const uint32_t dw_instructions_per_tick;
#else
static uint32_t dw_ticks(void) { return 0; }
static const uint32_t dw_instructions_per_tick = 0;
#endif

#define LIMIT 1e-4

static int failures = 0;
static dw_denoiser denoiser;
static dw_listener listener;

typedef struct {
  const char *name;
  double error, peak;
  uint32_t ticks;
  int calls;
} stage;

static void compare(stage *s, const float *made, const float *expected, int n) {
  for (int i = 0; i < n; ++i) {
    const double error = fabs((double)made[i] - (double)expected[i]), size = fabs((double)expected[i]);
    if (!(error <= s->error)) s->error = error; /* written so that a NaN is kept */
    if (size > s->peak) s->peak = size;
  }
}

static void report(const stage *s) {
  const double relative = s->error / (s->peak > 0 ? s->peak : 1.0);
  const int is_good = relative <= LIMIT;
  printf("%-12s error %.2e %s", s->name, relative, is_good ? "ok" : "TOO LARGE");
  if (dw_instructions_per_tick && s->calls)
    printf("  %lu instructions", (unsigned long)(s->ticks / (uint32_t)s->calls * dw_instructions_per_tick));
  printf("\n");
  if (!is_good) ++failures;
}

static void test_denoiser(void) {
  stage spectrum = {"spectrum", 0, 0, 0, 0}, features = {"features", 0, 0, 0, 0};
  stage gains = {"gains", 0, 0, 0, 0}, enhanced = {"enhanced", 0, 0, 0, 0}, output = {"output", 0, 0, 0, 0};
  float samples[DW_HOP];
  dw_denoiser_reset(&denoiser);
  for (int k = 0; k < DW_TEST_FRAMES; ++k) {
    uint32_t start = dw_ticks();
    dw_analyse(&denoiser, dw_test_input + k * DW_HOP);
    spectrum.ticks += dw_ticks() - start;
    ++spectrum.calls;
    compare(&spectrum, denoiser.spectrum, dw_test_spectrum[k], 2 * DW_BINS);
    if (k % DW_FRAMES_PER_MASK == 0) {
      const int step = k / DW_FRAMES_PER_MASK;
      start = dw_ticks();
      dw_compress(&denoiser);
      features.ticks += dw_ticks() - start;
      ++features.calls;
      compare(&features, denoiser.features, dw_test_features[step], 3 * DW_NETWORK_BINS);
      memcpy(denoiser.mask, dw_test_mask[step], sizeof denoiser.mask);
      start = dw_ticks();
      dw_expand(&denoiser);
      gains.ticks += dw_ticks() - start;
      ++gains.calls;
      compare(&gains, denoiser.mask, dw_test_gains[step], 2 * DW_NETWORK_BINS);
    }
    start = dw_ticks();
    dw_synthesise(&denoiser, samples);
    output.ticks += dw_ticks() - start;
    ++output.calls;
    compare(&enhanced, denoiser.spectrum, dw_test_enhanced[k], 2 * DW_BINS);
    compare(&output, samples, dw_test_output + k * DW_HOP, DW_HOP);
  }
  report(&spectrum);
  report(&features);
  report(&gains);
  report(&enhanced);
  report(&output);
}

static void test_listener(void) {
  stage mel = {"log-mel", 0, 0, 0, 0};
  int position = 0, n_chunks = 0;
  dw_listener_reset(&listener);
  while (position < DW_TEST_SAMPLES) {
    int is_complete = 0, n = 100; /* blocks that fit no frame */
    if (n > DW_TEST_SAMPLES - position) n = DW_TEST_SAMPLES - position;
    const uint32_t start = dw_ticks();
    position += dw_listener_push(&listener, dw_test_input + position, n, &is_complete);
    mel.ticks += dw_ticks() - start;
    if (is_complete) {
      compare(&mel, listener.chunk, dw_test_log_mel[n_chunks++], DW_CHUNK_FRAMES * DW_MEL_BANDS);
      mel.calls += DW_CHUNK_FRAMES; /* instructions are told per frame */
    }
  }
  if (n_chunks != DW_TEST_CHUNKS) {
    printf("log-mel gave %d chunks instead of %d\n", n_chunks, DW_TEST_CHUNKS);
    ++failures;
  }
  report(&mel);
}

static void test_decision(void) {
  stage glide = {"condition", 0, 0, 0, 0};
  dw_decision decision;
  dw_glide condition;
  float made[DW_CLASSES];
  int wrong = 0;
  dw_decision_reset(&decision);
  dw_glide_reset(&condition);
  for (int i = 0; i < DW_TEST_POSTERIORS; ++i) {
    const int32_t time = dw_test_times[i];
    const int decided = dw_decision_update(&decision, dw_test_posteriors[i], time);
    wrong += decided != dw_test_decisions[i];
    dw_glide_to(&condition, decided, time);
    dw_glide_at(&condition, time + DW_TEST_GLIDE_SAMPLES, made);
    compare(&glide, made, dw_test_conditions[i], DW_CLASSES);
  }
  printf("%-12s %d of %d differ %s\n", "decision", wrong, DW_TEST_POSTERIORS, wrong ? "WRONG" : "ok");
  failures += wrong != 0;
  report(&glide);
}

static void test_quantise(void) {
  const dw_scale byte = {0.02f, 3, 1}, word = {0.0001f, 0, 2};
  const float values[5] = {-100.0f, -0.5f, 0.0f, 0.031f, 100.0f};
  const int8_t expected[5] = {-128, -22, 3, 5, 127};
  int8_t bytes[5];
  int16_t words[5];
  float back[5];
  dw_quantise(&byte, values, 5, bytes);
  dw_carry(&byte, bytes, &word, words, 5);
  dw_dequantise(&word, words, 5, back);
  const int is_good = !memcmp(bytes, expected, sizeof bytes) && fabsf(back[1] + 0.5f) < 1e-4f;
  printf("%-12s %s\n", "quantise", is_good ? "ok" : "WRONG");
  failures += !is_good;
}

int main(void) {
  test_denoiser();
  test_listener();
  test_decision();
  test_quantise();
  printf(failures ? "%d FAILED\n" : "all ok\n", failures);
  return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
