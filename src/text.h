/* text.h - a string that grows.
 *
 * Start from `struct text t = {0}`; t.data is NULL until something is added, so read it with text_get().
 * When memory runs out the text stays as it was and `failed` is set; check it once at the end. Any thread. */
#ifndef GRADUS_TEXT_H
#define GRADUS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
    char *data;
    size_t length, capacity;
    bool failed;
};

/* Appends a formatted string, a string, or `length` bytes. */
void text_addf(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_add(struct text *t, const char *string);
void text_add_bytes(struct text *t, const char *bytes, size_t length);

/* The string, never NULL, valid until the next addition. */
const char *text_get(const struct text *t);

/* Empties the text and keeps its memory. */
void text_clear(struct text *t);

/* Frees its memory; the text may be used again. */
void text_release(struct text *t);

/* The character at text[*at] of `length` bytes of UTF-8; moves *at behind it. Bytes that are no character are
 * U+FFFD, one each. */
uint32_t utf8_next(const char *text, size_t length, size_t *at);

/* Writes a character and a NUL; returns its bytes. */
size_t utf8_write(uint32_t code, char out[5]);

#endif
