/* mnist.c - `data mnist DIR`: the four files of MNIST, or of a set made like it, in a folder.
 *
 * They go by names that never changed, with a dash or a dot before "idx", packed or not. The t10k pair is
 * what the makers held out, and so do we. With one pair alone a part of it is held out. */
#include "../error.h"
#include "../io/file.h"
#include "../memory.h"
#include "idx.h"
#include "source.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH = 4096 + 64, SPLIT_PERCENT = 20 };

struct kind {
    const char *name;
    int rank;
};

static const struct kind images = {"images", 3}, labels = {"labels", 1};
static const char *const part_name[] = {"train", "t10k"};

struct folder {
    const char *path;
    const atomic_bool *cancel;
    struct idx_pair pair[2];
    char image[2][PATH], label[2][PATH]; /* the paths of the files; "" where there is none */
};

/* --- finding --- */

static void find(const char *folder, const char *part, const struct kind *kind, char out[PATH])
{
    static const char *const spelling[] = {
        "%s/%s-%s-idx%d-ubyte", "%s/%s-%s-idx%d-ubyte.gz", "%s/%s-%s.idx%d-ubyte", "%s/%s-%s.idx%d-ubyte.gz"};
    struct stat info;
    for (size_t i = 0; i < sizeof spelling / sizeof *spelling; i++) {
        int length = snprintf(out, PATH, spelling[i], folder, part, kind->name, kind->rank);
        if (length < PATH && !stat(out, &info) && S_ISREG(info.st_mode))
            return;
    }
    *out = '\0';
}

static bool refuse_folder(const struct folder *f, const char *reason, struct error *e)
{
    char brief[WORD_BRIEF];
    return error_set(e, "cannot read '%s': %s", word_brief(f->path, brief), reason);
}

static bool check_folder(const struct folder *f, struct error *e)
{
    char reason[128];
    struct stat info;
    if (stat(f->path, &info))
        return refuse_folder(f, strerror_r(errno, reason, sizeof reason), e);
    if (!S_ISDIR(info.st_mode))
        return refuse_folder(f, "it is a file; name the folder that it lies in", e);
    if (access(f->path, R_OK | X_OK))
        return refuse_folder(f, strerror_r(errno, reason, sizeof reason), e);
    return true;
}

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static bool check_found(const struct folder *f, struct error *e)
{
    char brief[WORD_BRIEF];
    word_brief(f->path, brief);
    if (!*f->image[0] && !*f->label[0] && !*f->image[1] && !*f->label[1])
        return error_set(e,
            "'%s' holds none of train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, "
            "t10k-labels-idx1-ubyte (each may end in .gz, and have a dot before idx): name the folder that "
            "they lie in",
            brief);
    for (int k = 0; k < 2; k++) {
        bool image = *f->image[k], label = *f->label[k];
        const struct kind *missing = image ? &labels : &images;
        if (image != label)
            return error_set(e,
                "'%s' holds %s, but not %s-%s-idx%d-ubyte, nor that with .gz or with a dot before idx: both "
                "are needed",
                brief, file_name(image ? f->image[k] : f->label[k]), part_name[k], missing->name,
                missing->rank);
    }
    return true;
}

/* --- reading --- */

static bool read_idx(
    const struct folder *f, const char *path, const struct kind *kind, struct idx *out, struct error *e)
{
    char *bytes;
    size_t length;
    return file_read(path, IDX_LIMIT, &bytes, &length, e) &&
           idx_parse(bytes, length, file_name(path), kind->rank, f->cancel, out, e);
}

static bool read_pairs(struct folder *f, struct error *e)
{
    for (int k = 0; k < 2; k++)
        if (*f->image[k] && !(read_idx(f, f->label[k], &labels, &f->pair[k].label, e) &&
                                read_idx(f, f->image[k], &images, &f->pair[k].image, e)))
            return false;
    return true;
}

/* The folder's own name: "mnist10k" of "/data/mnist10k/". */
static void name_data(const char *path, char out[DATA_NAME])
{
    size_t end = strlen(path), start;
    while (end && path[end - 1] == '/')
        end--;
    for (start = end; start && path[start - 1] != '/';)
        start--;
    snprintf(out, DATA_NAME, "%.*s", (int)(end - start < DATA_NAME ? end - start : DATA_NAME), path + start);
    if (!*out || !strcmp(out, ".") || !strcmp(out, ".."))
        strcpy(out, "mnist");
}

static bool note_lone_pair(const struct folder *f, bool split, struct data *d, struct error *e)
{
    char note[160];
    int lone = *f->image[0] ? 0 : 1;
    if (split || (*f->image[0] && *f->image[1]))
        return true;
    snprintf(note, sizeof note, "only %s files are there: %d of 100 images are held out", part_name[lone],
        SPLIT_PERCENT);
    return data_name(&d->note, note, e);
}

/* --- the source --- */

enum { FOLDER, N, SPLIT };

static const struct arg_row mnist_rows[] = {
    [FOLDER] = {"folder", ARG_FILE, "where train-images-idx3-ubyte and the like lie, or those with .gz",
        .flags = ARG_REQUIRED},
    [N] = {"n", ARG_INT, "how many images, drawn by the seed; 0: all", .min = 0, .max = 1e9,
        .flags = ARG_KEY_ONLY},
    [SPLIT] = {"split", ARG_REAL, "share held out; without it the t10k files are, where both pairs are there",
        .min = 0, .max = 0.9, .fallback = SPLIT_PERCENT / 100.0, .flags = ARG_KEY_ONLY},
    {0},
};

static struct data *read_folder(struct folder *f, const struct arg_value *v, uint64_t seed, struct error *e)
{
    char name[DATA_NAME];
    if (!check_folder(f, e))
        return NULL;
    for (int k = 0; k < 2; k++) {
        find(f->path, part_name[k], &images, f->image[k]);
        find(f->path, part_name[k], &labels, f->label[k]);
    }
    if (!check_found(f, e) || !read_pairs(f, e))
        return NULL;
    name_data(f->path, name);
    const struct idx_options options = {
        .n = (size_t)v[N].number, .pooled = v[SPLIT].given, .split = v[SPLIT].number, .name = name};
    struct data *d = data_from_idx(&f->pair[0], &f->pair[1], &options, seed, f->cancel, e);
    if (!d || note_lone_pair(f, v[SPLIT].given, d, e))
        return d;
    data_unref(d);
    return NULL;
}

static struct data *make_mnist(
    const struct args *args, uint64_t seed, const atomic_bool *cancel, struct error *e)
{
    struct folder f = {.path = args->value[FOLDER].text, .cancel = cancel};
    struct data *d = read_folder(&f, args->value, seed, e);
    for (int k = 0; k < 2; k++) {
        idx_release(&f.pair[k].image);
        idx_release(&f.pair[k].label);
    }
    return d;
}

const struct data_source data_mnist = {
    .name = "mnist",
    .summary = "images of MNIST, or of a set in the same files, in a folder",
    .example = "data mnist mnist10k n=2000",
    .args = mnist_rows,
    .make = make_mnist,
};
