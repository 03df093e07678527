/* window.c - SDL's window, events and surface.
 *
 * Pictures are drawn by the processor straight into the window's surface, so SDL's own drawing is told not to
 * go through a graphics library: that would cost five times the memory and the time. Signals stay with the
 * prompt, and so does the keyboard when the window appears. */
#include "window.h"

#include "../src/error.h"
#include "../src/io/file.h"

#include <SDL.h>
#include <SDL_image.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#ifdef GRADUS_X11
#include <SDL_syswm.h>
#include <X11/Xlib.h>
#endif

struct window {
    SDL_Window *sdl;
    SDL_Surface *surface; /* of the window; NULL after it changed */
    SDL_Surface *own;     /* drawn into where the window's pixels have another format */
    bool kept;            /* the surface holds what was shown */
    float ratio;          /* pixels of the surface per unit of the mouse */
};

/* Without a display SDL may take over a text console: so it is not even asked. */
static bool display_there(struct error *e)
{
#if defined __linux__ || defined __unix__
    const char *names[] = {"DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"};
    for (int i = 0; i < 3; i++) {
        const char *value = getenv(names[i]);
        if (value && *value)
            return true;
    }
    return error_set(
        e, "there is no display (DISPLAY is not set), so there is no window; `screenshot FILE.png` works");
#else
    return true;
#endif
}

/* --- a display that vanishes -------------------------------------------------------------------------------
 *
 * Xlib ends the program then, unless it is told not to, connection by connection. SDL has a second one that
 * cannot be told, so nothing more is asked of SDL: its window is left as it is, and there is none again.
 * Xlib's handlers know no window, so what they saw stands here. */

static bool display_lost;

#ifdef GRADUS_X11
static void display_stay(Display *display, void *arg)
{
}

static int display_error(Display *display)
{
    display_lost = true;
    return 0;
}
#endif

static void display_watch(SDL_Window *window)
{
#ifdef GRADUS_X11
    SDL_SysWMinfo info;
    SDL_VERSION(&info.version);
    if (!SDL_GetWindowWMInfo(window, &info) || info.subsystem != SDL_SYSWM_X11)
        return;
    XSetIOErrorHandler(display_error);
    XSetIOErrorExitHandler(info.info.x11.display, display_stay, NULL);
#endif
}

static bool video_start(struct error *e)
{
    SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1");
    SDL_SetHint(SDL_HINT_WINDOW_NO_ACTIVATION_WHEN_SHOWN, "1");
    SDL_SetHint(SDL_HINT_FRAMEBUFFER_ACCELERATION, "0");
    SDL_SetHint(SDL_HINT_VIDEO_ALLOW_SCREENSAVER, "1");
    SDL_SetHint(SDL_HINT_MOUSE_FOCUS_CLICKTHROUGH, "1");
    if (!display_there(e))
        return false;
    if (SDL_InitSubSystem(SDL_INIT_VIDEO) != 0)
        return error_set(e, "there is no window: %s; `screenshot FILE.png` works", SDL_GetError());
    return true;
}

/* A first size that leaves something of the screen free. */
static void size_fit(int *width, int *height)
{
    SDL_Rect room;
    if (SDL_GetDisplayUsableBounds(0, &room) != 0 || room.w < 100 || room.h < 100)
        return;
    *width = *width < room.w * 9 / 10 ? *width : room.w * 9 / 10;
    *height = *height < room.h * 9 / 10 ? *height : room.h * 9 / 10;
}

struct window *window_open(const char *title, int width, int height, struct error *e)
{
    struct window *w = calloc(1, sizeof *w);
    if (!w) {
        error_set(e, "no memory for a window");
        return NULL;
    }
    if (display_lost) {
        error_set(e, "the display went away, and with it the window: `save` what matters and start again");
        free(w);
        return NULL;
    }
    if (!video_start(e)) {
        free(w);
        return NULL;
    }
    size_fit(&width, &height);
    Uint32 flags = SDL_WINDOW_RESIZABLE | SDL_WINDOW_ALLOW_HIGHDPI;
    w->sdl = SDL_CreateWindow(title, SDL_WINDOWPOS_CENTERED, SDL_WINDOWPOS_CENTERED, width, height, flags);
    if (!w->sdl) {
        error_set(e, "there is no window: %s", SDL_GetError());
        window_close(w);
        return NULL;
    }
    display_watch(w->sdl);
    SDL_SetWindowMinimumSize(w->sdl, 480, 320);
    w->ratio = 1;
    SDL_StopTextInput(); /* keys are commands; an input method would swallow them */
    return w;
}

void window_close(struct window *w)
{
    if (!w)
        return;
    SDL_FreeSurface(w->own);
    if (display_lost) {
        free(w);
        return;
    }
    if (w->sdl)
        SDL_DestroyWindow(w->sdl);
    SDL_QuitSubSystem(SDL_INIT_VIDEO);
    free(w);
}

/* --- events ------------------------------------------------------------------------------------------------
 */

static int key_of(const SDL_KeyboardEvent *k)
{
    static const struct {
        SDL_Keycode sdl;
        int key;
    } named[] = {
        {SDLK_LEFT, WINDOW_LEFT},
        {SDLK_RIGHT, WINDOW_RIGHT},
        {SDLK_UP, WINDOW_UP},
        {SDLK_DOWN, WINDOW_DOWN},
        {SDLK_RETURN, WINDOW_ENTER},
        {SDLK_KP_ENTER, WINDOW_ENTER},
        {SDLK_ESCAPE, WINDOW_ESCAPE},
        {SDLK_KP_PLUS, '+'},
        {SDLK_KP_MINUS, '-'},
        {SDLK_F1, 'h'},
    };
    SDL_Keycode sym = k->keysym.sym;
    if (k->keysym.mod & (KMOD_CTRL | KMOD_ALT | KMOD_GUI))
        return 0;
    if (sym == SDLK_TAB)
        return k->keysym.mod & KMOD_SHIFT ? WINDOW_BACKTAB : WINDOW_TAB;
    if ((k->keysym.mod & KMOD_SHIFT) && sym == SDLK_EQUALS)
        return '+';
    if ((k->keysym.mod & KMOD_SHIFT) && sym == SDLK_SLASH)
        return '?';
    for (size_t i = 0; i < sizeof named / sizeof *named; i++)
        if (named[i].sdl == sym)
            return named[i].key;
    return sym > 0 && sym < 127 ? sym : 0;
}

/* Holding a key down repeats these alone: a held Space must not pause and resume in turn. */
static bool key_repeats(int key)
{
    return key == 's' || key == '+' || key == '-' || key == '=' || (key >= WINDOW_LEFT && key <= WINDOW_DOWN);
}

static struct point mouse_of(const struct window *w, int x, int y)
{
    return (struct point){(float)x * w->ratio, (float)y * w->ratio};
}

static bool window_event_input(struct window *w, const SDL_WindowEvent *e, struct input *out)
{
    switch (e->event) {
    case SDL_WINDOWEVENT_SIZE_CHANGED:
    case SDL_WINDOWEVENT_EXPOSED:
    case SDL_WINDOWEVENT_SHOWN:
    case SDL_WINDOWEVENT_RESTORED:
        w->surface = NULL;
        w->kept = false;
        out->kind = INPUT_EXPOSE;
        return true;
    case SDL_WINDOWEVENT_LEAVE:
        out->kind = INPUT_LEAVE;
        return true;
    case SDL_WINDOWEVENT_CLOSE:
        out->kind = INPUT_CLOSE;
        return true;
    default:
        return false;
    }
}

static bool input_of(struct window *w, const SDL_Event *e, struct input *out)
{
    switch (e->type) {
    case SDL_KEYDOWN:
        *out = (struct input){.kind = INPUT_KEY, .key = key_of(&e->key)};
        return out->key != 0 && (!e->key.repeat || key_repeats(out->key));
    case SDL_MOUSEMOTION:
        *out = (struct input){.kind = INPUT_MOVE, .at = mouse_of(w, e->motion.x, e->motion.y)};
        return true;
    case SDL_MOUSEBUTTONDOWN:
    case SDL_MOUSEBUTTONUP:
        *out = (struct input){.kind = e->type == SDL_MOUSEBUTTONDOWN ? INPUT_PRESS : INPUT_RELEASE};
        out->at = mouse_of(w, e->button.x, e->button.y);
        return e->button.button == SDL_BUTTON_LEFT;
    case SDL_MOUSEWHEEL:
        *out = (struct input){.kind = INPUT_SCROLL, .turns = e->wheel.preciseY};
        return true;
    case SDL_WINDOWEVENT:
        *out = (struct input){0};
        return window_event_input(w, &e->window, out);
    case SDL_QUIT:
        *out = (struct input){.kind = INPUT_CLOSE};
        return true;
    default:
        return false;
    }
}

bool window_input(struct window *w, struct input *out)
{
    SDL_Event e;
    while (!display_lost && SDL_PollEvent(&e))
        if (!display_lost && input_of(w, &e, out))
            return true;
    *out = (struct input){.kind = INPUT_CLOSE};
    return display_lost;
}

/* --- pixels ------------------------------------------------------------------------------------------------
 */

void window_size(const struct window *w, int *width, int *height)
{
    SDL_GetWindowSizeInPixels(w->sdl, width, height);
}

float window_density(const struct window *w)
{
    int points = 0, pixels = 0, rest;
    SDL_GetWindowSize(w->sdl, &points, &rest);
    SDL_GetWindowSizeInPixels(w->sdl, &pixels, &rest);
    if (points > 0 && pixels > points)
        return (float)pixels / (float)points;
    /* X11 tells pixels alone; believe its dots per inch only on a screen with many of them. */
    float dots = 96;
    SDL_Rect room = {0};
    int screen = SDL_GetWindowDisplayIndex(w->sdl);
    if (SDL_GetDisplayBounds(screen, &room) != 0 || room.h < 1400 ||
        SDL_GetDisplayDPI(screen, NULL, &dots, NULL) != 0)
        return 1;
    return fminf(fmaxf(roundf(dots / 96 * 4) / 4, 1), 3);
}

bool window_hidden(const struct window *w)
{
    return SDL_GetWindowFlags(w->sdl) & (SDL_WINDOW_MINIMIZED | SDL_WINDOW_HIDDEN);
}

static bool plain_format(const SDL_Surface *s)
{
    return s->format->format == SDL_PIXELFORMAT_XRGB8888 || s->format->format == SDL_PIXELFORMAT_ARGB8888;
}

bool window_canvas(struct window *w, struct canvas *out, bool *kept)
{
    if (!w->surface)
        w->surface = SDL_GetWindowSurface(w->sdl);
    SDL_Surface *s = w->surface;
    if (!s || s->w < 1 || s->h < 1)
        return false;
    int points, rest;
    SDL_GetWindowSize(w->sdl, &points, &rest);
    w->ratio = points > 0 ? (float)s->w / (float)points : 1;
    if (!plain_format(s)) {
        if (!w->own || w->own->w != s->w || w->own->h != s->h) {
            SDL_FreeSurface(w->own);
            w->own = SDL_CreateRGBSurfaceWithFormat(0, s->w, s->h, 32, SDL_PIXELFORMAT_XRGB8888);
        }
        s = w->own;
    }
    if (!s)
        return false;
    *out = (struct canvas){s->pixels, s->w, s->h, s->pitch / 4};
    *kept = w->kept;
    return true;
}

/* At most 32 rectangles are shown one by one, more as a whole. */
void window_show(struct window *w, const struct rect *drawn, int n)
{
    enum { MOST = 32 };
    SDL_Rect rect[MOST];
    if (!w->surface || n < 1)
        return;
    for (int i = 0; i < n && n <= MOST; i++)
        rect[i] = (SDL_Rect){(int)drawn[i].x, (int)drawn[i].y, (int)drawn[i].w, (int)drawn[i].h};
    if (n > MOST) {
        rect[0] = (SDL_Rect){0, 0, w->surface->w, w->surface->h};
        n = 1;
    }
    for (int i = 0; i < n && !plain_format(w->surface); i++)
        SDL_BlitSurface(w->own, &rect[i], w->surface, &(SDL_Rect){rect[i].x, rect[i].y, 0, 0});
    w->kept = SDL_UpdateWindowSurfaceRects(w->sdl, rect, n) == 0;
    if (!w->kept)
        w->surface = NULL;
}

/* --- a picture as a file -----------------------------------------------------------------------------------
 *
 * SDL's writer does not tell of a full disk, so it writes into memory, and the bytes go to the file at once.
 */

struct bytes {
    char *at;
    size_t length, room, place; /* place: of the next byte, as the writer may seek */
    bool failed;
};

static struct bytes *bytes_of(SDL_RWops *io)
{
    return io->hidden.unknown.data1;
}

static size_t SDLCALL bytes_write(SDL_RWops *io, const void *from, size_t size, size_t count)
{
    struct bytes *b = bytes_of(io);
    size_t end = b->place + size * count;
    if (end > b->room) {
        size_t room = end + end / 2;
        char *grown = realloc(b->at, room);
        if (!grown) {
            b->failed = true;
            return 0;
        }
        b->at = grown;
        b->room = room;
    }
    memcpy(b->at + b->place, from, size * count);
    b->place = end;
    b->length = b->length > end ? b->length : end;
    return count;
}

static Sint64 SDLCALL bytes_size(SDL_RWops *io)
{
    return (Sint64)bytes_of(io)->length;
}

static Sint64 SDLCALL bytes_seek(SDL_RWops *io, Sint64 offset, int whence)
{
    struct bytes *b = bytes_of(io);
    Sint64 from = whence == RW_SEEK_SET ? 0 : (Sint64)(whence == RW_SEEK_CUR ? b->place : b->length);
    if (from + offset < 0 || from + offset > (Sint64)b->length)
        return SDL_SetError("a place outside of what was written");
    b->place = (size_t)(from + offset);
    return (Sint64)b->place;
}

static int SDLCALL bytes_close(SDL_RWops *io)
{
    SDL_FreeRW(io);
    return 0;
}

/* Whether all of the surface went to b as a PNG. */
static bool bytes_encode(struct bytes *b, SDL_Surface *s)
{
    SDL_RWops *io = SDL_AllocRW();
    if (!io)
        return false;
    io->size = bytes_size;
    io->seek = bytes_seek;
    io->read = NULL;
    io->write = bytes_write;
    io->close = bytes_close;
    io->type = SDL_RWOPS_UNKNOWN;
    io->hidden.unknown.data1 = b;
    return IMG_SavePNG_RW(s, io, 1) == 0 && !b->failed;
}

bool canvas_save(struct canvas c, const char *path, struct error *e)
{
    struct bytes b = {0};
    SDL_Surface *s = SDL_CreateRGBSurfaceWithFormatFrom(
        c.pixel, c.width, c.height, 32, c.pitch * 4, SDL_PIXELFORMAT_XRGB8888);
    bool encoded = s && bytes_encode(&b, s);
    SDL_FreeSurface(s);
    bool ok = encoded ? file_write(path, b.at, b.length, e)
                      : error_set(e, "no memory for a picture of %d x %d", c.width, c.height);
    free(b.at);
    return ok;
}
