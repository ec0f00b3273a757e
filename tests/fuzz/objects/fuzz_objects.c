/* Any JSON object as each kind that rules read: parsed the same way twice, refused with a reason,
 * every question answered, and no reference to the object kept. */
#include "base/json.h"
#include "base/mem.h"
#include "objects/app_project.h"
#include "objects/application.h"
#include "objects/application_set.h"
#include "objects/argocd_cm.h"
#include "objects/external_secret.h"
#include "objects/secret.h"
#include "objects/set_path.h"
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_answer(enum tri answer)
{
    require(answer == TRI_NO || answer == TRI_YES || answer == TRI_NOT_KNOWN);
}

static void check_refusal(const struct err *err)
{
    require((err->kind == ERR_INPUT || err->kind == ERR_LIMIT) && err->what[0]);
}

static void check_marks(const struct marks *marks)
{
    bool skipped = marks_is_hook_skip(marks);

    require(!skipped || marks_is_hook(marks));
    (void)marks_has_sync_option(marks, "Prune=false");
    (void)marks_has_prune_option(marks);
    (void)marks_outlive_application(marks);
}

static void check_resources(const struct application *app)
{
    for (size_t i = 0; i < json_array_size(app->status_resources); i++) {
        const json_t *entry = json_array_get(app->status_resources, i);
        struct identity id = {
            .group = json_str_at(entry, "group"),
            .kind = json_str_at(entry, "kind"),
            .namespace = json_str_at(entry, "namespace"),
            .name = json_str_at(entry, "name"),
        };

        if (i < 50) /* each looks through all */
            require(application_find_resource(app, &id) != NULL);
        (void)application_operation_prunes(app, &id);
    }
}

static void check_application(json_t *object, const json_t *project)
{
    AUTO(application_freep) struct application *app = NULL;
    AUTO(application_freep) struct application *again = NULL;
    struct err err = {0};

    if (!application_parse(object, STR_NONE, STR_NONE, &app, &err)) {
        check_refusal(&err);
        return;
    }
    require(application_parse(object, STR_NONE, STR_NONE, &again, &err));
    require(app->n_sources == again->n_sources && app->prunes == again->prunes);
    for (size_t i = 0; i < app->n_sources; i++) {
        require(source_same(&app->sources[i], &again->sources[i]));
        require(repo_url_eq(app->sources[i].repo_url, again->sources[i].repo_url));
    }
    require(!application_is_new_prune(app, again));
    require(!app->prunes || app->automated);
    check_marks(&app->marks);
    check_resources(app);
    check_answer(app_project_permits(project, &app->id, &app->destination));
}

static struct external_secret *check_external_secret(json_t *object)
{
    struct external_secret *es = NULL;
    struct err err = {0};

    if (!external_secret_parse(object, STR_NONE, STR_NONE, &es, &err)) {
        check_refusal(&err);
        return NULL;
    }
    require(es->creation_policy_text.n > 0);
    require(external_secret_effective_marks(es) ==
            (es->template ? &es->template_marks : &es->marks));
    require(!external_secret_leaves_unowned(es) || es->creation_policy != CREATION_OWNER);
    check_marks(&es->marks);
    check_marks(&es->template_marks);
    return es;
}

/* The keys of an object that the question is asked about. */
static void check_owned(const struct secret *s, struct str external_secret, const json_t *keys,
                        enum tri (*ask)(const struct secret *s, struct str key,
                                        struct str external_secret))
{
    json_t *object = (json_t *)(uintptr_t)keys; /* iterating takes one that could change */
    const char *key;
    json_t *value;

    json_object_foreach(object, key, value)
    {
        enum tri answer = ask(s, str_from(key), external_secret);

        check_answer(answer);
        require(s->managed_fields || answer == TRI_NOT_KNOWN);
    }
}

static void check_secret(json_t *object, const struct external_secret *es)
{
    AUTO(secret_freep) struct secret *s = secret_parse(object);
    struct identity owner = {0};
    struct str owning = secret_owning_external_secret(s);

    require(s->object == object);
    /* With one owner left out there are no more than with all. */
    require(!secret_has_other_owner(s, es, &owner) || secret_has_other_owner(s, NULL, &owner));
    require(!owning.p || secret_has_other_owner(s, NULL, NULL));
    check_owned(s, owning.p ? owning : STR("a"), s->marks.labels, secret_label_is_of);
    check_owned(s, owning.p ? owning : STR("a"), s->marks.annotations, secret_annotation_is_of);
    check_marks(&s->marks);
}

static void check_settings(json_t *object, const struct identity *id)
{
    AUTO(argocd_cm_freep) struct argocd_cm *cm = argocd_cm_parse(object);
    enum tri watched =
        argocd_cm_watches(cm, id->group, id->kind, STR("https://kubernetes.default.svc"));

    check_answer(watched);
    require(!cm->filters_unreadable || watched != TRI_YES); /* some are never watched */
    watched = argocd_cm_watches(cm, STR(""), STR("Secret"), STR("in-cluster"));
    check_answer(watched);
    require(!cm->filters_unreadable || watched == TRI_NOT_KNOWN);
}

/* What a template of any kind may make here, so that large ones are met soon. */
enum { FILL_MAX_BYTES = 64 * 1024 };

/* The template with the object's own `params` in it: the same each time, within what it may take.
 */
static void check_filled(const struct application_set *set, const json_t *params)
{
    struct set_filler f = {.set = set, .bytes_left = FILL_MAX_BYTES};
    struct set_filler again = f;
    AUTO(json_unrefp) json_t *made = set_fill_application(&f, params);
    AUTO(json_unrefp) json_t *same = set_fill_application(&again, params);
    struct identity id;

    require((made == NULL) == (same == NULL));
    require(!made || json_equal(made, same));
    require(made || f.not_known || f.fails || !set->template);
    require(f.bytes_left == again.bytes_left && f.bytes_left <= FILL_MAX_BYTES);
    if (made) {
        AUTO(freep) char *normalized = NULL;

        require(identity_read(made, &id) && str_eq(id.namespace, set->id.namespace));
        normalized = set_path_normalize(id.name);
        require(normalized && str_is(id.name, normalized));
        (void)set_path_match(set->id.name, id.name);
    }
    set_filler_clear(&f);
    set_filler_clear(&again);
}

static void check_set(json_t *object)
{
    AUTO(application_set_freep) struct application_set *set = NULL;
    const json_t *metadata = json_object_at(object, "metadata");
    struct err err = {0};
    bool known = true;

    if (!application_set_parse(object, STR_NONE, STR_NONE, &set, &err)) {
        check_refusal(&err);
        return;
    }
    check_filled(set, json_object_at(object, "params"));
    (void)set_path_match(json_str_at(metadata, "name"), json_str_at(metadata, "namespace"));
    (void)set_path_selects(json_str_at(metadata, "name"), json_str_at(metadata, "namespace"),
                           &known);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(json_unrefp) json_t *object = NULL;
    struct err err = {0};
    struct identity id;

    if (!json_read((struct str){(const char *)data, size}, &object, &err) ||
        !json_is_object(object))
        return 0;
    (void)identity_read(object, &id);
    {
        AUTO(external_secret_freep) struct external_secret *es = check_external_secret(object);

        check_secret(object, es);
    }
    check_application(object, object);
    check_settings(object, &id);
    check_set(object);
    require(object->refcount == 1);
    return 0;
}
