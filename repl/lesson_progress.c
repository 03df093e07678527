/* lesson_progress.c - progress and checkpoints on disk.
 *
 * One small text file holds everything that `progress` shows; it is read when a lesson starts and written
 * whole whenever something was done. Names, not numbers, stand in it, so that a lesson may gain a step or
 * move in the list and nothing is lost. What a newer file may hold beside it is left out, not an error. */
#include "lesson_progress.h"

#include "output.h"
#include "repl.h"
#include "typed.h"

#include "../src/io/file.h"
#include "../src/io/safetensors.h"
#include "../src/memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const state_name[] = {"new", "open", "skipped", "done"};

/* --- places --------------------------------------------------------------------------------------------- */

static bool make_folders(char *path, struct error *e)
{
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        bool ok = mkdir(path, 0777) == 0 || errno == EEXIST;
        if (!ok)
            error_set(e, "cannot make the folder %s: %s", path, strerror(errno));
        *slash = '/';
        if (!ok)
            return false;
    }
    return true;
}

static bool state_path(char *out, size_t size, const char *name, struct error *e)
{
    struct text folder = {0};
    bool ok = state_folder(&folder, e);
    int n = snprintf(out, size, "%s%s", text_get(&folder), name);
    text_release(&folder);
    return ok && (n < (int)size || error_set(e, "the path of the state folder is too long"));
}

static bool step_path(
    char *out, size_t size, const char *id, const char *step, const char *suffix, struct error *e)
{
    char name[3 * LESSON_NAME];
    snprintf(name, sizeof name, "lessons/%s.%s.%s", id, step, suffix);
    return state_path(out, size, name, e);
}

/* --- records -------------------------------------------------------------------------------------------- */

const struct lesson_record *lesson_progress_find(const struct lesson_progress *p, const char *id)
{
    for (int i = 0; i < p->count; i++)
        if (strcmp(p->record[i].id, id) == 0)
            return &p->record[i];
    return NULL;
}

struct lesson_record *lesson_progress_record(struct lesson_progress *p, const char *id)
{
    for (int i = 0; i < p->count; i++)
        if (strcmp(p->record[i].id, id) == 0)
            return &p->record[i];
    if (p->record == NULL)
        p->record = memory_take(LESSON_RECORDS, sizeof *p->record, "progress", NULL);
    if (p->record == NULL || p->count == LESSON_RECORDS)
        return NULL;
    struct lesson_record *record = &p->record[p->count++];
    *record = (struct lesson_record){0};
    snprintf(record->id, sizeof record->id, "%s", id);
    return record;
}

bool lesson_record_is_done(const struct lesson_record *record, const char *step)
{
    for (int i = 0; i < record->done_count; i++)
        if (strcmp(record->done[i], step) == 0)
            return true;
    return false;
}

void lesson_record_done(struct lesson_record *record, const char *step)
{
    if (record->done_count < LESSON_MARKS && !lesson_record_is_done(record, step))
        snprintf(record->done[record->done_count++], LESSON_NAME, "%s", step);
}

int lesson_record_option(const struct lesson_record *record, const char *step)
{
    for (int i = 0; i < record->asked_count; i++)
        if (strcmp(record->asked[i], step) == 0)
            return record->option[i];
    return -1;
}

void lesson_record_answer(struct lesson_record *record, const char *step, int option)
{
    for (int i = 0; i < record->asked_count; i++)
        if (strcmp(record->asked[i], step) == 0) {
            record->option[i] = option;
            return;
        }
    if (record->asked_count == LESSON_MARKS)
        return;
    snprintf(record->asked[record->asked_count], LESSON_NAME, "%s", step);
    record->option[record->asked_count++] = option;
}

/* --- the file ------------------------------------------------------------------------------------------- */

static void read_answers(struct lesson_record *record, char *list)
{
    char *save = NULL;
    for (char *w = strtok_r(list, ",", &save); w != NULL; w = strtok_r(NULL, ",", &save)) {
        char *colon = strchr(w, ':');
        if (colon == NULL || colon[1] < 'a' || colon[1] > 'h' || colon[2] != '\0' || colon - w >= LESSON_NAME)
            continue;
        *colon = '\0';
        lesson_record_answer(record, w, colon[1] - 'a');
    }
}

static void read_word(struct lesson_record *record, char *word)
{
    char *save = NULL;
    if (strncmp(word, "at=", 3) == 0 && strlen(word + 3) < LESSON_NAME)
        snprintf(record->at, sizeof record->at, "%.31s", word + 3);
    else if (strncmp(word, "done=", 5) == 0)
        for (char *w = strtok_r(word + 5, ",", &save); w != NULL; w = strtok_r(NULL, ",", &save)) {
            if (strlen(w) < LESSON_NAME)
                lesson_record_done(record, w);
        }
    else if (strncmp(word, "answers=", 8) == 0)
        read_answers(record, word + 8);
}

/* "xor open at=task done=line,fit answers=line:b". */
static void read_line(struct lesson_progress *p, char *line)
{
    char *save = NULL, *id = strtok_r(line, " ", &save), *state = strtok_r(NULL, " ", &save);
    if (id == NULL || id[0] == '#' || state == NULL || strlen(id) >= LESSON_NAME)
        return;
    for (int s = LESSON_OPEN; s <= LESSON_DONE; s++) {
        if (strcmp(state, state_name[s]) != 0)
            continue;
        struct lesson_record *record = lesson_progress_record(p, id);
        if (record == NULL)
            return;
        record->state = (enum lesson_state)s;
        for (char *w = strtok_r(NULL, " ", &save); w != NULL; w = strtok_r(NULL, " ", &save))
            read_word(record, w);
    }
}

bool lesson_progress_read(struct lesson_progress *p, struct error *e)
{
    char path[4096], *bytes, *save = NULL;
    size_t length;
    *p = (struct lesson_progress){0};
    if (!state_path(path, sizeof path, "lessons.progress", e))
        return false;
    if (access(path, F_OK) != 0)
        return true;
    if (!file_read(path, LESSON_LIMIT, &bytes, &length, e))
        return false;
    for (char *line = strtok_r(bytes, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save))
        read_line(p, line);
    memory_free(bytes);
    return true;
}

static void write_record(const struct lesson_record *record, struct text *out)
{
    text_addf(out, "%s %s", record->id, state_name[record->state]);
    if (record->at[0] != '\0')
        text_addf(out, " at=%s", record->at);
    for (int i = 0; i < record->done_count; i++)
        text_addf(out, "%s%s", i == 0 ? " done=" : ",", record->done[i]);
    for (int i = 0; i < record->asked_count; i++)
        text_addf(out, "%s%s:%c", i == 0 ? " answers=" : ",", record->asked[i], 'a' + record->option[i]);
    text_add(out, "\n");
}

bool lesson_progress_write(const struct lesson_progress *p, struct error *e)
{
    char path[4096];
    struct text t = {0};
    text_add(&t, "# Lessons: id, state, the step to go on with, steps done, predictions.\n");
    for (int i = 0; i < p->count; i++)
        if (p->record[i].state != LESSON_NEW)
            write_record(&p->record[i], &t);
    bool ok = !t.failed || error_set(e, "not enough memory to write the progress");
    ok = ok && state_path(path, sizeof path, "lessons.progress", e) && make_folders(path, e) &&
         file_write(path, text_get(&t), t.length, e);
    text_release(&t);
    return ok;
}

void lesson_progress_release(struct lesson_progress *p)
{
    memory_free(p->record);
    *p = (struct lesson_progress){0};
}

/* --- checkpoints ---------------------------------------------------------------------------------------- */

static const char *const suffix[] = {"safetensors", "gr", "passes", "journal"};

static void remove_files(const char *id, const char *step, const char *keep)
{
    char path[4096];
    for (size_t i = 0; i < sizeof suffix / sizeof *suffix; i++)
        if (strcmp(suffix[i], keep) != 0 && step_path(path, sizeof path, id, step, suffix[i], NULL))
            unlink(path);
}

void lesson_checkpoint_remove(const char *id, const char *step)
{
    remove_files(id, step, "");
}

bool lesson_checkpoint_exists(const char *id, const char *step)
{
    char path[4096];
    for (int i = 0; i < 2; i++)
        if (step_path(path, sizeof path, id, step, suffix[i], NULL) && access(path, F_OK) == 0)
            return true;
    return false;
}

/* Activations and gradients are in no weights file: the passes by hand run again instead. */
static bool save_passes(struct repl *r, const char *id, const char *step, struct error *e)
{
    char path[4096];
    struct text passes = {0};
    session_write_passes(r->session, &passes);
    bool ok = passes.length == 0 || (step_path(path, sizeof path, id, step, "passes", e) &&
                                        file_write(path, text_get(&passes), passes.length, e));
    text_release(&passes);
    return ok;
}

bool lesson_checkpoint_save(struct repl *r, const char *id, const char *step, struct error *e)
{
    char path[4096];
    struct text commands = {0};
    struct state *state = NULL;
    session_write(r->session, &commands);
    if (session_network(r->session)->state != NULL)
        state = session_copy_state(r->session, NULL);
    const char *kind = state != NULL ? "safetensors" : "gr";
    bool ok = step_path(path, sizeof path, id, step, kind, e) && make_folders(path, e);
    remove_files(id, step, kind);
    if (ok && state != NULL)
        ok = safetensors_save(path, state, text_get(&commands), "", e);
    else if (ok)
        ok = file_write(path, text_get(&commands), commands.length, e);
    state_free(state);
    text_release(&commands);
    return ok && save_passes(r, id, step, e);
}

bool lesson_journal_save(struct repl *r, const char *id, const char *step, size_t first, struct error *e)
{
    char path[4096];
    struct text t = {0};
    for (size_t i = first; i < r->session->journal_count; i++)
        text_addf(&t, "%s\n", r->session->journal[i].text);
    bool ok = step_path(path, sizeof path, id, step, "journal", e) && make_folders(path, e) &&
              file_write(path, text_get(&t), t.length, e);
    text_release(&t);
    return ok;
}

/* Runs lines as they were typed; what they print has been read before. */
static bool replay(struct repl *r, const char *lines, struct error *e)
{
    const struct origin origin = {.name = "checkpoint"};
    struct text silent = {0}, *before = out_capture(&silent);
    bool ok = true;
    for (const char *at = lines; *at != '\0' && ok;) {
        size_t n = strcspn(at, "\n");
        /* Where there are data they decide the input, as they did before. */
        if (r->session->data == NULL || strncmp(at, "input ", 6) != 0)
            ok = repl_line(r, at, n, &origin);
        at += n + (at[n] == '\n');
    }
    out_capture(before);
    if (!ok)
        error_set(e, "a line of it failed: %.300s", text_get(&silent));
    text_release(&silent);
    return ok;
}

static bool replay_file(struct repl *r, const char *path, bool optional, struct error *e)
{
    char *bytes;
    size_t length;
    if (optional && access(path, F_OK) != 0)
        return true;
    if (!file_read(path, LESSON_LIMIT, &bytes, &length, e))
        return false;
    bool ok = replay(r, bytes, e);
    memory_free(bytes);
    return ok;
}

/* Gives the rebuilt network the weights, moments and place of the file. */
static bool fill_weights(struct repl *r, const struct tensor_file *f, struct error *e)
{
    const struct network *n = session_network(r->session);
    const struct recipe recipe = n->recipe;
    int moments = recipe.optimizer != NULL ? recipe.optimizer->moments : 0;
    if (!n->model->built)
        return error_set(e, "its network has no shape");
    struct state *state = state_new(n->model, moments, r->session->seed, e);
    if (state == NULL || !safetensors_fill(f, state, e)) {
        state_free(state);
        return false;
    }
    session_load(r->session, n->model, &recipe, r->session->data, NULL, state);
    return true;
}

static bool load_weights(struct repl *r, const char *path, struct error *e)
{
    struct tensor_file *f = safetensors_open(path, e);
    if (f == NULL)
        return false;
    const char *commands = safetensors_metadata(f, "commands");
    bool ok = replay(r, commands != NULL ? commands : "", e) && fill_weights(r, f, e);
    safetensors_close(f);
    return ok;
}

bool lesson_checkpoint_load(struct repl *r, const char *id, const char *step, struct error *e)
{
    char weights[4096], commands[4096], passes[4096], journal[4096];
    if (!step_path(weights, sizeof weights, id, step, "safetensors", e) ||
        !step_path(commands, sizeof commands, id, step, "gr", e) ||
        !step_path(passes, sizeof passes, id, step, "passes", e) ||
        !step_path(journal, sizeof journal, id, step, "journal", e))
        return false;
    bool trained = access(weights, F_OK) == 0;
    if (!trained && access(commands, F_OK) != 0)
        return error_set(e, "there is no checkpoint of this step");
    return replay(r, "new\n", e) &&
           (trained ? load_weights(r, weights, e) : replay_file(r, commands, false, e)) &&
           replay_file(r, passes, true, e) && replay_file(r, journal, true, e);
}
