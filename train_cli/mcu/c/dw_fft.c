#include "dw_fft.h"

/* Complex transform of n/2 values, in place: radix 2, decimation in time (Cooley and Tukey, 1965). */
static void transform(const dw_fft_plan *plan, float *z) {
  const int m = plan->n / 2;
  for (int i = 1, j = 0; i < m; ++i) {
    int bit = m >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      const float re = z[2 * i], im = z[2 * i + 1];
      z[2 * i] = z[2 * j];
      z[2 * i + 1] = z[2 * j + 1];
      z[2 * j] = re;
      z[2 * j + 1] = im;
    }
  }
  for (int half = 1; half < m; half *= 2) {
    const int stride = m / half; /* in the table of length n/2, which has steps of 2 pi / n */
    for (int first = 0; first < m; first += 2 * half) {
      for (int k = 0; k < half; ++k) {
        const float wr = plan->twiddle[2 * k * stride], wi = plan->twiddle[2 * k * stride + 1];
        float *a = z + 2 * (first + k), *b = a + 2 * half;
        const float re = b[0] * wr - b[1] * wi, im = b[0] * wi + b[1] * wr;
        b[0] = a[0] - re;
        b[1] = a[1] - im;
        a[0] += re;
        a[1] += im;
      }
    }
  }
}

void dw_rfft(const dw_fft_plan *plan, const float *samples, float *spectrum) {
  const int n = plan->n, m = n / 2;
  float *x = spectrum;
  for (int i = 0; i < n; ++i) x[i] = samples[i];
  transform(plan, x);
  const float first = x[0], last = x[1];
  x[0] = first + last;
  x[1] = 0.0f;
  x[n] = first - last;
  x[n + 1] = 0.0f;
  for (int k = 1; k <= m / 2; ++k) {
    const int r = m - k;
    const float ar = x[2 * k], ai = x[2 * k + 1], br = x[2 * r], bi = x[2 * r + 1];
    const float even_r = 0.5f * (ar + br), even_i = 0.5f * (ai - bi);
    const float odd_r = 0.5f * (ai + bi), odd_i = 0.5f * (br - ar);
    const float wr = plan->twiddle[2 * k], wi = plan->twiddle[2 * k + 1];
    const float tr = odd_r * wr - odd_i * wi, ti = odd_r * wi + odd_i * wr;
    x[2 * k] = even_r + tr;
    x[2 * k + 1] = even_i + ti;
    x[2 * r] = even_r - tr;
    x[2 * r + 1] = ti - even_i;
  }
}

void dw_irfft(const dw_fft_plan *plan, float *spectrum, float *samples) {
  const int n = plan->n, m = n / 2;
  float *x = spectrum;
  const float first = x[0], last = x[n];
  x[0] = 0.5f * (first + last);
  x[1] = -0.5f * (first - last); /* conjugated: the inverse is the conjugate of a transform */
  for (int k = 1; k <= m / 2; ++k) {
    const int r = m - k;
    const float ar = x[2 * k], ai = x[2 * k + 1], br = x[2 * r], bi = x[2 * r + 1];
    const float even_r = 0.5f * (ar + br), even_i = 0.5f * (ai - bi);
    const float dr = 0.5f * (ar - br), di = 0.5f * (ai + bi);
    const float wr = plan->twiddle[2 * k], wi = -plan->twiddle[2 * k + 1];
    const float odd_r = dr * wr - di * wi, odd_i = dr * wi + di * wr;
    x[2 * k] = even_r - odd_i;
    x[2 * k + 1] = -(even_i + odd_r);
    x[2 * r] = even_r + odd_i;
    x[2 * r + 1] = even_i - odd_r;
  }
  transform(plan, x);
  const float scale = 1.0f / (float)m;
  for (int i = 0; i < m; ++i) {
    samples[2 * i] = x[2 * i] * scale;
    samples[2 * i + 1] = -x[2 * i + 1] * scale;
  }
}
