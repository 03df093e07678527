/* number.c - decimal numbers from text and back, and words made fit for a message (see args.h).
 *
 * The C library's own conversions obey the locale, so that 0.5 may not be a number in half of Europe. Here
 * the grammar is checked by hand, and the digits are converted under the locale "C", for this thread alone.
 */
#include "args.h"
#include "text.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static const char *skip_digits(const char *s)
{
    while (is_digit(*s))
        s++;
    return s;
}

/* [+-] digits [. digits] [e [+-] digits], with a digit on either side of the point. */
static bool is_decimal(const char *s)
{
    s += *s == '+' || *s == '-';
    const char *whole = s;
    s = skip_digits(s);
    size_t digits = (size_t)(s - whole);
    if (*s == '.') {
        const char *part = s + 1;
        s = skip_digits(part);
        digits += (size_t)(s - part);
    }
    if (!digits)
        return false;
    if (*s == 'e' || *s == 'E') {
        s++;
        s += *s == '+' || *s == '-';
        if (!is_digit(*s))
            return false;
        s = skip_digits(s);
    }
    return !*s;
}

bool number_parse(const char *text, double *out)
{
    if (!is_decimal(text))
        return false;
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (!plain)
        return false;
    locale_t before = uselocale(plain);
    double number = strtod(text, NULL);
    uselocale(before);
    freelocale(plain);
    if (!isfinite(number))
        return false;
    *out = number;
    return true;
}

void number_write(double number, struct text *out)
{
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (!plain) {
        out->failed = true;
        return;
    }
    locale_t before = uselocale(plain);
    char digits[40];
    if (number == rint(number) && fabs(number) < 1e15)
        snprintf(digits, sizeof digits, "%.0f", number + 0.0);
    else
        for (int precision = 6; precision <= 17; precision++) {
            snprintf(digits, sizeof digits, "%.*g", precision, number);
            if (strtod(digits, NULL) == number)
                break;
        }
    uselocale(before);
    freelocale(plain);
    text_add(out, digits);
}

const char *word_brief(const char *word, char out[WORD_BRIEF])
{
    enum { KEEP = 40 };
    size_t length = strnlen(word, KEEP + 1);
    bool cut = length > KEEP;
    if (cut)
        for (length = KEEP; length && ((unsigned char)word[length] & 0xc0) == 0x80;)
            length--;
    for (size_t i = 0; i < length; i++)
        out[i] = (unsigned char)word[i] < ' ' || word[i] == 127 ? '?' : word[i];
    strcpy(out + length, cut ? "…" : "");
    return out;
}
