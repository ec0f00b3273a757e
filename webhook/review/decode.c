#include "review/decode.h"
#include "base/json.h"
#include "objects/identity.h"
#include "review/cost.h"
#include "review/held.h"
#include "review/read.h"
#include "review/resources.h"
#include <stddef.h>

/* The string fields of a request and where they go. */
static const struct {
    enum path_id id;
    size_t offset;
} texts[] = {
    {PATH_UID, offsetof(struct review, uid)},
    {PATH_KIND_KIND, offsetof(struct review, kind_text)},
    {PATH_RESOURCE_RESOURCE, offsetof(struct review, resource)},
    {PATH_SUB_RESOURCE, offsetof(struct review, sub_resource)},
    {PATH_REQUEST_OPERATION, offsetof(struct review, operation_text)},
    {PATH_REQUEST_NAMESPACE, offsetof(struct review, namespace)},
    {PATH_REQUEST_NAME, offsetof(struct review, name)},
    {PATH_USERNAME, offsetof(struct review, user)},
};

static bool wrong(struct err *err, enum path_id id, const char *wanted)
{
    err_what(err, ERR_INPUT, "the body is not an AdmissionReview: %s is not %s",
             path_table[id].label, wanted);
    return false;
}

static bool malformed(struct err *err, const char *object, enum path_id id,
                      const struct read_fault *fault)
{
    err_what(err, ERR_INPUT, "the body is malformed JSON: %s%s cannot be read", object,
             path_table[id].label);
    err_why(err, "%s", fault->why);
    return false;
}

static struct str request_raw(const struct held *h, enum path_id id)
{
    return spans_get(&h->spans, OBJECT_NEW, id);
}

/* A string of the request, "" when absent. Nearly all are plain and cost no allocation. */
static bool read_text(struct held *h, enum path_id id, struct str *out, struct err *err)
{
    struct str raw = request_raw(h, id);
    struct str plain = read_plain_string(raw);
    struct read_fault fault;
    json_t *value;

    if (!raw.p || plain.p) {
        *out = raw.p ? plain : STR("");
        return true;
    }
    if (!read_value(raw, &value, &fault))
        return malformed(err, "", id, &fault);
    (void)held_keep(h, value);
    if (!json_is_string(value))
        return wrong(err, id, "a string");
    *out = json_view(value);
    return true;
}

/* apiVersion and kind of the whole document. */
static bool check_document(struct held *h, enum path_id id, const char *wanted, struct err *err)
{
    struct str found;

    if (!read_text(h, id, &found, err))
        return false;
    if (str_is(found, wanted))
        return true;
    err_what(err, ERR_INPUT, "the body is not an AdmissionReview: %s is \"%.*s\", wanted %s",
             path_table[id].label, STR_ARG(str_sub(found, 0, 100)), wanted);
    return false;
}

static bool read_dry_run(const struct held *h, bool *out, struct err *err)
{
    struct str raw = request_raw(h, PATH_DRY_RUN);

    *out = str_is(raw, "true");
    return !raw.p || *out || str_is(raw, "false") || wrong(err, PATH_DRY_RUN, "a boolean");
}

static bool read_groups(struct held *h, const json_t **out, struct err *err)
{
    struct str raw = request_raw(h, PATH_GROUPS);
    struct read_fault fault;
    json_t *groups;
    json_t *group;
    size_t i;

    if (!raw.p)
        return true;
    if (!read_value(raw, &groups, &fault))
        return malformed(err, "", PATH_GROUPS, &fault);
    (void)held_keep(h, groups);
    if (!json_is_array(groups))
        return wrong(err, PATH_GROUPS, "a list of strings");
    json_array_foreach(groups, i, group)
    {
        if (!json_is_string(group))
            return wrong(err, PATH_GROUPS, "a list of strings");
    }
    *out = groups;
    return true;
}

enum review_kind decode_kind(struct str group, struct str kind)
{
    if (str_is(group, GROUP_ARGOPROJ) && str_is(kind, "Application"))
        return REVIEW_APPLICATION;
    if (str_is(group, GROUP_EXTERNAL_SECRETS) && str_is(kind, "ExternalSecret"))
        return REVIEW_EXTERNAL_SECRET;
    return REVIEW_OTHER;
}

enum review_operation decode_operation(struct str text)
{
    if (str_is(text, "CREATE"))
        return OPERATION_CREATE;
    if (str_is(text, "UPDATE"))
        return OPERATION_UPDATE;
    if (str_is(text, "DELETE"))
        return OPERATION_DELETE;
    return OPERATION_OTHER;
}

static bool read_request(struct review *r, struct held *h, struct err *err)
{
    struct str group;

    if (!check_document(h, PATH_API_VERSION, "admission.k8s.io/v1", err) ||
        !check_document(h, PATH_KIND, "AdmissionReview", err))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        if (!read_text(h, texts[i].id, (struct str *)(void *)((char *)r + texts[i].offset), err))
            return false;
    }
    if (r->uid.n == 0) {
        err_what(err, ERR_INPUT, "the body is not an AdmissionReview: request.uid is missing");
        return false;
    }
    if (!read_text(h, PATH_KIND_GROUP, &group, err))
        return false;
    r->kind = decode_kind(group, r->kind_text);
    r->operation = decode_operation(r->operation_text);
    return read_dry_run(h, &r->dry_run, err) && read_groups(h, &r->groups, err);
}

/* The scanner keeps other Applications' entries while it has not seen request.name. */
static void drop_unwanted(json_t *resources, struct str name)
{
    for (size_t i = json_array_size(resources); i-- > 0;) {
        if (!resource_is_wanted(json_array_get(resources, i), name))
            (void)json_array_remove(resources, i);
    }
}

void decode_no_memory(struct err *err)
{
    err_what(err, ERR_LIMIT, "too many large reviews are being judged; try again");
}

/* Takes what judging the object may need; sets *unreadable when that is more than there ever is. */
static bool reserve(const struct review *r, struct held *h, enum which_object which,
                    const char **unreadable, struct err *err)
{
    struct budget *budget = h->spans.budget;
    size_t cost = 0;

    if (!budget)
        return true;
    for (unsigned id = 0; id < N_PATHS; id++) {
        bool yaml = r->kind == REVIEW_APPLICATION && (id == PATH_SPEC || id == PATH_OPERATION);

        if (path_is_of_object(&path_table[id]))
            cost += cost_of_value(spans_get(&h->spans, which, id), yaml);
    }
    if (cost > budget->max - h->spans.capacity - h->n_reserved) {
        *unreadable = "judging it would take too much memory";
        return true;
    }
    if (!budget_take(budget, cost)) {
        decode_no_memory(err);
        return false;
    }
    h->n_reserved += cost;
    return true;
}

/* The captured fields of one object as a tree; sets *unreadable instead when jansson cannot. */
static bool project(const struct review *r, struct held *h, enum which_object which, json_t **out,
                    const char **unreadable, struct err *err)
{
    AUTO(json_unrefp) json_t *root = NULL;

    *unreadable = h->spans.objects[which].unreadable;
    if (*unreadable || !h->spans.objects[which].present)
        return true;
    if (!reserve(r, h, which, unreadable, err))
        return false;
    if (*unreadable)
        return true;
    root = json_object();
    for (unsigned id = 0; id < N_PATHS; id++) {
        struct str raw = spans_get(&h->spans, which, id);
        struct read_fault fault;
        json_t *value;

        if (!path_is_of_object(&path_table[id]) || !raw.p)
            continue;
        if (!read_value(raw, &value, &fault)) {
            *unreadable = fault.unreadable;
            return fault.unreadable ||
                   malformed(err, which == OBJECT_NEW ? "request.object." : "request.oldObject.",
                             id, &fault);
        }
        if (id == PATH_STATUS_RESOURCES)
            drop_unwanted(value, r->name);
        held_place(root, &path_table[id], value);
    }
    *out = steal(&root);
    return true;
}

/* Design 3.6: nothing a rule reads has changed. */
static bool is_unchanged(const struct review *r, const struct spans *s)
{
    if (r->operation != OPERATION_UPDATE || r->sub_resource.n)
        return false;
    for (unsigned i = 0; i < N_OBJECTS; i++) {
        if (!s->objects[i].present || s->objects[i].unreadable)
            return false;
    }
    return !spans_differ(s);
}

bool decode(struct spans *spans, struct review **out, struct err *err)
{
    AUTO(review_freep) struct review *r = held_review_new();
    struct held *h = held_of(r);

    h->spans = *spans;
    *spans = (struct spans){0};
    if (!read_request(r, h, err))
        return false;
    r->unchanged = is_unchanged(r, &h->spans);
    if (!r->unchanged &&
        (!project(r, h, OBJECT_NEW, &r->object, &r->object_unreadable, err) ||
         !project(r, h, OBJECT_OLD, &r->old_object, &r->old_object_unreadable, err)))
        return false;
    *out = steal(&r);
    return true;
}
