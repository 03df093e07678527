/* csv_words.c - the different words of a column, sorted, so that a class has the same number whatever the
 * order of the rows. Numbers are sorted by value: 2 comes before 10, and 1 and 1.0 are the same. */
#include "../error.h"
#include "../memory.h"
#include "csv.h"

#include <string.h>

/* Where the word stands, or where it would; *there says which. */
static size_t place_of(const struct csv_words *w, const char *word, double number, bool *there)
{
    size_t low = 0, high = w->count;
    *there = false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = w->numeric ? (number > w->number[middle]) - (number < w->number[middle])
                               : strcmp(word, w->word[middle]);
        if (!order) {
            *there = true;
            return middle;
        }
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

long csv_words_find(const struct csv_words *w, const char *word, double number)
{
    bool there;
    size_t place = place_of(w, word, number, &there);
    return there ? (long)place : -1;
}

/* Makes room for one more, in new blocks of twice the size. */
static bool reserve(struct csv_words *w, struct error *e)
{
    if (w->count < w->capacity)
        return true;
    size_t capacity = w->capacity ? 2 * w->capacity : 16;
    const char **word = memory_take(capacity, sizeof *word, "the words of a column", e);
    double *number = word ? memory_take(capacity, sizeof *number, "the words of a column", e) : NULL;
    if (!number) {
        memory_free(word);
        return false;
    }
    if (w->count) {
        memcpy(word, w->word, w->count * sizeof *word);
        memcpy(number, w->number, w->count * sizeof *number);
    }
    memory_free(w->word);
    memory_free(w->number);
    w->word = word;
    w->number = number;
    w->capacity = capacity;
    return true;
}

bool csv_words_add(struct csv_words *w, const char *word, double number, struct error *e)
{
    bool there;
    size_t place = place_of(w, word, number, &there);
    if (there)
        return true;
    if (!reserve(w, e))
        return false;
    memmove(w->word + place + 1, w->word + place, (w->count - place) * sizeof *w->word);
    memmove(w->number + place + 1, w->number + place, (w->count - place) * sizeof *w->number);
    w->word[place] = word;
    w->number[place] = number;
    w->count++;
    return true;
}

void csv_words_release(struct csv_words *w)
{
    memory_free(w->word);
    memory_free(w->number);
    *w = (struct csv_words){0};
}
