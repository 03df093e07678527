/* presets.h - well-known networks as the commands that build them.
 *
 * A preset is a text of ordinary commands with fields in braces, which are filled in by the data: so the same
 * preset fits digits and flowers, and what it prints can be typed. */
#ifndef GRADUS_REPL_PRESETS_H
#define GRADUS_REPL_PRESETS_H

#include "../src/session.h"

enum preset_reads {
    PRESET_ANY,    /* rows of values or images */
    PRESET_IMAGES, /* height x width x channels */
    PRESET_TEXT,   /* characters */
};

struct preset {
    const char *name, *summary;
    enum preset_reads reads;
    const char *input; /* the input where nothing says one; NULL: data are wanted */
    const char *lines; /* {head}, {classes}, {size}, {latent}, {moments}, {beta}, {flatten}, {top …} */
};

/* What fills the fields. */
struct preset_choice {
    bool top;
    int latent, classes; /* classes 0: those of the data, 10 where there are none */
};

const struct preset *preset_at(size_t i);
const struct preset *preset_find(const char *name);
const char *preset_name(size_t i);

/* Appends the commands of a preset for an input and data (NULL: none yet), one a line. An error says what it
 * wants to read. */
bool preset_write(const struct preset *p, const struct preset_choice *choice, const struct shape *input,
    const struct data *d, struct text *out, struct error *e);

#endif
