#include "config/restart.h"
#include "base/mem.h"
#include "config/keys.h"
#include <stdlib.h>
#include <string.h>

/* How many bytes a value of the row takes where its offset leads; a text is a pointer there. */
static size_t value_size(const struct key *key)
{
    switch (key->type) {
    case KEY_CHOICE:
        return key->as_bool ? sizeof(bool) : sizeof(unsigned);
    case KEY_SIZE:
        return sizeof(size_t);
    case KEY_COUNT:
    case KEY_DURATION:
        return sizeof(unsigned);
    default:
        abort(); /* no row of another type counts at the start only */
    }
}

/* Whether it differed. */
static bool keep_text(struct settings *next, const struct settings *running, size_t offset)
{
    char *wanted;
    const char *is;

    memcpy(&wanted, (const char *)next + offset, sizeof wanted);
    memcpy(&is, (const char *)running + offset, sizeof is);
    if (strcmp(wanted, is) == 0)
        return false;
    free(wanted);
    wanted = xstrdup(is);
    memcpy((char *)next + offset, &wanted, sizeof wanted);
    return true;
}

static bool keep_value(struct settings *next, const struct settings *running, const struct key *key)
{
    char *wanted = (char *)next + key->offset;
    const char *is = (const char *)running + key->offset;
    size_t n = value_size(key);
    bool differs = memcmp(wanted, is, n) != 0;

    memcpy(wanted, is, n);
    return differs;
}

void settings_keep_running(struct settings *next, const struct settings *running, struct buf *names)
{
    size_t n;
    const struct key *keys = keys_table(&n);
    const char *separator = "";

    for (size_t i = 0; i < n; i++) {
        const struct key *key = &keys[i];

        if (!key->at_start || !(key->type == KEY_TEXT ? keep_text(next, running, key->offset)
                                                      : keep_value(next, running, key)))
            continue;
        buf_printf(names, "%s%s", separator, key->path);
        separator = ", ";
    }
}
