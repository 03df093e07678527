/* safetensors_save.c - writing a state as a .safetensors file.
 *
 * One walk over the tensors gives the header, a second one of the same order the bytes. The header is filled
 * up with blanks to a multiple of 8 bytes, so that a program that maps the file finds its floats aligned. */
#include "../error.h"
#include "../text.h"
#include "file.h"
#include "safetensors.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Called for each tensor in turn. */
typedef bool tensor_visitor(void *arg, const char *name, const struct param *p, const float *values);

static bool visit_param(
    const struct state *s, const struct layer *l, const struct param *p, tensor_visitor *visit, void *arg)
{
    char name[128];
    snprintf(name, sizeof name, "%s/%s", l->name, p->name);
    if (!visit(arg, name, p, (p->statistic ? s->stat : s->param) + p->offset))
        return false;
    for (int k = 0; !p->statistic && k < s->moments; k++) {
        snprintf(name, sizeof name, "moment%d/%s/%s", k, l->name, p->name);
        if (!visit(arg, name, p, s->moment[k] + p->offset))
            return false;
    }
    return true;
}

static bool visit_all(const struct state *s, tensor_visitor *visit, void *arg)
{
    for (int i = 0; i < s->model->layers; i++) {
        const struct layer *l = &s->model->layer[i];
        for (int j = 0; j < l->params; j++)
            if (!visit_param(s, l, &l->param[j], visit, arg))
                return false;
    }
    return true;
}

static void add_json_text(struct text *out, const char *text)
{
    text_add(out, "\"");
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            text_addf(out, "\\%c", c);
        else if (c < ' ')
            text_addf(out, "\\u%04x", c);
        else
            text_add_bytes(out, text, 1);
    }
    text_add(out, "\"");
}

struct header {
    struct text text;
    uint64_t offset;
};

static bool add_tensor(void *arg, const char *name, const struct param *p, const float *values)
{
    struct header *h = arg;
    text_add(&h->text, ",");
    add_json_text(&h->text, name);
    text_add(&h->text, ":{\"dtype\":\"F32\",\"shape\":[");
    for (int i = 0; i < p->shape.rank; i++)
        text_addf(&h->text, "%s%d", i ? "," : "", p->shape.dim[i]);
    uint64_t end = h->offset + p->count * sizeof(float);
    text_addf(&h->text, "],\"data_offsets\":[%" PRIu64 ",%" PRIu64 "]}", h->offset, end);
    h->offset = end;
    return true;
}

/* The best score as its bits: every float comes back. */
static void add_course(struct text *out, const struct course *c)
{
    uint32_t best;
    memcpy(&best, &c->best, sizeof best);
    text_addf(out, ",\"course\":\"%" PRIu64 " %" PRIu64 " %" PRIu64, c->since, c->from, c->end);
    text_addf(out, " %" PRIu32 " %" PRIu32 " %" PRIu32 " %d %" PRIu32 "\"", c->batches, c->drops, c->waited,
        c->scored, best);
}

static void make_header(struct header *h, const struct state *s, const char *commands, const char *schema)
{
    text_add(&h->text, "{\"__metadata__\":{\"format\":\"gradus\",\"commands\":");
    add_json_text(&h->text, commands);
    if (*schema) {
        text_add(&h->text, ",\"inputs\":");
        add_json_text(&h->text, schema);
    }
    text_addf(&h->text,
        ",\"place\":\"%" PRIu64 " %" PRIu64 " %" PRIu32 " %" PRIu64 "\",\"seed\":\"%" PRIu64 "\"",
        s->place.step, s->place.epoch, s->place.batch, s->place.t, s->seed);
    add_course(&h->text, &s->place.course);
    text_add(&h->text, "}");
    visit_all(s, add_tensor, h);
    text_add(&h->text, "}");
    while (h->text.length % 8 && !h->text.failed)
        text_add(&h->text, " ");
}

struct body {
    struct file_writer *writer;
    struct error *error;
};

static bool add_values(void *arg, const char *name, const struct param *p, const float *values)
{
    struct body *b = arg;
    return file_append(b->writer, values, p->count * sizeof *values, b->error);
}

bool safetensors_save(
    const char *path, const struct state *s, const char *commands, const char *schema, struct error *e)
{
    if (!s->model->built)
        return error_set(e, "the model's input is not known yet: there is nothing to save");
    struct header h = {0};
    make_header(&h, s, commands, schema);
    uint64_t length = h.text.length;
    struct file_writer w;
    struct body body = {&w, e};
    bool ok = h.text.failed ? error_set(e, "not enough memory to save '%.200s'", path)
                            : file_begin(&w, path, e) && file_append(&w, &length, sizeof length, e) &&
                                  file_append(&w, h.text.data, length, e) &&
                                  visit_all(s, add_values, &body) && file_commit(&w, e);
    text_release(&h.text);
    return ok;
}
