/* memory.c - see memory.h. Blocks below a mebibyte skip the look at /proc/meminfo: it costs more than they
 * do. */
#include "memory.h"
#include "error.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ALIGNMENT = 64, SMALL = 1 << 20 };

size_t memory_available(void)
{
    FILE *file = fopen("/proc/meminfo", "r");
    if (file) {
        char line[128];
        unsigned long long kib = 0;
        while (fgets(line, sizeof line, file))
            if (sscanf(line, "MemAvailable: %llu kB", &kib) == 1)
                break;
        fclose(file);
        if (kib)
            return (size_t)kib * 1024;
    }
    long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
    return pages > 0 && size > 0 ? (size_t)pages * (size_t)size : SIZE_MAX / 2;
}

const char *memory_text(double bytes, char out[MEMORY_TEXT])
{
    static const char *const unit[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    size_t i = 0;
    while (bytes >= 1024 && i + 1 < sizeof unit / sizeof *unit) {
        bytes /= 1024;
        i++;
    }
    snprintf(out, MEMORY_TEXT, i ? "%.1f %s" : "%.0f %s", bytes, unit[i]);
    return out;
}

static void *refuse(double bytes, const char *what, struct error *e)
{
    char wanted[MEMORY_TEXT], have[MEMORY_TEXT];
    error_set(e, "%s would need %s (%.0f bytes), but only %s are available", what, memory_text(bytes, wanted),
        bytes, memory_text((double)memory_available(), have));
    return NULL;
}

void *memory_take(size_t count, size_t size, const char *what, struct error *e)
{
    double wanted = (double)count * (double)size;
    if (wanted > (double)(SIZE_MAX / 4) || (wanted > SMALL && wanted > (double)memory_available()))
        return refuse(wanted, what, e);
    size_t bytes = (count * size + ALIGNMENT) / ALIGNMENT * ALIGNMENT;
    void *block = aligned_alloc(ALIGNMENT, bytes);
    if (!block)
        return refuse(wanted, what, e);
    return memset(block, 0, bytes);
}

size_t memory_lines(size_t floats)
{
    size_t line = ALIGNMENT / sizeof(float);
    return (floats + line - 1) / line * line;
}

void memory_free(void *block)
{
    free(block);
}

char *memory_copy_text(const char *text, struct error *e)
{
    size_t bytes = strlen(text) + 1;
    char *copy = memory_take(bytes, 1, "a text", e);
    return copy ? memcpy(copy, text, bytes) : NULL;
}
