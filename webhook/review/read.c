#include "review/read.h"
#include "base/err.h"
#include "base/json.h"
#include <stdio.h>
#include <string.h>

/* What jansson 2.14 says, by its words: base/json.h hands out no code. The tests pin both. */
static const struct {
    const char *says;
    const char *unreadable;
} limits[] = {
    {"jansson: maximum parsing depth", "it is nested deeper than 2048 levels"},
    {"jansson: NUL byte in object key", "one of its keys contains a NUL character"},
};

bool read_value(struct str raw, json_t **out, struct read_fault *fault)
{
    struct err err = {0};

    if (json_read_value(raw, out, &err))
        return true;
    fault->unreadable = NULL;
    (void)snprintf(fault->why, sizeof fault->why, "%.255s", err.why);
    for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
        if (str_starts(str_from(err.why), str_from(limits[i].says)))
            fault->unreadable = limits[i].unreadable;
    }
    return false;
}

struct str read_plain_string(struct str raw)
{
    if (raw.n < 2 || raw.p[0] != '"')
        return STR_NONE;
    for (size_t i = 1; i + 1 < raw.n; i++) {
        unsigned char c = (unsigned char)raw.p[i];

        if (c < 0x20 || c >= 0x7F || c == '\\')
            return STR_NONE;
    }
    return str_sub(raw, 1, raw.n - 1);
}
