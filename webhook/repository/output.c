#include "repository/output.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "objects/tracking.h"
#include "repository/manifests.h"
#include "repository/quote.h"
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>

struct output_builder {
    struct rendering *out;
    struct str namespace;
    size_t capacity;
    size_t names_capacity;
    size_t ends_capacity;
    size_t made_capacity;
    bool only_open_ends;
    bool uncertain;
    bool may_hold_argoproj;
    bool may_hold_external_secrets;
};

struct output_builder *output_new(struct str destination_namespace)
{
    struct output_builder *b = xcalloc(1, sizeof *b);

    b->out = xcalloc(1, sizeof *b->out);
    b->namespace = output_keep(b, destination_namespace);
    return b;
}

struct str output_keep(struct output_builder *b, struct str text)
{
    struct rendering *out = b->out;

    out->names = xgrow(out->names, out->n_names, &b->names_capacity, sizeof *out->names);
    out->names[out->n_names] = xstrndup(text);
    return (struct str){out->names[out->n_names++], text.n};
}

json_t *output_keep_object(struct output_builder *b, json_t *object)
{
    if (!b->out->patched)
        b->out->patched = json_array();
    (void)json_array_append(b->out->patched, object);
    return object;
}

void output_keep_parsed(struct output_builder *b, struct parsed *parsed)
{
    struct rendering *out = b->out;

    out->made = xgrow(out->made, out->n_made, &b->made_capacity, sizeof(struct parsed *));
    out->made[out->n_made++] = parsed;
}

void output_add_as(struct output_builder *b, const struct rendered *object)
{
    struct rendering *r = b->out;

    if (r->n_objects == OUTPUT_MAX_OBJECTS) {
        output_partial(b, "more than 200000 objects");
        output_uncertain(b);
        return;
    }
    r->objects = xgrow(r->objects, r->n_objects, &b->capacity, sizeof *r->objects);
    r->objects[r->n_objects++] = *object;
}

void output_add(struct output_builder *b, const struct manifest *manifest)
{
    struct marks marks = marks_read(json_object_at(manifest->object, "metadata"));

    output_add_as(b, &(struct rendered){
                         .id = manifest->id,
                         .manifest = manifest,
                         .hook = marks_is_hook(&marks),
                         .hook_skip = marks_is_hook_skip(&marks),
                     });
}

void output_set_type(struct output_builder *b, enum source_type type)
{
    b->out->type = type;
}

/* Three quoted fields and the words between them. */
enum { WHY_MAX = 4 * TEXT_FIELD_MAX };

static void set_why(struct rendering *r, const char *format, va_list values) PRINTF_LIKE(2, 0);

static void set_why(struct rendering *r, const char *format, va_list values)
{
    AUTO(buf_clearp) struct buf text = {0};
    struct buf safe;

    free(r->why);
    buf_init(&text, WHY_MAX);
    buf_vprintf(&text, format, values);
    buf_init(&safe, (size_t)8 * WHY_MAX); /* a byte's escape has at most 8 */
    if (buf_ok(&text))
        quote_rest(&safe, buf_str(&text));
    else
        buf_adds(&safe, "something whose name is too long to be shown");
    r->why = buf_take(&safe);
}

void output_partial(struct output_builder *b, const char *format, ...)
{
    struct rendering *r = b->out;
    va_list values;

    if (r->state != RENDER_COMPLETE)
        return;
    r->state = RENDER_PARTIAL;
    va_start(values, format);
    set_why(r, format, values);
    va_end(values);
}

void output_fails(struct output_builder *b, const char *format, ...)
{
    struct rendering *r = b->out;
    va_list values;

    if (r->state == RENDER_FAILS)
        return;
    r->state = RENDER_FAILS;
    va_start(values, format);
    set_why(r, format, values);
    va_end(values);
}

void output_is_nowhere(struct output_builder *b)
{
    b->out->is_nowhere = true;
}

bool output_has_failed(const struct output_builder *b)
{
    return b->out->state == RENDER_FAILS;
}

void output_uncertain(struct output_builder *b)
{
    b->uncertain = true;
    output_may_hold(b, true, true);
}

void output_may_hold(struct output_builder *b, bool argoproj, bool external_secrets)
{
    b->may_hold_argoproj |= argoproj;
    b->may_hold_external_secrets |= external_secrets;
}

void output_only_open_ends(struct output_builder *b)
{
    b->only_open_ends = true;
}

void output_no_more_secrets(struct output_builder *b, bool none_at_all)
{
    b->out->no_more_argocd_secret = true;
    b->out->no_more_secrets = none_at_all;
}

void output_makes_argocd_secret(struct output_builder *b, const struct argocd_secret *secret)
{
    b->out->makes_argocd_secret = true;
    b->out->argocd_secret = *secret;
}

void output_add_open_end(struct output_builder *b, const struct open_end *end)
{
    struct rendering *r = b->out;

    r->open_ends = xgrow(r->open_ends, r->n_open_ends, &b->ends_capacity, sizeof *r->open_ends);
    r->open_ends[r->n_open_ends++] = *end;
}

struct open_end output_open_end(const struct identity *id)
{
    struct open_end end = {
        .kind = id->kind,
        .prefix = id->name,
        .is_whole_name = true,
        .namespace = id->namespace,
    };

    if (str_is(id->group, GROUP_ARGOPROJ))
        end.argoproj = true;
    else if (str_is(id->group, GROUP_EXTERNAL_SECRETS))
        end.external_secrets = true;
    else
        end.others = true;
    return end;
}

struct place {
    const struct rendered *object;
    size_t index;
};

static int by_identity(const void *a, const void *b)
{
    const struct place *x = a;
    const struct place *y = b;
    const struct identity *i = &x->object->id;
    const struct identity *j = &y->object->id;
    int order = str_cmp(i->name, j->name);

    if (!order)
        order = str_cmp(i->namespace, j->namespace);
    if (!order)
        order = str_cmp(i->kind, j->kind);
    if (!order)
        order = str_cmp(i->group, j->group);
    if (!order)
        order = (x->index > y->index) - (x->index < y->index);
    return order;
}

/* Same key twice: the last wins (controller/state.go NormalizeTargetObjects). */
static void drop_repeated(struct rendering *r)
{
    struct place *places = xcalloc(r->n_objects, sizeof *places);
    bool *drop = xcalloc(r->n_objects, sizeof *drop);
    size_t kept = 0;

    for (size_t i = 0; i < r->n_objects; i++)
        places[i] = (struct place){&r->objects[i], i};
    qsort(places, r->n_objects, sizeof *places, by_identity);
    for (size_t i = 1; i < r->n_objects; i++)
        if (identity_eq(&places[i - 1].object->id, &places[i].object->id))
            drop[places[i - 1].index] = true;
    for (size_t i = 0; i < r->n_objects; i++)
        if (!drop[i])
            r->objects[kept++] = r->objects[i];
    r->n_objects = kept;
    free(places);
    free(drop);
}

/* What rules read the content of, and not of its metadata alone. An Application's is read by facts,
 * which look at `changed` themselves. */
static bool is_read_inside(const struct identity *id)
{
    return identity_is_kind(id, GROUP_EXTERNAL_SECRETS, "ExternalSecret") ||
           identity_is_kind(id, GROUP_EXTERNAL_SECRETS, "ClusterExternalSecret") ||
           (identity_is_kind(id, "", "ConfigMap") && str_is(id->name, "argocd-cm"));
}

/* Those that a patch changed say something else than their manifests. */
static void drop_changed(struct output_builder *b)
{
    struct rendering *r = b->out;
    size_t kept = 0;

    for (size_t i = 0; i < r->n_objects; i++) {
        const struct rendered *object = &r->objects[i];
        struct open_end end;

        if (!object->changed || !is_read_inside(&object->id)) {
            r->objects[kept++] = *object;
            continue;
        }
        output_partial(b, "a patch changes %s %s", quote(object->id.kind).text,
                       quote(object->id.name).text);
        end = output_open_end(&object->id);
        output_add_open_end(b, &end);
    }
    r->n_objects = kept;
}

/* What rendering_whole() needs. */
struct rendering_rest {
    const struct repository *repository;
    struct render_request request; /* without may_skip */
    char *app_name;
    char *instance_name;
    char *namespace;
    bool (*is_kept)(const struct identity *id); /* NULL: all are */
    _Atomic(struct rendering *) whole;
};

void output_skips(struct output_builder *b, const struct repository *r,
                  const struct render_request *q)
{
    struct rendering_rest *rest = b->out->rest;

    if (rest)
        return;
    b->out->rest = rest = xcalloc(1, sizeof *rest);
    rest->repository = r;
    rest->request = *q;
    rest->request.steps = NULL;
    rest->request.may_skip = false;
    rest->app_name = xstrndup(q->app_name);
    rest->request.app_name.p = rest->app_name;
    rest->instance_name = xstrndup(q->instance_name);
    rest->request.instance_name.p = rest->instance_name;
    rest->namespace = xstrndup(q->destination_namespace);
    rest->request.destination_namespace.p = rest->namespace;
}

void rendering_keep(struct rendering *rendering, bool (*is_kept)(const struct identity *id))
{
    size_t n = 0;

    for (size_t i = 0; i < rendering->n_objects; i++)
        if (is_kept(&rendering->objects[i].id))
            rendering->objects[n++] = rendering->objects[i];
    rendering->n_objects = n;
    if (n)
        rendering->objects = xrealloc(rendering->objects, n * sizeof *rendering->objects);
    if (rendering->rest)
        rendering->rest->is_kept = is_kept;
}

const struct rendering *rendering_whole(const struct rendering *rendering)
{
    struct rendering_rest *rest = rendering->rest;
    struct rendering *there;
    struct rendering *made;

    if (!rest)
        return rendering;
    there = atomic_load_explicit(&rest->whole, memory_order_acquire);
    if (there)
        return there;
    made = repository_render(rest->repository, &rest->request);
    if (rest->is_kept)
        rendering_keep(made, rest->is_kept);
    if (atomic_compare_exchange_strong_explicit(&rest->whole, &there, made, memory_order_acq_rel,
                                                memory_order_acquire))
        return made;
    rendering_free(made);
    return there;
}

static void rest_free(struct rendering_rest *rest)
{
    if (!rest)
        return;
    rendering_free(atomic_load_explicit(&rest->whole, memory_order_acquire));
    free(rest->app_name);
    free(rest->instance_name);
    free(rest->namespace);
    free(rest);
}

/* Where nobody narrowed it down: anything of the groups that are open. */
static void finish_open_ends(struct output_builder *b)
{
    struct rendering *r = b->out;

    if (b->uncertain || !b->only_open_ends)
        output_add_open_end(b, &(struct open_end){.argoproj = b->may_hold_argoproj,
                                                  .external_secrets = b->may_hold_external_secrets,
                                                  .others = true});
    r->no_more_argoproj = r->no_more_external_secrets = true;
    for (size_t i = 0; i < r->n_open_ends; i++) {
        struct open_end *end = &r->open_ends[i];

        if (end->is_whole_name && !end->any_namespace && !end->namespace.n)
            end->namespace = b->namespace;
        r->no_more_argoproj &= !end->argoproj;
        r->no_more_external_secrets &= !end->external_secrets;
    }
}

struct rendering *output_finish(struct output_builder *b)
{
    struct rendering *r = b->out;

    if (r->state == RENDER_FAILS || b->uncertain) {
        r->n_objects = 0;
        r->no_more_secrets = r->no_more_argocd_secret = r->makes_argocd_secret = false;
    }
    drop_changed(b);
    for (size_t i = 0; i < r->n_objects; i++)
        if (r->objects[i].id.namespace.n == 0)
            r->objects[i].id.namespace = b->namespace;
    if (r->n_objects)
        drop_repeated(r);
    if (r->state == RENDER_PARTIAL)
        finish_open_ends(b);
    free(b);
    return r;
}

/* `others` says no more of them. */
static bool is_excluded(const struct rendering *r, const struct identity *id)
{
    if (!identity_is_kind(id, "", "Secret"))
        return false;
    return r->no_more_secrets || (r->no_more_argocd_secret && str_is(id->name, "argocd-secret"));
}

static bool may_be(const struct open_end *end, const struct identity *id)
{
    bool of_group = str_is(id->group, GROUP_ARGOPROJ)           ? end->argoproj
                    : str_is(id->group, GROUP_EXTERNAL_SECRETS) ? end->external_secrets
                                                                : end->others;

    if (!of_group || (end->kind.n && !str_eq(end->kind, id->kind)) ||
        (end->namespace.n && id->namespace.n && !str_eq(end->namespace, id->namespace)))
        return false;
    if (end->is_whole_name)
        return str_eq(end->prefix, id->name);
    return id->name.n >= end->prefix.n + end->suffix.n && str_starts(id->name, end->prefix) &&
           str_ends(id->name, end->suffix);
}

bool rendering_may_hold(const struct rendering *rendering, const struct identity *id)
{
    if (rendering->state != RENDER_PARTIAL)
        return rendering->state == RENDER_FAILS;
    if (is_excluded(rendering, id))
        return false;
    for (size_t i = 0; i < rendering->n_open_ends; i++)
        if (may_be(&rendering->open_ends[i], id))
            return true;
    return false;
}

void rendering_free(struct rendering *rendering)
{
    if (!rendering)
        return;
    for (size_t i = 0; i < rendering->n_names; i++)
        free(rendering->names[i]);
    free(rendering->names);
    json_decref(rendering->patched);
    for (size_t i = 0; i < rendering->n_made; i++)
        parsed_free(rendering->made[i]);
    free(rendering->made);
    rest_free(rendering->rest);
    free(rendering->objects);
    free(rendering->open_ends);
    free(rendering->why);
    free(rendering);
}

void rendering_freep(struct rendering **rendering)
{
    rendering_free(*rendering);
}
