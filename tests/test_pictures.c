/* test_pictures.c - every preset is drawn by every panel, in every theme, in a small and a large window. */
#include "viewing.h"

#include "../repl/presets.h"
#include "../src/text.h"
#include "../viz/compose.h"

/* Samples that a preset can read: small images, or characters. */
static struct data *data_for(const struct preset *p, const struct shape *shape, int classes)
{
    enum { N = 12 };
    struct error e;
    size_t width = shape_size(shape);
    float *x = memory_take(N * width, sizeof *x, "a test", NULL),
          *t = memory_take(N * width, sizeof *t, "a test", NULL);
    for (size_t i = 0; i < N * width; i++) {
        x[i] = p->reads == PRESET_TEXT ? (float)(i * 7 % (size_t)classes) : (float)(i * 7 % 11) / 11;
        t[i] = (float)(i % (size_t)classes);
    }
    struct data *d =
        data_from_arrays(p->name, *shape, x, N, 8, t, p->reads == PRESET_TEXT ? width : 1, classes, &e);
    memory_free(x);
    memory_free(t);
    if (!d)
        fail_msg("%s: %s", p->name, e.text);
    d->letters = p->reads == PRESET_TEXT;
    return d;
}

/* The layers of a preset as one line for make_session(); what is no layer is left out. */
static void layers_of(const char *lines, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (; *lines; lines += strcspn(lines, "\n"), lines += *lines == '\n') {
        int length = (int)strcspn(lines, "\n");
        if (length && strncmp(lines, "output ", 7) && strncmp(lines, "input ", 6))
            used += (size_t)snprintf(out + used, size - used, "%s%.*s", used ? ";" : "", length, lines);
        assert_true(used < size);
    }
}

static void draw_preset(const struct preset *p, struct draw *d)
{
    static struct view v;
    static const float sizes[][2] = {{1280, 800}, {600, 420}};
    static char layers[4000];
    struct preset_choice choice = {.latent = 2};
    struct shape shape = p->reads == PRESET_TEXT ? shape_of(1, 16) : shape_of(3, 32, 32, 1);
    struct data *data = data_for(p, &shape, 5);
    struct theme theme;
    struct text text = {0};
    struct error e;
    if (!preset_write(p, &choice, &shape, data, &text, &e))
        fail_msg("%s: %s", p->name, e.text);
    layers_of(text_get(&text), layers, sizeof layers);
    text_release(&text);
    struct session *s = make_session(WORKER_SLICED, data, layers);
    struct replica *r = replica_new(NULL);
    const struct panel *panel[16];
    int panels = 0;
    while (panels < 16 && (panel[panels] = panel_at((size_t)panels)))
        panels++;
    for (size_t t = 0; theme_at(t); t++) {
        make_view(&v, s, r, &theme, theme_at(t)->name);
        for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
            compose(&v, panel, panels, NULL, sizes[k][0], sizes[k][1], d);
            assert_false(d->failed);
            assert_true(d->items > 50);
        }
    }
    const struct picture *picture = replica_picture(r);
    assert_non_null(picture);
    for (int i = 0; i < picture->model->layers; i++)
        assert_true(picture->model->layer[i].out.rank < 2 || picture->layer[i].tiling.kind != TILES_NONE);
    replica_free(r);
    session_free(s);
}

static void every_preset_is_drawn(void **state)
{
    struct draw d;
    draw_init(&d, NULL, NULL);
    for (size_t i = 0; preset_at(i); i++)
        draw_preset(preset_at(i), &d);
    draw_release(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_preset_is_drawn)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
