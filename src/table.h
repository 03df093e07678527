/* table.h - the three ways into a table of rows: by number, by name, and the names alone (an args.h choice).
 *
 * TABLE(loss, losses, &losses[i]) after the array `losses` defines loss_at(), loss_name() and loss_find(),
 * which the table's header declares. The last argument is row i: `types[i]` in an array of pointers. */
#ifndef GRADUS_TABLE_H
#define GRADUS_TABLE_H

#include <stddef.h>
#include <string.h>

#define TABLE(type, rows, row_i)                                   \
    const struct type *type##_at(size_t i)                         \
    {                                                              \
        return i < sizeof(rows) / sizeof *(rows) ? (row_i) : NULL; \
    }                                                              \
    const char *type##_name(size_t i)                              \
    {                                                              \
        const struct type *row = type##_at(i);                     \
        return row ? row->name : NULL;                             \
    }                                                              \
    const struct type *type##_find(const char *name)               \
    {                                                              \
        for (size_t i = 0; i < sizeof(rows) / sizeof *(rows); i++) \
            if (!strcmp((row_i)->name, name))                      \
                return row_i;                                      \
        return NULL;                                               \
    }

#endif
