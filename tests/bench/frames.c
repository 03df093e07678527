/* frames.c - a library to preload: notes when each picture was shown.
 *
 * SDL_UpdateWindowSurface is taken, timed and passed on. Each call writes one line, "START END" in seconds of
 * the monotonic clock, to the file that GRADUS_BENCH_FRAMES names. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct SDL_Window;
int SDL_UpdateWindowSurface(struct SDL_Window *window);

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

int SDL_UpdateWindowSurface(struct SDL_Window *window)
{
    static int (*update)(struct SDL_Window *);
    static FILE *log;
    double start = now();

    if (!update) {
        const char *path = getenv("GRADUS_BENCH_FRAMES");
        *(void **)&update = dlsym(RTLD_NEXT, "SDL_UpdateWindowSurface");
        log = path ? fopen(path, "w") : NULL;
    }
    int result = update(window);
    if (log) {
        fprintf(log, "%.6f %.6f\n", start, now());
        fflush(log);
    }
    return result;
}
