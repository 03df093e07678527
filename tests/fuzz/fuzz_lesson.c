/* fuzz_lesson.c - any bytes as a lesson: parsed, and what is a lesson is rendered too. */
#include "../../repl/lesson_file.h"
#include "../../repl/lesson_render.h"
#include "../../src/text.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct lesson_file *f = lesson_file_parse("fuzz.md", (const char *)bytes, length, NULL);
    for (int i = 0; f != NULL && i < f->blocks; i++) {
        struct text markdown = {0}, rendered = {0};
        lesson_block_text(f, &f->block[i], &markdown);
        lesson_render(text_get(&markdown), 40, &rendered);
        text_release(&markdown);
        text_release(&rendered);
    }
    lesson_file_free(f);
    return 0;
}
