/* replay.c - the main of a fuzz target in a normal build: runs the target on every file of the folders given.
 *
 * Each input stands in a block of exactly its size, so that the address sanitizer sees a read behind it. A
 * folder without inputs is a failure: a replay of nothing proves nothing. */
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static bool replay(const char *path, size_t length)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = malloc(length ? length : 1);
    bool ok = file && bytes && fread(bytes, 1, length, file) == length;

    if (ok)
        LLVMFuzzerTestOneInput(bytes, length);
    else
        fprintf(stderr, "%s: cannot be read\n", path);
    free(bytes);
    if (file)
        fclose(file);
    return ok;
}

static int replay_folder(const char *folder)
{
    struct dirent **entry;
    int entries = scandir(folder, &entry, NULL, alphasort), count = 0;

    for (int i = 0; i < entries; i++) {
        char path[4096];
        struct stat s;
        snprintf(path, sizeof path, "%s/%s", folder, entry[i]->d_name);
        if (stat(path, &s) == 0 && S_ISREG(s.st_mode) && replay(path, (size_t)s.st_size))
            count++;
        free(entry[i]);
    }
    if (entries >= 0)
        free(entry);
    return count;
}

int main(int argc, char **argv)
{
    bool ok = argc > 1;

    for (int i = 1; i < argc; i++) {
        int count = replay_folder(argv[i]);
        printf("%s: %d inputs\n", argv[i], count);
        ok = ok && count > 0;
    }
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
