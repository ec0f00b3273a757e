#include "rules/ratchet.h"
#include "base/json.h"
#include <string.h>

bool ratchet_is_exempt_request(const struct review *r)
{
    return r->kind == REVIEW_OTHER || r->sub_resource.n ||
           (r->operation != OPERATION_CREATE && r->operation != OPERATION_UPDATE) || r->unchanged ||
           json_str_at(json_object_at(r->object, "metadata"), "deletionTimestamp").n;
}

/* The controller normalises null, absent and empty options into each other (reference 1.3). */
static bool is_empty(const json_t *value)
{
    return !value || json_is_null(value) ||
           (json_is_object(value) && json_object_size(value) == 0) ||
           (json_is_array(value) && json_array_size(value) == 0);
}

static bool differs(const json_t *a, const json_t *b)
{
    if (is_empty(a) && is_empty(b))
        return false;
    return !a || !b || !json_equal(a, b);
}

static bool member_differs(const json_t *a, const json_t *b, const char *key)
{
    return differs(json_object_get(a, key), json_object_get(b, key));
}

static bool labels_differ(const struct facts *f, const json_t *a, const json_t *b)
{
    const struct tracking_facts *tracking = facts_tracking(f);

    for (size_t i = 0; i < tracking->n; i++) {
        struct str key = tracking->hypotheses[i].label_key;

        if (differs(json_object_getn(a, key.p, key.n), json_object_getn(b, key.p, key.n)))
            return true;
    }
    return false;
}

bool ratchet_is_changed(const struct facts *f, const json_t *object, const json_t *old_object)
{
    static const char *const annotations[] = {
        ANNOTATION_TRACKING_ID, ANNOTATION_INSTALLATION_ID, ANNOTATION_HOOK,
        ANNOTATION_HELM_HOOK,   ANNOTATION_SYNC_OPTIONS,    ANNOTATION_EXEMPT,
    };
    const json_t *a = json_object_get(object, "metadata");
    const json_t *b = json_object_get(old_object, "metadata");
    const json_t *a_notes = json_object_get(a, "annotations");
    const json_t *b_notes = json_object_get(b, "annotations");

    if (member_differs(object, old_object, "spec") ||
        member_differs(object, old_object, "operation") ||
        member_differs(a, b, "ownerReferences") || member_differs(a, b, "deletionTimestamp") ||
        labels_differ(f, json_object_get(a, "labels"), json_object_get(b, "labels")))
        return true;
    for (size_t i = 0; i < ARRAY_LEN(annotations); i++)
        if (member_differs(a_notes, b_notes, annotations[i]))
            return true;
    return false;
}

/* Whether `before` is the same finding, as bad or worse. A mark under another method proves nothing
 * of the old object, but gaining the new one is a migration then, not a new mistake; what the
 * sources render is one. */
static bool covers(const struct finding *before, const struct finding *now)
{
    return before->rule == now->rule && strcmp(before->subject, now->subject) == 0 &&
           strcmp(before->target, now->target) == 0 &&
           (before->verdict == FINDING_DENY || now->verdict != FINDING_DENY ||
            ((before->traits & TRAIT_OWN_MARK) && (now->traits & TRAIT_BY_MARK))) &&
           (now->traits & ~before->traits & ~(unsigned)(TRAIT_NEVER_DENIES | TRAIT_BY_MARK)) == 0;
}

void ratchet_apply(struct findings *now, const struct findings *before)
{
    for (size_t i = 0; i < now->n; i++)
        for (size_t k = 0; k < before->n; k++)
            if (covers(&before->items[k], &now->items[i]))
                now->items[i].ratcheted = true;
}
