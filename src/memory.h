/* memory.h - allocation that can fail and says so.
 *
 * Every block is zeroed and aligned to 64 bytes (a cache line, an AVX-512 register). A request above the
 * memory that the machine has available is refused with its bytes named, before anything is touched. Any
 * thread. */
#ifndef GRADUS_MEMORY_H
#define GRADUS_MEMORY_H

#include <stddef.h>

struct error;

/* Returns a block of `count` elements of `size` bytes, or NULL and an error naming `what` and the bytes.
 * A count of 0 gives a valid block. The caller frees it with memory_free(). */
void *memory_take(size_t count, size_t size, const char *what, struct error *e);

/* This many floats rounded up to whole cache lines: parts of an arena that start on one never share one. */
size_t memory_lines(size_t floats);

/* Frees a block of memory_take(); NULL is allowed. */
void memory_free(void *block);

/* Bytes that the machine can still give without swapping. */
size_t memory_available(void);

/* A copy of the string, or NULL and an error. Freed with memory_free(). */
char *memory_copy_text(const char *text, struct error *e);

/* "1.5 GiB", "960 bytes": a size for people, in `out`, which is returned. */
#define MEMORY_TEXT 32
const char *memory_text(double bytes, char out[MEMORY_TEXT]);

#endif
