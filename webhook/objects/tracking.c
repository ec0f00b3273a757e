#include "objects/tracking.h"
#include "base/attr.h"
#include "base/json.h"

struct marks marks_read(const json_t *metadata)
{
    const json_t *owners = json_array_at(metadata, "ownerReferences");

    return (struct marks){
        .labels = json_object_at(metadata, "labels"),
        .annotations = json_object_at(metadata, "annotations"),
        .has_owner = json_array_size(owners) != 0,
    };
}

struct str marks_label(const struct marks *marks, struct str key)
{
    struct str value = json_view(json_object_getn(marks->labels, key.p, key.n));

    return !value.p && marks->beneath ? marks_label(marks->beneath, key) : value;
}

struct str marks_annotation(const struct marks *marks, const char *key)
{
    struct str value = json_str_at(marks->annotations, key);

    return !value.p && marks->beneath ? marks_annotation(marks->beneath, key) : value;
}

bool marks_outlive_application(const struct marks *marks)
{
    return marks_has_sync_option(marks, "Delete=false") ||
           str_is(marks_annotation(marks, ANNOTATION_HELM_RESOURCE_POLICY), "keep");
}

/* Argo CD splits such values at commas and trims each part (gitops-engine,
 * resource.HasAnnotationOption). */
static bool list_holds(struct str list, struct str wanted)
{
    struct str part;

    while (str_split(&list, ',', &part))
        if (str_eq(str_trim(part), wanted))
            return true;
    return false;
}

bool marks_has_sync_option(const struct marks *marks, const char *option)
{
    return list_holds(marks_annotation(marks, ANNOTATION_SYNC_OPTIONS), str_from(option));
}

bool marks_has_prune_option(const struct marks *marks)
{
    struct str list = marks_annotation(marks, ANNOTATION_SYNC_OPTIONS);
    struct str part;

    while (str_split(&list, ',', &part))
        if (str_starts(str_trim(part), STR("Prune=")))
            return true;
    return false;
}

bool marks_is_hook_skip(const struct marks *marks)
{
    static const char *const others[] = {"PreSync",  "Sync",      "PostSync",
                                         "SyncFail", "PreDelete", "PostDelete"};
    struct str list = marks_annotation(marks, ANNOTATION_HOOK);

    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        if (list_holds(list, str_from(others[i])))
            return false;
    return list_holds(list, STR("Skip"));
}

bool marks_is_hook(const struct marks *marks)
{
    struct str helm = marks_annotation(marks, ANNOTATION_HELM_HOOK);

    return marks_annotation(marks, ANNOTATION_HOOK).n != 0 ||
           (helm.n != 0 && !str_is(helm, "crd-install"));
}

/* "a/b" into exactly two parts. */
static bool split_pair(struct str text, struct str *first, struct str *second)
{
    size_t slash = str_find_char(text, '/');

    if (slash == text.n)
        return false;
    *first = str_sub(text, 0, slash);
    *second = str_sub(text, slash + 1, text.n);
    return str_find_char(*second, '/') == second->n;
}

bool tracking_id_parse(struct str text, struct tracking_id *out)
{
    struct tracking_id id;
    struct str rest;
    size_t colon = str_find_char(text, ':');

    if (colon == text.n)
        return false;
    id.instance = str_sub(text, 0, colon);
    rest = str_sub(text, colon + 1, text.n);
    colon = str_find_char(rest, ':');
    if (colon == rest.n)
        return false;
    if (!split_pair(str_sub(rest, 0, colon), &id.object.group, &id.object.kind) ||
        !split_pair(str_sub(rest, colon + 1, rest.n), &id.object.namespace, &id.object.name))
        return false;
    *out = id;
    return true;
}

struct str tracking_instance(const struct tracking *t, const struct marks *marks,
                             const struct identity *object, bool *self_describing)
{
    struct tracking_id id;

    *self_describing = true;
    if (t->method == TRACKING_LABEL) {
        struct str value = marks_label(marks, t->label_key);

        return value.n ? value : STR_NONE;
    }
    if (!tracking_id_parse(marks_annotation(marks, ANNOTATION_TRACKING_ID), &id) || !id.instance.n)
        return STR_NONE;
    if (t->installation_id.n &&
        !str_eq(marks_annotation(marks, ANNOTATION_INSTALLATION_ID), t->installation_id))
        return STR_NONE;
    /* A cluster-scoped object has no namespace of its own to compare (isSelfReferencedObj). */
    *self_describing = str_eq(id.object.name, object->name) &&
                       str_eq(id.object.kind, object->kind) &&
                       str_eq(id.object.group, object->group) &&
                       (object->namespace.n == 0 || str_eq(id.object.namespace, object->namespace));
    return id.instance;
}

bool tracking_instance_is(struct str instance, struct str argocd_namespace,
                          const struct identity *application)
{
    size_t n = application->namespace.n;

    if (str_eq(application->namespace, argocd_namespace))
        return str_eq(instance, application->name);
    return instance.n == n + 1 + application->name.n &&
           str_eq(str_sub(instance, 0, n), application->namespace) && instance.p[n] == '_' &&
           str_eq(str_sub(instance, n + 1, instance.n), application->name);
}

const char *tracking_method_name(enum tracking_method method)
{
    switch (method) {
    case TRACKING_LABEL:
        return "label";
    case TRACKING_ANNOTATION:
        return "annotation";
    case TRACKING_ANNOTATION_AND_LABEL:
        return "annotation+label";
    }
    return "?";
}
