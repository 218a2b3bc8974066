// Adaptive denoising on a microcontroller: the classifier listens along and tells the denoiser the class.
//
// Give it two functions that wait for the next DW_HOP samples of the microphone (floats, -1 to 1) and that hand
// DW_HOP samples to the loudspeaker. Compiled with DW_SELF_TEST, it compares the networks with the test vectors
// instead.
#include <cmath>
#include <cstdio>

#include "dw_network.h"
#include "dw_ops.h"
#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"
#include "tensorflow/lite/micro/system_setup.h"

extern "C" {
#include "dw_denoiser.h"
#include "dw_listener.h"
#ifdef DW_SELF_TEST
#include "test_vectors.h"
#endif
void board_read(float *samples);
void board_write(const float *samples);
}

namespace {

alignas(16) unsigned char arena[DW_ARENA_BYTES];
alignas(4) unsigned char ddae_states[DW_DDAE_STATE_BYTES], nc_states[DW_NC_STATE_BYTES];
dw_denoiser denoiser;
dw_listener listener;
dw_decision decision;
dw_glide glide;

#ifdef DW_SELF_TEST
int SelfTest(dw::Network &ddae, dw::Network &nc) {
  static float condition[DW_CLASSES];
  float worst = 0.0f, posterior[DW_CLASSES];
  for (int k = 0; k < DW_TEST_STEPS; ++k) {
    if (!ddae.Step(dw_test_features[k], condition, denoiser.mask)) return 1;
    for (int i = 0; i < 2 * DW_NETWORK_BINS; ++i)
      worst = std::fmax(worst, std::fabs(denoiser.mask[i] - dw_test_mask[k][i]));
  }
  std::printf("mask: largest difference %g\n", static_cast<double>(worst));
  float worst_posterior = 0.0f;
  for (int k = 0; k < DW_TEST_CHUNKS; ++k) {
    if (!nc.Step(dw_test_log_mel[k], nullptr, posterior)) return 1;
    for (int i = 0; i < DW_CLASSES; ++i)
      worst_posterior = std::fmax(worst_posterior, std::fabs(posterior[i] - dw_test_model_posterior[k][i]));
  }
  std::printf("posterior: largest difference %g\n", static_cast<double>(worst_posterior));
  return worst > 0.1f || worst_posterior > 0.1f;
}
#endif

// Hand samples to the classifier; with each complete chunk, decide anew.
bool Listen(dw::Network &nc, const float *samples, int n, int32_t time) {
  while (n > 0) {
    int is_complete = 0;
    const int taken = dw_listener_push(&listener, samples, n, &is_complete);
    samples += taken;
    n -= taken;
    time += taken;
    if (!is_complete) continue;
    float posterior[DW_CLASSES], sum = 0.0f;
    if (!nc.Step(listener.chunk, nullptr, posterior)) return false;
    for (float probability : posterior) sum += probability;
    for (float &probability : posterior) probability /= sum;
    dw_glide_to(&glide, dw_decision_update(&decision, posterior, time), time);
  }
  return true;
}

}  // namespace

int main() {
  tflite::InitializeTarget();
  static tflite::MicroMutableOpResolver<DW_N_OPS> resolver;
  DW_ADD_OPS(resolver);
  tflite::MicroAllocator *allocator = tflite::MicroAllocator::Create(arena, sizeof arena);
  static dw::Network ddae(dw_ddae, resolver, allocator, ddae_states);
  static dw::Network nc(dw_nc, resolver, allocator, nc_states);
  if (!ddae.Prepare() || !nc.Prepare()) return 1;
#ifdef DW_SELF_TEST
  return SelfTest(ddae, nc);
#else
  dw_denoiser_reset(&denoiser);
  dw_listener_reset(&listener);
  dw_decision_reset(&decision);
  dw_glide_reset(&glide);
  int frame = 0;
  // After 37 hours the count of samples would overflow: begin anew before, as after a reset.
  for (int32_t time = 0; time < INT32_MAX - DW_HOP; time += DW_HOP) {
    float samples[DW_HOP], condition[DW_CLASSES];
    board_read(samples);
    if (!Listen(nc, samples, DW_HOP, time)) return 1;
    dw_glide_at(&glide, time + DW_HOP - 1, condition);
    dw_analyse(&denoiser, samples);
    if (frame == 0) {
      dw_compress(&denoiser);
      if (!ddae.Step(denoiser.features, condition, denoiser.mask)) return 1;
      dw_expand(&denoiser);
    }
    frame = (frame + 1) % DW_FRAMES_PER_MASK;
    dw_synthesise(&denoiser, samples);
    board_write(samples);
  }
  return 0;
#endif
}
