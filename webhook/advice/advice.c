#include "advice/advice.h"
#include "advice/internal.h"
#include "base/mem.h"
#include "base/text.h"
#include <stdlib.h>

static const char *const names[N_ADVICE] = {
    [ADVICE_UNUSED_CHART] = "unused-chart",
    [ADVICE_SHARED_RESOURCE] = "shared-resource",
    [ADVICE_DEFINITION_NOT_RENDERED] = "definition-not-rendered",
    [ADVICE_GLOB_MATCHES_NOTHING] = "glob-matches-nothing",
    [ADVICE_PATH_MISSING] = "path-missing",
};

const char *advice_name(enum advice_id id)
{
    return names[id];
}

void advice_add(struct advice_list *list, enum advice_id id, const char *file, unsigned line,
                struct buf *about, struct buf *message)
{
    list->items = xgrow(list->items, list->n, &list->capacity, sizeof *list->items);
    list->items[list->n++] = (struct advice){id, file, line, buf_take(message), buf_take(about)};
}

void advice_put_id(struct buf *out, const struct identity *id)
{
    text_field(out, id->namespace);
    buf_addc(out, '/');
    text_field(out, id->name);
}

bool advice_is_certain(const struct known_application *known)
{
    return known->manifest && !known->other && !known->is_kustomized;
}

void advise(const struct facts *f, struct advice_list *out)
{
    *out = (struct advice_list){0};
    advise_charts(f, out);
    advise_shared(f, out);
    advise_definitions(f, out);
    advise_globs(f, out);
    advise_paths(f, out);
}

void advice_clear(struct advice_list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        free(list->items[i].text);
        free(list->items[i].about);
    }
    free(list->items);
    *list = (struct advice_list){0};
}
