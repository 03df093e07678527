/* test_panels.c - every panel of the table drawn from sessions made by hand, in every theme and size: inside
 * its room, with something to see, and with zones whose commands say what is under the mouse. */
#include "viewing.h"

#include "../viz/panels/network.h"

enum { SCENES = 14, FIRST_SPOILT = 10 };

/* What a diverged training could leave. */
static void spoil(struct session *s)
{
    struct error e;
    static const size_t element[] = {0, 1};
    static const float value[] = {NAN, INFINITY};
    assert_true(session_set_params(s, 1, 0, element, value, 2, &e));
}

static struct session *rows_session(struct shape shape, size_t targets, int classes, const char *layers)
{
    enum { N = 60, MOST = 784 };
    struct error e;
    size_t in = shape_size(&shape);
    float x[N * MOST], t[N * 2];
    struct rng rng = rng_from(5);
    for (size_t i = 0; i < N * in; i++)
        x[i] = (float)rng_between(&rng, -1, 1);
    for (size_t i = 0; i < N * targets; i++)
        t[i] = classes ? (float)rng_below(&rng, (uint32_t)classes) : (float)rng_normal(&rng);
    struct data *d = data_from_arrays("rows", shape, x, N, 45, t, targets, classes, &e);
    if (!d)
        fail_msg("%s", e.text);
    return make_session(WORKER_SLICED, d, layers);
}

static struct session *make_scene(int i)
{
    struct error e;
    struct session *s = NULL;
    switch (i) {
    case 0:
        return make_session(WORKER_SLICED, NULL, "");
    case 1:
        return make_session(WORKER_SLICED, make_source("spiral"), "");
    case 2:
        return make_session(WORKER_SLICED, NULL, "dense 8 relu;dense 2 softmax");
    case 3:
        s = make_session(WORKER_SLICED, NULL, "dense 8 relu;dense 2 softmax");
        assert_true(session_input(s, shape_of(1, 3), NULL, &e));
        return s;
    case 4:
    case 10:
        s = make_session(WORKER_SLICED, make_source("xor"), "dense 4 tanh;dense 1 tanh");
        break;
    case 5:
        s = make_session(WORKER_SLICED, make_source("blobs"), "dense 8 relu;dropout 0.3;dense 3 softmax");
        break;
    case 6:
    case 11:
        s = make_session(WORKER_SLICED, make_source("sine"), "dense 12 tanh;dense 1");
        break;
    case 7:
    case 12:
        s = rows_session(shape_of(1, 4), 1, 3, "dense 16 relu;dense 3 softmax");
        break;
    case 8:
    case 13:
        s = rows_session(shape_of(1, 5), 1, 0, "dense 16 relu;dense 1");
        break;
    default:
        s = rows_session(shape_of(3, 28, 28, 1), 1, 10, "flatten;dense 128 relu;dense 10 softmax");
        break;
    }
    make_fit(s, "adam", 0.01, 2);
    if (i >= FIRST_SPOILT)
        spoil(s);
    return s;
}

static void assert_inside(const struct draw *d, struct rect r, const char *panel, int scene)
{
    assert_false(d->failed);
    for (size_t i = 0; i < d->items; i++) {
        struct rect seen = rect_intersect(d->item[i].box, d->item[i].clip);
        if (seen.w > 0 && seen.h > 0 && !rect_inside(seen, r, 1.5f))
            fail_msg("%s, scene %d: item %zu of kind %d at %g %g %g %g leaves its room %g %g %g %g", panel,
                scene, i, d->item[i].kind, (double)seen.x, (double)seen.y, (double)seen.w, (double)seen.h,
                (double)r.x, (double)r.y, (double)r.w, (double)r.h);
    }
}

static void every_panel_draws_inside_its_room(void **state)
{
    static const struct rect big = {0, 0, 4000, 4000};
    static const float grow[][2] = {{1, 1}, {1.7f, 2.2f}, {4, 3}};
    static struct view v;
    struct theme theme;
    struct draw d;
    draw_init(&d, NULL, NULL);
    for (int scene = 0; scene < SCENES; scene++) {
        struct session *s = make_scene(scene);
        struct replica *r = replica_new(NULL);
        for (size_t t = 0; theme_at(t); t++) {
            make_view(&v, s, r, &theme, theme_at(t)->name);
            for (size_t p = 0; panel_at(p); p++)
                for (size_t g = 0; g < sizeof grow / sizeof *grow; g++) {
                    const struct panel *panel = panel_at(p);
                    float h = panel->height > 0 ? panel->height : panel->min_h;
                    struct rect room = {60, 70, panel->min_w * grow[g][0], h * grow[g][1]};
                    draw_begin(&d, big);
                    panel->draw(&v, room, &d);
                    assert_true(d.items > 0);
                    assert_inside(&d, room, panel->name, scene);
                }
        }
        replica_free(r);
        session_free(s);
    }
    draw_release(&d);
}

static bool has_text(const struct draw *d, const char *text)
{
    for (size_t i = 0; i < d->items; i++)
        if (d->item[i].kind == DRAW_TEXT && strstr(d->text + d->item[i].first, text))
            return true;
    return false;
}

/* All panels in all themes and sizes, with the mouse nowhere and over the middle, and each layer looked at.
 */
static void draw_all(struct session *s, struct draw *d, const char *what)
{
    static const struct rect big = {0, 0, 4000, 4000}, room = {60, 70, 900, 520}, small = {60, 70, 330, 230};
    static struct view v;
    struct theme theme;
    struct replica *r = replica_new(NULL);
    int layers = session_network(s)->model->layers;
    for (size_t t = 0; theme_at(t); t++) {
        make_view(&v, s, r, &theme, theme_at(t)->name);
        for (size_t p = 0; panel_at(p); p++)
            for (int look = -1; look < 2 * layers; look++) {
                const struct rect *in = look % 2 ? &small : &room;
                v.pin = (struct subject){look < 0 ? SUBJECT_NONE : SUBJECT_UNIT, look / 2, 0, 0};
                v.mouse_inside = look >= 0;
                v.mouse =
                    (struct point){in->x + in->w * (float)look / (float)(2 * layers), in->y + in->h / 2};
                draw_begin(d, big);
                panel_at(p)->draw(&v, *in, d);
                assert_true(d->items > 0);
                assert_false(d->failed);
                for (size_t i = 0; i < d->items; i++) {
                    struct rect seen = rect_intersect(d->item[i].box, d->item[i].clip);
                    if (seen.w > 0 && seen.h > 0 &&
                        !rect_inside(seen, *in, 5)) /* a mark at the edge of a plot */
                        fail_msg("%s: %s, looking at %d: item of kind %d at %g %g %g %g", what,
                            panel_at(p)->name, look, d->item[i].kind, (double)seen.x, (double)seen.y,
                            (double)seen.w, (double)seen.h);
                }
            }
    }
    replica_free(r);
}

/* Samples of small whole numbers, which every layer can read, and as many targets as the model has outputs.
 */
static struct session *layer_session(const struct layer_type *type)
{
    enum { N = 24, MOST = 512 };
    static float x[N * MOST], t[N * MOST];
    struct error e;
    struct shape shape = shape_of(1, 6);
    char lines[300] = "";
    const char *before = type->before ? type->before : "";
    if (!strncmp(before, "input ", 6)) {
        char text[40];
        snprintf(text, sizeof text, "%.*s", (int)strcspn(before + 6, " ;"), before + 6);
        assert_true(shape_parse(text, &shape));
        before += strcspn(before, ";");
        before += *before == ';';
    }
    snprintf(lines, sizeof lines, "%s%s%s", before, *before ? ";" : "", type->example);
    const struct model *m = make_model(shape, lines);
    size_t in = shape_size(&shape), out = shape_size(&model_head(m)->out);
    assert_in_range(in, 1, MOST);
    assert_in_range(out, 1, MOST);
    for (size_t i = 0; i < N * in; i++)
        x[i] = (float)((i * 7 + i / in) % 3);
    for (size_t i = 0; i < N * out; i++)
        t[i] = (float)(i % 5) - 2;
    struct data *d = data_from_arrays("rows", shape, x, N, 16, t, out, 0, &e);
    if (!d)
        fail_msg("%s: %s", type->name, e.text);
    model_unref(m);
    return make_session(WORKER_SLICED, d, lines);
}

static void every_layer_type_is_drawn(void **state)
{
    struct draw d;
    struct error e;
    draw_init(&d, NULL, NULL);
    for (size_t i = 1; layer_type_at(i); i++) {
        const struct layer_type *type = layer_type_at(i);
        struct session *s = layer_session(type);
        draw_all(s, &d, type->name);
        if (session_forward(s, 3, -1, &e) && session_backward(s, &e)) /* step mode at its end */
            draw_all(s, &d, type->name);
        session_free(s);
    }
    draw_release(&d);
}

static struct data *image_data(struct shape shape, size_t targets, int classes)
{
    enum { N = 40, MOST = 192 };
    static float x[N * MOST], t[N * MOST];
    struct error e;
    struct rng rng = rng_from(5);
    for (size_t i = 0; i < N * MOST; i++) {
        x[i] = (float)rng_between(&rng, 0, 1);
        t[i] = (float)rng_below(&rng, (uint32_t)classes);
    }
    struct data *d = data_from_arrays("images", shape, x, N, 30, t, targets, classes, &e);
    if (!d)
        fail_msg("%s", e.text);
    return d;
}

/* What stands in the output panel for each kind of data. */
static void data_of_every_kind_have_their_output(void **state)
{
    static const struct {
        int channels;
        size_t targets;
        const char *lines, *reads; /* what must be read in the output panel */
        bool reconstructs;
    } row[] = {
        {1, 1, "conv2d 4 3x3 relu;maxpool2d 2;flatten;dense 3 softmax", "held out wrong", false},
        {3, 1, "conv2d 4 3x3 relu;globalavgpool;dense 3 softmax", "held out wrong", false},
        {1, 64, "conv2d 4 3x3 relu padding=same;conv2d 3 1x1 softmax", "input, truth, answer", false},
        {1, 1, "flatten;dense 5 relu;dense 64 name=decoded", "above the input", true},
    };
    static struct view v;
    struct rect room = {0, 0, 400, 500};
    struct theme theme;
    struct draw d;
    struct error e;
    draw_init(&d, NULL, NULL);
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct session *s = make_session(
            WORKER_SLICED, image_data(shape_of(3, 8, 8, row[i].channels), row[i].targets, 3), row[i].lines);
        if (row[i].reconstructs) {
            struct recipe recipe = make_recipe("adam", "mse", 0.01);
            recipe.output[recipe.outputs++] = (struct recipe_output){
                .layer = "decoded", .loss = loss_find("mse"), .weight = 1, .reconstruct = true};
            assert_true(session_compile(s, &recipe, &e));
        }
        draw_all(s, &d, row[i].lines);
        struct replica *r = replica_new(NULL);
        make_view(&v, s, r, &theme, "light");
        draw_begin(&d, room);
        panel_find("output")->draw(&v, room, &d);
        if (!has_text(&d, row[i].reads))
            fail_msg("%s: '%s' is not read", row[i].lines, row[i].reads);
        replica_free(r);
        session_free(s);
    }
    draw_release(&d);
}

/* Draws the network with the mouse there and returns the zone under it. */
static const struct zone *zone_at(struct view *v, struct draw *d, struct rect r, struct point mouse)
{
    v->mouse = mouse;
    v->mouse_inside = true;
    draw_begin(d, r);
    panel_find("network")->draw(v, r, d);
    return draw_zone_at(d, mouse);
}

static void zones_say_the_command(void **state)
{
    static struct view v;
    struct rect r = {20, 30, 840, 480};
    struct session *s = make_scene(4);
    struct replica *replica = replica_new(NULL);
    struct theme theme;
    struct draw d;
    draw_init(&d, NULL, NULL);
    make_view(&v, s, replica, &theme, "dark");
    struct network_layout l;
    network_place(&l, &v, session_network(s)->model, r, true);
    struct rect unit = block_unit(&l.block[1], 3);
    const struct zone *z = zone_at(&v, &d, r, (struct point){unit.x + unit.w / 2, unit.y + 3});
    assert_non_null(z);
    assert_true(subject_equal(z->subject, (struct subject){SUBJECT_UNIT, 1, 3, 0}));
    assert_string_equal(zone_command(&d, z), "show neuron dense1 3");
    z = zone_at(&v, &d, r, (struct point){unit.x, unit.y + unit.h - 4});
    assert_true(subject_equal(z->subject, (struct subject){SUBJECT_BIAS, 1, 3, 0}));
    assert_string_equal(zone_command(&d, z), "print b[1][3]");
    struct point middle = curve_at(block_out(&l.block[1], 0), block_in(&l.block[2], 0), 0.3f);
    z = zone_at(&v, &d, r, middle);
    assert_true(subject_equal(z->subject, (struct subject){SUBJECT_WEIGHT, 2, 0, 0}));
    assert_string_equal(zone_command(&d, z), "print w[2][0,0]");
    z = zone_at(&v, &d, r, (struct point){l.block[1].head.x + 5, l.block[1].head.y + 5});
    assert_string_equal(zone_command(&d, z), "show weights dense1");
    draw_release(&d);
    replica_free(replica);
    session_free(s);
}

static void looking_at_a_unit_swaps_its_map_in(void **state)
{
    static struct view v;
    struct session *s = make_scene(4);
    struct replica *replica = replica_new(NULL);
    struct theme theme;
    char title[80];
    make_view(&v, s, replica, &theme, "light");
    const struct panel *output = panel_find("output");
    assert_string_equal(output->heading(&v, title, sizeof title), "Output");
    v.pin = (struct subject){SUBJECT_UNIT, 1, 2, 0};
    assert_string_equal(output->heading(&v, title, sizeof title), "Output of dense1[2]");
    v.pin = (struct subject){SUBJECT_UNIT, 7, 2, 0}; /* of a network that is gone */
    assert_string_equal(output->heading(&v, title, sizeof title), "Output");
    struct draw d;
    draw_init(&d, NULL, NULL);
    for (int a = -3; a < 8; a++)
        for (int b = -3; b < 8; b++) {
            v.pin = (struct subject){SUBJECT_WEIGHT, a, b, 9};
            zone_at(&v, &d, (struct rect){0, 0, 800, 500}, (struct point){1, 1});
        }
    assert_true(has_text(&d, "dense1"));
    draw_release(&d);
    replica_free(replica);
    session_free(s);
}

static void what_blew_up_is_told(void **state)
{
    static const float loss[] = {1, 30, 5e6f, INFINITY};
    static struct view v;
    struct session *s = make_scene(4);
    struct replica *replica = replica_new(NULL);
    struct theme theme;
    struct draw d;
    struct rect r = {0, 0, 900, 300};
    draw_init(&d, NULL, NULL);
    make_view(&v, s, replica, &theme, "dark");
    for (int last = 3; last >= 2; last--) { /* with its end, then without */
        v.curves = (size_t)last + 1;
        for (int i = 0; i <= last; i++)
            v.curve[i] = (struct curve_point){.epoch = (uint64_t)i + 1,
                .step = (uint64_t)i,
                .loss = loss[i],
                .accuracy = NAN,
                .val_loss = NAN,
                .val_accuracy = NAN,
                .mae = NAN,
                .val_mae = NAN};
        draw_begin(&d, r);
        panel_find("curves")->draw(&v, r, &d);
        assert_true(has_text(&d, "inf") == (last == 3));
        draw_begin(&d, r);
        panel_find("toolbar")->draw(&v, r, &d);
        assert_true(has_text(&d, "diverged") == (last == 3));
    }
    draw_release(&d);
    replica_free(replica);
    session_free(s);
}

/* Step mode at a time after the probe came. */
/* Items of text that end in an ellipsis, and those that are numbers. */
static void count_texts(const struct draw *d, int *cut, int *numbers)
{
    *cut = *numbers = 0;
    for (size_t i = 0; i < d->items; i++) {
        const struct draw_item *it = &d->item[i];
        const char *text = it->kind == DRAW_TEXT ? d->text + it->first : "";
        *cut += strstr(text, "…") != NULL;
        *numbers += strchr(text, '.') != NULL && it->font.face == FACE_MONO;
    }
}

/* Long numbers, rooms of every width: names go, digits go, no number is cut and none is missing. */
static void the_legend_cuts_no_number(void **state)
{
    static struct view v;
    struct session *s = make_scene(4);
    struct replica *r = replica_new(NULL);
    struct theme theme;
    struct draw d;
    make_view(&v, s, r, &theme, "dark");
    v.smooth = true;
    for (size_t i = 0; i < 40; i++)
        v.curve[i] = (struct curve_point){.epoch = i + 1,
            .loss = 0.000123456f,
            .val_loss = 0.000987654f,
            .accuracy = 0.98765f,
            .val_accuracy = 0.87654f};
    v.curves = 40;
    draw_init(&d, NULL, NULL);
    const struct panel *p = panel_find("curves");
    for (float w = p->min_w; w < 500; w += 3) {
        struct rect room = {0, 0, w, 110}; /* the loss alone */
        int cut, numbers;
        draw_begin(&d, room);
        p->draw(&v, room, &d);
        count_texts(&d, &cut, &numbers);
        assert_int_equal(cut, 0);
        assert_true(numbers >= 2);
    }
    draw_release(&d);
    replica_free(r);
    session_free(s);
}

static void draw_wave(struct view *v, struct draw *d, double time)
{
    v->now = v->probe_since + time;
    draw_begin(d, (struct rect){0, 0, 840, 480});
    panel_find("network")->draw(v, (struct rect){0, 0, 840, 480}, d);
}

static void step_mode_plays_what_was_typed(void **state)
{
    static struct view v;
    struct error e;
    struct session *s = make_scene(4);
    struct replica *replica = replica_new(NULL);
    struct theme theme;
    struct draw d;
    draw_init(&d, NULL, NULL);
    uint64_t before = s->probe.serial;
    assert_true(session_forward(s, 3, 1, &e));
    assert_true(session_backward(s, &e));
    make_view(&v, s, replica, &theme, "dark");
    const struct panel *network = panel_find("network");
    assert_false(network->moving(&v)); /* nothing came since the start */
    v.probe_before = before;
    v.now = v.probe_since = 5;
    assert_true(network->moving(&v));
    assert_int_equal(network_wave(&v, 3).kind, WAVE_FORWARD);
    draw_wave(&v, &d, 1.2);
    assert_true(has_text(&d, "tanh("));
    char loss[40];
    snprintf(loss, sizeof loss, "loss = %.4g", s->probe.loss + s->probe.penalty);
    draw_wave(&v, &d, 1.5);
    assert_int_equal(network_wave(&v, 3).kind, WAVE_LOSS);
    assert_true(has_text(&d, loss));
    draw_wave(&v, &d, 2.6);
    assert_int_equal(network_wave(&v, 3).kind, WAVE_BACKWARD);
    assert_true(has_text(&d, "δ·a"));
    draw_wave(&v, &d, 60);
    assert_false(network->moving(&v));
    assert_int_equal(network_wave(&v, 3).kind, WAVE_BACKWARD); /* its numbers stay */
    v.now = 5;
    v.probe_skip = true;
    assert_false(network->moving(&v));
    v.probe_skip = false;
    assert_true(session_update(s, &e));
    make_view(&v, s, replica, &theme, "dark");
    v.probe_before = s->probe.serial - 1;
    v.now = v.probe_since = 5;
    assert_int_equal(network_wave(&v, 3).kind, WAVE_UPDATE); /* only what was typed */
    draw_wave(&v, &d, 0.5);
    assert_true(has_text(&d, "→"));
    make_fit(s, "sgd", 0.1, 1);
    assert_int_equal(network_wave(&v, 3).kind, WAVE_NONE); /* the weights have moved on */
    uint64_t serial = s->probe.serial;
    assert_true(session_probe(s, true, &e)); /* reading a[..] plays nothing */
    assert_int_equal(s->probe.serial, serial);
    assert_int_equal(network_wave(&v, 3).kind, WAVE_NONE);
    draw_release(&d);
    replica_free(replica);
    session_free(s);
}

static void the_wave_lights_its_place_and_fades_the_rest(void **state)
{
    struct scene n = {.wave = {.kind = WAVE_FORWARD, .moving = true, .at = 1}};
    n.layout.block[1].column = 1;
    n.layout.block[3].column = 3;
    assert_true(wave_light(&n, 1, false) == 1);
    assert_true(fabsf(wave_light(&n, 3, false) - 0.4f) < 1e-6f);
    assert_true(wave_light(&n, 1, true) == 1);
    assert_true(fabsf(wave_light(&n, 3, true) - 0.4f) < 1e-6f);
    n.wave.moving = false;
    assert_true(wave_light(&n, 3, false) == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_panel_draws_inside_its_room),
        cmocka_unit_test(every_layer_type_is_drawn),
        cmocka_unit_test(data_of_every_kind_have_their_output),
        cmocka_unit_test(zones_say_the_command),
        cmocka_unit_test(looking_at_a_unit_swaps_its_map_in),
        cmocka_unit_test(what_blew_up_is_told),
        cmocka_unit_test(the_legend_cuts_no_number),
        cmocka_unit_test(step_mode_plays_what_was_typed),
        cmocka_unit_test(the_wave_lights_its_place_and_fades_the_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
