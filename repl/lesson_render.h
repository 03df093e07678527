/* lesson_render.h - prose for a terminal.
 *
 * Headings, paragraphs, lists, quotes, emphasis, code and links of CommonMark, wrapped to `width` columns and
 * styled as output.h does; without colour, code keeps its backquotes. Whatever the text holds, nothing but
 * text and our own styles reaches the terminal. */
#ifndef GRADUS_REPL_LESSON_RENDER_H
#define GRADUS_REPL_LESSON_RENDER_H

struct text;

/* Appends the rendered text; blocks are set apart by one blank line, the last line ends with a newline. */
void lesson_render(const char *markdown, int width, struct text *out);

/* The same behind a label that takes so many columns of the first line. */
void lesson_render_behind(const char *markdown, int width, int taken, struct text *out);

#endif
