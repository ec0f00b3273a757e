/* definitions.c: a definition that lies below its own source path and is not rendered from there.
 */
#include "advice/internal.h"
#include "base/mem.h"
#include "base/text.h"
#include "repository/absence.h"

static bool yields(const struct output *o, const struct manifest *m)
{
    for (size_t i = 0; i < o->n; i++) {
        const struct rendering *r = o->sources[i].rendering;

        for (size_t k = 0; r && k < r->n_objects; k++)
            if (r->objects[k].manifest == m)
                return true;
    }
    return false;
}

static void look_at(const struct facts *f, const struct known_application *known,
                    const struct source_output *s, struct advice_list *out)
{
    AUTO(freep) char *instance = facts_instance_name(f, &known->app->id);
    struct render_request q = facts_request(f, known->app, s->source, instance);
    AUTO(buf_clearp) struct buf about = {.max = ADVICE_MAX};
    AUTO(buf_clearp) struct buf message = {.max = ADVICE_MAX};

    advice_put_id(&about, &known->app->id);
    buf_addc(&about, ' ');
    text_field(&about, s->source->path);
    buf_adds(&message, "Application ");
    advice_put_id(&message, &known->app->id);
    buf_adds(&message, " lies below its own source path ");
    text_field(&message, s->source->path);
    buf_adds(&message, " and is not rendered from there: ");
    if (repository_why_absent(s->repository, &q, known->manifest, &message))
        advice_add(out, ADVICE_DEFINITION_NOT_RENDERED, known->manifest->file,
                   known->manifest->line, &about, &message);
}

void advise_definitions(const struct facts *f, struct advice_list *out)
{
    for (size_t i = 0; i < facts_n_applications(f); i++) {
        const struct known_application *known = facts_application(f, i);
        const struct rendered *found;
        const struct source_output *by;
        const char *why;

        if (!known->manifest || known->set || known->is_kustomized || known->app->hydrated ||
            output_has(known->output, &known->app->id, &found, &by, &why) != TRI_NO ||
            yields(known->output, known->manifest))
            continue;
        for (size_t k = 0; k < known->output->n; k++) {
            const struct source_output *s = &known->output->sources[k];

            if (s->repository == known->repository && s->rendering && !s->shared)
                look_at(f, known, s, out);
        }
    }
}
