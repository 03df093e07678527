/* rank.c - see rank.h. Of a row of values it guesses a square image, grey or in colour. */
#include "rank.h"
#include "error.h"
#include "shape.h"

static int whole_root(int n)
{
    int root = 0;
    while ((long long)(root + 1) * (root + 1) <= n)
        root++;
    return root * root == n ? root : 0;
}

bool wants_image(const struct shape *in, struct error *e)
{
    char text[SHAPE_TEXT];
    int n = in->dim[0], side = whole_root(n), color = n % 3 ? 0 : whole_root(n / 3);
    if (in->rank == 2)
        return error_set(e, "reads height x width x channels, but gets %s: put `reshape %dx%dx1` before it",
            shape_text(in, text), n, in->dim[1]);
    if (in->rank == 1 && side + color > 1)
        return error_set(e,
            "reads height x width x channels, but gets %d values: put `reshape %dx%dx%d` before it", n,
            side ? side : color, side ? side : color, side ? 1 : 3);
    return error_set(e, "reads height x width x channels, but gets %s%s: put a `reshape` before it",
        shape_text(in, text), in->rank == 1 ? " values" : "");
}

bool wants_sequence(const struct shape *in, struct error *e)
{
    char text[SHAPE_TEXT];
    if (in->rank == 1)
        return error_set(e, "reads steps x channels, but gets %d values: put `reshape %dx1` before it",
            in->dim[0], in->dim[0]);
    if (in->rank == 3)
        return error_set(e, "reads steps x channels, but gets %s: put `reshape %dx%d` before it",
            shape_text(in, text), in->dim[0], in->dim[1] * in->dim[2]);
    return error_set(
        e, "reads steps x channels, but gets %s: put a `reshape` before it", shape_text(in, text));
}
