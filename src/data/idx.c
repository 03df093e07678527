/* idx.c - bytes to an array, plain or through zlib.
 *
 * A gzip file is inflated in two steps: first the header alone, then exactly as many values as it claims and
 * not one byte more. Deflate packs at most 1032 bytes into one, so a header that claims more than that is
 * refused before memory is taken. */
#include "idx.h"
#include "../error.h"
#include "../memory.h"
#include "source.h"

#include <stdio.h>
#include <string.h>
#include <zlib.h>

enum {
    MAGIC = 4,
    HEADER = MAGIC + 4 * IDX_RANK,
    UNSIGNED_BYTES = 0x08,
    DEFLATE_MOST = 1032,
    CHUNK = 1 << 20
};

/* --- the header --- */

static size_t header_size(int rank)
{
    return MAGIC + 4 * (size_t)rank;
}

/* "60000x28x28" */
static const char *dimensions(const struct idx *f, char out[SHAPE_TEXT])
{
    int at = 0;
    for (int i = 0; i < f->rank; i++)
        at += snprintf(out + at, (size_t)(SHAPE_TEXT - at), "%s%u", i ? "x" : "", f->dim[i]);
    return out;
}

static bool refuse_short(size_t have, struct error *e)
{
    return error_set(e, "it ends within its header, after %zu bytes: was it cut off?", have);
}

static bool check_magic(const uint8_t *byte, size_t have, int rank, struct error *e)
{
    if (have >= MAGIC && (byte[0] || byte[1]))
        return error_set(e, "it is no IDX file, which begins with two zero bytes");
    if (have < MAGIC)
        return refuse_short(have, e);
    if (byte[2] != UNSIGNED_BYTES)
        return error_set(
            e, "its values are of type 0x%02x, and only unsigned bytes (0x08) are read", byte[2]);
    if (byte[3] != rank)
        return error_set(e, "it has %d dimension%s, but %s have %d: do the names of the files fit?", byte[3],
            byte[3] == 1 ? "" : "s", rank == 1 ? "labels" : "images", rank);
    return have >= header_size(rank) || refuse_short(have, e);
}

static bool read_header(const uint8_t *byte, size_t have, int rank, struct idx *f, struct error *e)
{
    char text[SHAPE_TEXT];
    if (!check_magic(byte, have, rank, e))
        return false;
    f->rank = rank;
    for (int i = 0; i < rank; i++) {
        const uint8_t *d = byte + MAGIC + 4 * i;
        f->dim[i] = (uint32_t)d[0] << 24 | (uint32_t)d[1] << 16 | (uint32_t)d[2] << 8 | d[3];
    }
    bool large = false;
    f->size = 1;
    for (int i = 0; i < rank; i++)
        large = __builtin_mul_overflow(f->size, f->dim[i], &f->size) || large;
    if (!large && !f->size)
        return error_set(e, "its header says %s: it is empty", dimensions(f, text));
    if (large || f->size > IDX_LIMIT)
        return error_set(
            e, "its header claims %s values, and at most %d are read", dimensions(f, text), IDX_LIMIT);
    return true;
}

/* --- plain --- */

static bool check_length(const struct idx *f, size_t have, struct error *e)
{
    char text[SHAPE_TEXT];
    if (have < f->size)
        return error_set(e, "its header claims %s values, but only %zu bytes follow: was it cut off?",
            dimensions(f, text), have);
    if (have > f->size)
        return error_set(e, "behind its %s values stand %zu bytes more: its header or its end is wrong",
            dimensions(f, text), have - f->size);
    return true;
}

static bool read_plain(char *bytes, size_t length, int rank, struct idx *f, struct error *e)
{
    if (!read_header((const uint8_t *)bytes, length, rank, f, e) ||
        !check_length(f, length - header_size(rank), e))
        return false;
    f->block = bytes;
    f->value = (const uint8_t *)bytes + header_size(rank);
    return true;
}

/* --- gzip --- */

static bool refuse_gzip(int status, const z_stream *z, struct error *e)
{
    if (status == Z_BUF_ERROR)
        return error_set(e, "its gzip data end too early: was the file cut off?");
    if (status == Z_MEM_ERROR)
        return error_set(e, "not enough memory to unpack it");
    return error_set(e, "its gzip data are damaged (%s)", z->msg ? z->msg : "they need a dictionary");
}

/* Unpacks `size` bytes, fewer when the stream ends before. */
static bool unpack(
    z_stream *z, uint8_t *to, size_t size, const atomic_bool *cancel, size_t *got, struct error *e)
{
    int status = Z_OK;
    for (*got = 0; *got < size && status != Z_STREAM_END;) {
        uInt room = size - *got < CHUNK ? (uInt)(size - *got) : CHUNK;
        if (data_cancelled(cancel, e))
            return false;
        z->next_out = to + *got;
        z->avail_out = room;
        status = inflate(z, Z_NO_FLUSH);
        if (status != Z_OK && status != Z_STREAM_END)
            return refuse_gzip(status, z, e);
        *got += room - z->avail_out;
    }
    return true;
}

/* After the last value the stream must end, and the file with it. Only here zlib sees the checksum. */
static bool check_end(z_stream *z, const struct idx *f, struct error *e)
{
    uint8_t more;
    size_t got;
    if (!unpack(z, &more, 1, NULL, &got, e))
        return false;
    if (got)
        return error_set(e, "it goes on behind the values that its header claims: its header is wrong");
    if (z->avail_in)
        return error_set(e, "%u bytes stand behind the end of its gzip data", z->avail_in);
    return true;
}

static bool unpack_values(
    z_stream *z, size_t length, struct idx *f, const atomic_bool *cancel, struct error *e)
{
    char text[SHAPE_TEXT];
    size_t got;
    if (f->size / DEFLATE_MOST > length)
        return error_set(e, "its header claims %s values, more than %zu bytes of gzip can hold",
            dimensions(f, text), length);
    f->block = memory_take(f->size, 1, "the values of the file", e);
    f->value = f->block;
    return f->block && unpack(z, f->block, f->size, cancel, &got, e) && check_length(f, got, e) &&
           check_end(z, f, e);
}

static bool read_gzip(
    char *bytes, size_t length, int rank, const atomic_bool *cancel, struct idx *f, struct error *e)
{
    uint8_t header[HEADER];
    size_t got;
    z_stream z = {.next_in = (Bytef *)bytes, .avail_in = (uInt)length};
    int status = inflateInit2(&z, 16 + MAX_WBITS); /* 16: a gzip header, nothing else */
    if (status != Z_OK)
        return refuse_gzip(status, &z, e);
    bool ok = unpack(&z, header, header_size(rank), cancel, &got, e) &&
              read_header(header, got, rank, f, e) && unpack_values(&z, length, f, cancel, e);
    inflateEnd(&z);
    return ok;
}

/* --- either --- */

bool idx_parse(char *bytes, size_t length, const char *name, int rank, const atomic_bool *cancel,
    struct idx *out, struct error *e)
{
    struct idx f = {.name = name};
    bool gzip = length >= 2 && !memcmp(bytes, "\x1f\x8b", 2);
    bool ok = length > IDX_LIMIT ? error_set(e, "it is too long")
              : gzip             ? read_gzip(bytes, length, rank, cancel, &f, e)
                                 : read_plain(bytes, length, rank, &f, e);
    if (f.block != bytes)
        memory_free(bytes);
    if (ok) {
        *out = f;
        return true;
    }
    idx_release(&f);
    return cancel && atomic_load(cancel) ? false : error_prefix(e, "%s", name);
}

void idx_release(struct idx *f)
{
    memory_free(f->block);
    *f = (struct idx){0};
}
