/* Any bytes as a snapshot: what is kept has names an API server allows and parses, stands in the
 * text and is found; what counts as whole is JSON; nothing of a Secret's data is kept, and no
 * control character reaches a note. */
#include "base/json.h"
#include "cluster/cluster.h"
#include "objects/application.h"
#include "objects/external_secret.h"
#include "objects/names.h"
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_text(const char *text)
{
    require(text[0] != '\0');
    for (; *text; text++)
        require((unsigned char)*text >= 0x20 && *text != 0x7f);
}

static void check_notes(const struct cluster *c)
{
    require(cluster_n_notes(c) <= 101);
    for (size_t i = 0; i < cluster_n_notes(c); i++) {
        check_text(cluster_note_at(c, i)->where);
        check_text(cluster_note_at(c, i)->text);
    }
}

static bool is_application(json_t *object)
{
    AUTO(application_freep) struct application *app = NULL;
    struct err err = {0};

    return application_parse(object, STR_NONE, STR_NONE, &app, &err);
}

static bool is_external_secret(json_t *object)
{
    AUTO(external_secret_freep) struct external_secret *es = NULL;
    struct err err = {0};

    return external_secret_parse(object, STR_NONE, STR_NONE, &es, &err);
}

static void check_object(const struct cluster *c, enum cluster_kind kind, size_t index)
{
    const struct cluster_object *o = cluster_object_at(c, kind, index);
    const json_t *metadata = json_object_get(o->object, "metadata");
    const json_t *annotations = json_object_get(metadata, "annotations");

    require(cluster_find(c, kind, o->id.namespace, o->id.name) == o);
    require(names_is_subdomain(o->id.name) && str_is(o->id.kind, cluster_kind_name(kind)));
    require(kind == CLUSTER_CLUSTER_EXTERNAL_SECRET ? o->id.namespace.n == 0
                                                    : names_is_label(o->id.namespace));
    require(!json_object_get(o->object, "stringData") &&
            !json_object_get(metadata, "resourceVersion") &&
            !json_object_get(annotations, "kubectl.kubernetes.io/last-applied-configuration"));
    require(kind == CLUSTER_CONFIG_MAP || !json_object_get(o->object, "data"));
    require(kind != CLUSTER_CONFIG_MAP || str_is(o->id.name, "argocd-cm"));
    require(kind != CLUSTER_APPLICATION || is_application(o->object));
    require(kind != CLUSTER_EXTERNAL_SECRET || is_external_secret(o->object));
    if (index > 0) {
        const struct identity *before = &cluster_object_at(c, kind, index - 1)->id;
        int order = str_cmp(before->namespace, o->id.namespace);

        require(order < 0 || (order == 0 && str_cmp(before->name, o->id.name) < 0));
    }
}

static bool is_of(const json_t *item, const struct cluster_object *o)
{
    const json_t *metadata = json_object_get(item, "metadata");
    const json_t *kind = json_value_at(item, "kind");

    return str_eq(json_str_at(metadata, "name"), o->id.name) &&
           (!kind || str_eq(json_view(kind), o->id.kind));
}

/* Whatever is kept stands in the text. */
static void check_origin(const struct cluster *c, enum cluster_kind kind, size_t index,
                         const json_t *root)
{
    const struct cluster_object *o = cluster_object_at(c, kind, index);
    const json_t *items = json_object_get(root, "items");
    bool found = is_of(root, o);

    for (size_t i = 0; i < json_array_size(items) && !found; i++)
        found = is_of(json_array_get(items, i), o);
    require(found);
}

static void check_whole(const struct cluster *c, const json_t *root)
{
    size_t n = 0;

    for (unsigned kind = 0; kind < N_CLUSTER_KINDS; kind++) {
        for (size_t i = 0; i < cluster_n_objects(c, (enum cluster_kind)kind); i++, n++)
            check_origin(c, (enum cluster_kind)kind, i, root);
    }
    require(n <= 1 || n <= json_array_size(json_object_get(root, "items")));
}

static void check_version(const char *version)
{
    for (; *version; version++)
        require(*version >= '0' && *version <= '9');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    AUTO(cluster_freep) struct cluster *c = cluster_read_snapshot_text("s\033.json", text, 0);
    AUTO(json_unrefp) json_t *root = NULL;
    struct err err = {0};
    bool is_json = json_read(text, &root, &err);

    check_notes(c);
    check_version(cluster_resource_version(c));
    for (unsigned kind = 0; kind < N_CLUSTER_KINDS; kind++) {
        require(cluster_is_whole(c) || !cluster_is_complete(c, (enum cluster_kind)kind));
        for (size_t i = 0; i < cluster_n_objects(c, (enum cluster_kind)kind); i++)
            check_object(c, (enum cluster_kind)kind, i);
    }
    require(is_json || !cluster_is_whole(c));
    require(cluster_is_whole(c) || cluster_n_notes(c) > 0);
    if (cluster_is_whole(c))
        check_whole(c, root);
    return 0;
}
