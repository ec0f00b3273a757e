#include "rules/hang.h"
#include "base/json.h"
#include "base/mem.h"
#include <errno.h>
#include <stdlib.h>

bool hang_wave(const struct rendered *object, const struct source_output *by, long *wave)
{
    const json_t *metadata = json_object_get(object->manifest->object, "metadata");
    const struct marks marks = marks_read(metadata);
    struct str text = marks_annotation(&marks, ANNOTATION_SYNC_WAVE);
    AUTO(freep) char *number = NULL;
    char *end;

    if (object->changed || repository_is_kustomized(by->repository, object->manifest))
        return false;
    *wave = 0;
    if (!text.p)
        return true;
    number = xstrndup(text);
    errno = 0;
    *wave = strtol(number, &end, 10);
    return !errno && end != number && !*end;
}

bool hang_is_proven(const struct context *c, const struct rendered *self,
                    const struct source_output *by, const struct rendered **later,
                    const struct source_output **later_by)
{
    const struct argocd_cm *cm = facts_argocd_cm(c->facts);
    const struct output *o = c->subject->output;
    long own;

    if (!cm || cm->application_health != APPLICATION_HEALTH_WANTS_SYNCED ||
        !hang_wave(self, by, &own))
        return false;
    for (size_t i = 0; i < o->n; i++) {
        const struct rendering *r = o->sources[i].shared ? NULL : source_rendering(&o->sources[i]);

        for (size_t k = 0; r && k < r->n_objects; k++) {
            long wave;

            if (r->objects[k].hook || !hang_wave(&r->objects[k], &o->sources[i], &wave) ||
                wave <= own)
                continue;
            *later = &r->objects[k];
            *later_by = &o->sources[i];
            return true;
        }
    }
    return false;
}
