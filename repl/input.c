/* input.c - see input.h. Waiting goes through the loop, so that a window lives while a pipe is silent. */
#include "input.h"

#include "loop.h"
#include "repl.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { READ_BYTES = 1 << 16, CONTINUED = 1000 };

/* Reads more bytes; false at the end of the input. What was begun when Ctrl-C came is not handed out. */
static bool fill(struct input *in)
{
    char bytes[READ_BYTES];
    if (in->ended)
        return false;
    ssize_t n = 0;
    if (loop_wait(true, NULL, NULL) != LOOP_KEY)
        in->bytes.length = in->start;
    else
        while ((n = read(STDIN_FILENO, bytes, sizeof bytes)) < 0 && errno == EINTR)
            ;
    in->ended = n <= 0;
    if (n > 0)
        text_add_bytes(&in->bytes, bytes, (size_t)n);
    return n > 0 && !in->bytes.failed;
}

/* Finds the end of the physical line that begins at `from`, and in *next where the one behind it begins. A
 * last line may lack its newline. False when nothing is there. */
static bool find_end(struct input *in, size_t from, size_t *end, size_t *next)
{
    for (size_t scanned = from;;) {
        const char *rest = text_get(&in->bytes) + scanned;
        const char *newline = memchr(rest, '\n', in->bytes.length - scanned);
        scanned = in->bytes.length;
        if (!newline && fill(in))
            continue;
        *end = newline ? (size_t)(newline - in->bytes.data) : in->bytes.length;
        *next = *end + (newline != NULL);
        return *next > from;
    }
}

bool input_read(struct input *in, const char **text, size_t *length, int *number)
{
    size_t end, next, more_end, more_next;
    if (in->start > in->bytes.length / 2) {
        in->bytes.length -= in->start;
        memmove(in->bytes.data, in->bytes.data + in->start, in->bytes.length);
        in->start = 0;
    }
    *number = in->line + 1;
    if (!find_end(in, in->start, &end, &next))
        return false;
    in->line++;
    for (int i = 0; i < CONTINUED && repl_wants_more(in->bytes.data + in->start, end - in->start); i++) {
        if (!find_end(in, next, &more_end, &more_next))
            break;
        end = more_end;
        next = more_next;
        in->line++;
    }
    *text = in->bytes.data + in->start;
    *length = end - in->start;
    in->start = next;
    return true;
}

void input_release(struct input *in)
{
    text_release(&in->bytes);
}
