/* main.c - where the program starts. */
#include "output.h"
#include "program.h"

#include <fcntl.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Numbers stay in the C locale; only the terminal's characters follow the user's, and those are UTF-8. */
static void set_locale(void)
{
    if (!setlocale(LC_CTYPE, "") || MB_CUR_MAX < 4)
        setlocale(LC_CTYPE, "C.UTF-8");
}

/* A standard stream that came closed would become the next file or pipe that is opened. With /dev/null there
 * a read finds the end, and a write still fails. */
static void fill_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) < 0)
            return;
}

int main(int argc, char **argv)
{
    struct options options;
    fill_streams();
    set_locale();
    if (!options_read(&options, argc, argv))
        return 2;
    out_start(options.quiet);
    if (options.help)
        options_help();
    else if (options.version)
        options_version();
    else
        return program_run(&options);
    return out_flush() ? 0 : 1;
}
