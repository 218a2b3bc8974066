// One model in TensorFlow Lite Micro, its states kept between steps.
#ifndef DW_NETWORK_H
#define DW_NETWORK_H

#include <cstring>

#include "tensorflow/lite/micro/micro_allocator.h"
#include "tensorflow/lite/micro/micro_interpreter.h"
#include "tensorflow/lite/micro/micro_op_resolver.h"
#include "tensorflow/lite/schema/schema_generated.h"

extern "C" {
#include "dw_model.h"
}

namespace dw {

class Network {
 public:
  // Several networks may share an allocator: their activations then use the same memory in turn. That is why a
  // step copies its states in and out, and why nothing may be read from a tensor after the other one has run.
  Network(const dw_model &model, const tflite::MicroOpResolver &resolver, tflite::MicroAllocator *allocator,
          unsigned char *states)
      : model_(model), states_(states), interpreter_(tflite::GetModel(model.data), resolver, allocator) {}

  bool Prepare() {
    if (interpreter_.AllocateTensors() != kTfLiteOk) return false;
    Reset();
    return true;
  }

  void Reset() {
    const float zero = 0.0f;
    for (int i = 0; i < model_.n_states; ++i) {
      const dw_state &state = model_.states[i];
      for (int k = 0; k < state.n; ++k)
        dw_quantise(&state.in, &zero, 1, states_ + state.offset + k * state.in.bytes);
    }
  }

  // features and condition (null where the model has none) -> output, all as floats.
  bool Step(const float *features, const float *condition, float *output) {
    for (int i = 0; i < model_.n_states; ++i) {
      const dw_state &state = model_.states[i];
      std::memcpy(interpreter_.input(state.input)->data.raw, states_ + state.offset,
                  static_cast<size_t>(state.n) * state.in.bytes);
    }
    Put(model_.features, features);
    if (model_.condition.n) Put(model_.condition, condition);
    if (interpreter_.Invoke() != kTfLiteOk) return false;
    const dw_port &out = model_.output;
    dw_dequantise(&out.scale, interpreter_.output(out.tensor)->data.raw, out.n, output);
    for (int i = 0; i < model_.n_states; ++i) {
      const dw_state &state = model_.states[i];
      dw_carry(&state.out, interpreter_.output(state.output)->data.raw, &state.in, states_ + state.offset,
               state.n);
    }
    return true;
  }

 private:
  void Put(const dw_port &port, const float *values) {
    dw_quantise(&port.scale, values, port.n, interpreter_.input(port.tensor)->data.raw);
  }

  const dw_model &model_;
  unsigned char *states_;
  tflite::MicroInterpreter interpreter_;
};

}  // namespace dw

#endif
