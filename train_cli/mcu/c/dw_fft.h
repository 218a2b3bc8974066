/* Fast Fourier transform of real signals, in single precision; no allocation, any power of two from 8. */
#ifndef DW_FFT_H
#define DW_FFT_H

/* Length of the transform, and exp(-2 pi i k / n) for k = 0 ... n/2 - 1, real and imaginary in turn. */
typedef struct {
  int n;
  const float *twiddle;
} dw_fft_plan;

/* samples[n] -> spectrum[n + 2]: bins 0 ... n/2, real and imaginary in turn. The two may not overlap. */
void dw_rfft(const dw_fft_plan *plan, const float *samples, float *spectrum);

/* spectrum[n + 2] -> samples[n], as scaled as numpy.fft.irfft. The spectrum is used up. */
void dw_irfft(const dw_fft_plan *plan, float *spectrum, float *samples);

#endif
