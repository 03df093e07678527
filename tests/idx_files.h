/* idx_files.h - small IDX files, plain and packed, for tests. Images are 2x3; the first pixel of image k is
 * k, the others 255 and 0 by turns, and its label is k % classes. */
#ifndef GRADUS_TESTS_IDX_FILES_H
#define GRADUS_TESTS_IDX_FILES_H

#include "../src/text.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <zlib.h>

enum { ROWS = 2, COLUMNS = 3, PIXELS = ROWS * COLUMNS };

static inline void add_header(struct text *t, int rank, const uint32_t *dim)
{
    text_add_bytes(t, (const char[]){0, 0, 8, (char)rank}, 4);
    for (int i = 0; i < rank; i++)
        text_add_bytes(t,
            (const char[]){(char)(dim[i] >> 24), (char)(dim[i] >> 16 & 255), (char)(dim[i] >> 8 & 255),
                (char)(dim[i] & 255)},
            4);
}

static inline struct text image_file(uint32_t first, uint32_t count)
{
    struct text t = {0};
    add_header(&t, 3, (const uint32_t[]){count, ROWS, COLUMNS});
    for (uint32_t i = first; i < first + count; i++)
        for (int k = 0; k < PIXELS; k++)
            text_add_bytes(&t, (const char[]){(char)(k == 0 ? (int)i : k % 2 ? 255 : 0)}, 1);
    return t;
}

static inline struct text label_file(uint32_t first, uint32_t count, uint32_t classes)
{
    struct text t = {0};
    add_header(&t, 1, &count);
    for (uint32_t i = first; i < first + count; i++)
        text_add_bytes(&t, (const char[]){(char)(i % classes)}, 1);
    return t;
}

static inline struct text packed(const void *bytes, size_t length)
{
    struct text t = {0};
    char out[4096];
    z_stream z = {.next_in = (Bytef *)bytes, .avail_in = (uInt)length};
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
    for (int status = Z_OK; status == Z_OK;) {
        z.next_out = (Bytef *)out;
        z.avail_out = sizeof out;
        status = deflate(&z, Z_FINISH);
        text_add_bytes(&t, out, sizeof out - z.avail_out);
    }
    deflateEnd(&z);
    return t;
}

#endif
