/* test_mnist.c - a folder of IDX files becomes data, under every spelling of their names; what is missing is
 * named. */
#include "folder.h"
#include "idx_files.h"

#include "../src/data.h"
#include "../src/error.h"
#include "../src/io/file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct error error;

/* Writes the text, which it takes, packed when the name says so. */
static void put(const char *name, struct text bytes)
{
    char path[400];
    const char *end = strrchr(name, '.');
    struct text zipped = end && !strcmp(end, ".gz") ? packed(bytes.data, bytes.length) : (struct text){0};
    struct text *written = zipped.length ? &zipped : &bytes;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (!file_write(path, written->data, written->length, &error))
        fail_msg("%s", error.text);
    text_release(&zipped);
    text_release(&bytes);
}

static struct data *load(const char *path, const char *n, const char *split)
{
    const struct data_source *mnist = data_source_find("mnist");
    struct word words[3] = {{.text = path}};
    int count = 1;
    struct args args;
    if (n)
        words[count++] = (struct word){.key = "n", .text = n};
    if (split)
        words[count++] = (struct word){.key = "split", .text = split};
    if (!args_bind("data mnist", mnist->args, words, count, &args, &error))
        fail_msg("%s", error.text);
    return mnist->make(&args, 1, NULL, &error);
}

static struct data *must(struct data *d)
{
    if (!d)
        fail_msg("%s", error.text);
    return d;
}

static void check_sizes(struct data *d, size_t n, size_t train, const char *note)
{
    must(d);
    assert_int_equal(d->n, n);
    assert_int_equal(d->train, train);
    assert_int_equal(d->classes, 10);
    assert_string_equal(d->note, note);
    assert_string_equal(d->name, strrchr(folder, '/') + 1);
    for (size_t i = 0; i < n; i++)
        assert_true(d->t[i] == (float)((int)lrintf(d->x[i * PIXELS] * 255) % 10));
    data_unref(d);
}

static void every_spelling_is_found(void **state)
{
    static const char *const spelling[][2] = {
        {"t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte.gz"},
        {"t10k-images-idx3-ubyte.gz", "t10k-labels.idx1-ubyte"},
        {"t10k-images.idx3-ubyte", "t10k-labels.idx1-ubyte.gz"},
        {"t10k-images.idx3-ubyte.gz", "t10k-labels-idx1-ubyte"},
    };
    for (size_t i = 0; i < sizeof spelling / sizeof *spelling; i++) {
        assert_int_equal(folder_enter(NULL), 0);
        put(spelling[i][0], image_file(0, 50));
        put(spelling[i][1], label_file(0, 50, 10));
        check_sizes(
            load(folder, NULL, NULL), 50, 40, "only t10k files are there: 20 of 100 images are held out");
        assert_int_equal(folder_leave(NULL), 0);
    }
}

/* Both pairs, as they come: the t10k files are held out. A share given, or n, acts on all of them. */
static void every_word_of_the_command_acts(void **state)
{
    char slashed[sizeof folder + 2];
    snprintf(slashed, sizeof slashed, "%s//", folder);
    put("train-images-idx3-ubyte.gz", image_file(0, 120));
    put("train-labels-idx1-ubyte.gz", label_file(0, 120, 10));
    check_sizes(
        load(folder, NULL, NULL), 120, 96, "only train files are there: 20 of 100 images are held out");
    put("t10k-images-idx3-ubyte", image_file(120, 40));
    put("t10k-labels-idx1-ubyte", label_file(120, 40, 10));
    check_sizes(load(folder, NULL, NULL), 160, 120, "");
    check_sizes(load(slashed, "0", NULL), 160, 120, "");
    check_sizes(load(folder, "40", NULL), 40, 30, "");
    check_sizes(load(folder, NULL, "0.5"), 160, 80, "");
    check_sizes(load(folder, "50", "0.1"), 50, 45, "");
    check_sizes(load(folder, "50", "0"), 50, 50, "");
    assert_null(load(folder, "161", NULL));
    assert_string_equal(error.text, "n=161 asks for more images than the 160 that there are");
}

static void refuses(const char *path, const char *format)
{
    char sentence[600];
    snprintf(sentence, sizeof sentence, format, path);
    assert_null(load(path, NULL, NULL));
    assert_string_equal(error.text, sentence);
}

static void missing_files_are_named(void **state)
{
    char path[400];
    refuses(folder,
        "'%s' holds none of train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, "
        "t10k-labels-idx1-ubyte (each may end in .gz, and have a dot before idx): name the folder that they "
        "lie "
        "in");
    put("t10k-images-idx3-ubyte.gz", image_file(0, 5));
    refuses(folder, "'%s' holds t10k-images-idx3-ubyte.gz, but not t10k-labels-idx1-ubyte, nor that with .gz "
                    "or with a dot "
                    "before idx: both are needed");
    put("t10k-labels-idx1-ubyte", label_file(0, 5, 5));
    put("train-labels.idx1-ubyte", label_file(0, 5, 5));
    refuses(folder, "'%s' holds train-labels.idx1-ubyte, but not train-images-idx3-ubyte, nor that with .gz "
                    "or with a dot "
                    "before idx: both are needed");
    refuses("/nowhere/mnist", "cannot read '%s': No such file or directory");
    snprintf(path, sizeof path, "%s/t10k-labels-idx1-ubyte", folder);
    assert_null(load(path, NULL, NULL));
    assert_non_null(strstr(error.text, "it is a file; name the folder that it lies in"));
}

/* A folder with the name of a file, as some archives make it, is no file. */
static void folders_are_passed_over(void **state)
{
    char path[400];
    snprintf(path, sizeof path, "%s/train-images-idx3-ubyte", folder);
    assert_int_equal(mkdir(path, 0700), 0);
    put("train-images.idx3-ubyte", image_file(0, 10));
    put("train-labels.idx1-ubyte", label_file(0, 10, 10));
    check_sizes(load(folder, NULL, "0.2"), 10, 8, "");
}

static void faults_name_the_file(void **state)
{
    put("train-images-idx3-ubyte", label_file(0, 10, 10));
    put("train-labels-idx1-ubyte.gz", label_file(0, 10, 10));
    assert_null(load(folder, NULL, NULL));
    assert_string_equal(error.text,
        "train-images-idx3-ubyte: it has 1 dimension, but images have 3: do the names of the files fit?");
    put("train-images-idx3-ubyte", image_file(0, 9));
    assert_null(load(folder, NULL, NULL));
    assert_string_equal(error.text,
        "train-images-idx3-ubyte holds 9 images, but train-labels-idx1-ubyte.gz holds 10 labels: do they "
        "belong together?");
}

/* The ten thousand digits that MNIST holds out. */
static void real_digits_are_read(void **state)
{
    static const int count[] = {980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009};
    const char *data = getenv("GRADUS_TEST_DATA");
    if (!data) {
        print_message("skipped: GRADUS_TEST_DATA names no folder with real data\n");
        skip();
    }
    char path[4096];
    int seen[10] = {0};
    double sum = 0;
    snprintf(path, sizeof path, "%s/mnist10k", data);
    struct data *d = must(load(path, NULL, NULL));
    assert_int_equal(d->n, 10000);
    assert_int_equal(d->train, 8000);
    assert_true(shape_equal(&d->shape, &(struct shape){3, {28, 28, 1}}));
    assert_string_equal(d->name, "mnist10k");
    for (size_t i = 0; i < d->n; i++)
        seen[(int)d->t[i]]++;
    for (int k = 0; k < 10; k++)
        assert_int_equal(seen[k], count[k]);
    for (size_t i = 0; i < d->n * 784; i++) {
        assert_true(d->x[i] >= 0 && d->x[i] <= 1);
        sum += (double)d->x[i];
    }
    assert_true(fabs(sum / (784.0 * 10000) - 0.1325) < 0.0001);
    data_unref(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_spelling_is_found),
        cmocka_unit_test_setup_teardown(every_word_of_the_command_acts, folder_enter, folder_leave),
        cmocka_unit_test_setup_teardown(missing_files_are_named, folder_enter, folder_leave),
        cmocka_unit_test_setup_teardown(folders_are_passed_over, folder_enter, folder_leave),
        cmocka_unit_test_setup_teardown(faults_name_the_file, folder_enter, folder_leave),
        cmocka_unit_test(real_digits_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
