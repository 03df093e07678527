/* noise.h - normal noise, whole channels dropped, and the sampling of a variational autoencoder. All draws
 * are a hash of (key, index). Any thread. */
#ifndef GRADUS_KERNELS_NOISE_H
#define GRADUS_KERNELS_NOISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Standard normal numbers. */
void noise_fill(float *to, size_t n, uint64_t key);

/* y = x + stddev · noise. */
void noise_add(const float *x, float *y, size_t n, double stddev, uint64_t key);

/* to = from / (1 - rate) in channels that are kept, else 0; added to `to` when `add`. N x positions x C: one
 * draw for each sample and channel. */
void channels_drop(
    const float *from, float *to, size_t N, size_t positions, size_t C, double rate, uint64_t key, bool add);

/* x is rows x (mean d | log_var d), eps and y are rows x d: y = mean + exp(log_var / 2)·eps, or the mean
 * where eps is NULL. */
void sampling_forward(const float *x, const float *eps, float *y, size_t rows, size_t d);

/* Σ (mean² + exp(log_var) - 1 - log_var) / 2: how far the samples' normal distributions lie from the standard
 * one (Kullback and Leibler; Kingma & Welling 2014). */
double sampling_divergence(const float *x, size_t rows, size_t d);

/* dx, by dy and by `scale` times the divergence; added to dx when `add`. */
void sampling_backward(const float *x, const float *eps, const float *dy, float *dx, size_t rows, size_t d,
    float scale, bool add);

#endif
