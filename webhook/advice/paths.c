/* paths.c: a source whose path does not exist, so that Argo CD generates nothing from it. */
#include "advice/internal.h"
#include "base/mem.h"
#include "base/text.h"
#include <string.h>

/* What several render is known several times, as one manifest. */
static bool is_told(const struct advice_list *out, size_t first, const struct manifest *manifest,
                    const struct buf *about)
{
    for (size_t i = first; i < out->n; i++)
        if (out->items[i].line == manifest->line &&
            strcmp(out->items[i].file, manifest->file) == 0 &&
            str_is(buf_str(about), out->items[i].about))
            return true;
    return false;
}

static void look_at(const struct known_application *known, const struct source_output *s,
                    size_t first, struct advice_list *out)
{
    AUTO(buf_clearp) struct buf about = {.max = ADVICE_MAX};
    AUTO(buf_clearp) struct buf message = {.max = ADVICE_MAX};

    advice_put_id(&about, &known->app->id);
    buf_addc(&about, ' ');
    text_field(&about, s->source->path);
    if (is_told(out, first, known->manifest, &about))
        return;
    buf_adds(&message, "Application ");
    advice_put_id(&message, &known->app->id);
    buf_printf(&message, " cannot be synced: %s in ", s->rendering->why);
    text_field(&message, str_from(repository_label(s->repository)));
    advice_add(out, ADVICE_PATH_MISSING, known->manifest->file, known->manifest->line, &about,
               &message);
}

void advise_paths(const struct facts *f, struct advice_list *out)
{
    size_t first = out->n;

    for (size_t i = 0; i < facts_n_applications(f); i++) {
        const struct known_application *known = facts_application(f, i);

        for (size_t k = 0; advice_is_certain(known) && k < known->output->n; k++) {
            const struct source_output *s = &known->output->sources[k];

            if (s->rendering && s->rendering->is_nowhere && !s->shared)
                look_at(known, s, first, out);
        }
    }
}
