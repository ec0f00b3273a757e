#include "objects/external_secret.h"
#include "base/json.h"
#include "base/mem.h"
#include "objects/fields.h"
#include <stdlib.h>

static const struct {
    const char *text;
    enum creation_policy policy;
} policies[] = {
    {"Owner", CREATION_OWNER}, {"Orphan", CREATION_ORPHAN},
    {"Merge", CREATION_MERGE}, {"CreateOrMerge", CREATION_CREATE_OR_MERGE},
    {"None", CREATION_NONE},
};

static enum creation_policy policy_of(struct str text)
{
    for (size_t i = 0; i < ARRAY_LEN(policies); i++)
        if (str_is(text, policies[i].text))
            return policies[i].policy;
    return CREATION_OTHER;
}

/* templateFrom entries whose target is Labels or Annotations add metadata at run time. */
static bool template_adds_metadata(const json_t *template)
{
    const json_t *from = json_array_at(template, "templateFrom");

    for (size_t i = 0; i < json_array_size(from); i++) {
        struct str target = json_str_at(json_array_get(from, i), "target");

        if (target.n && !str_is(target, "Data"))
            return true;
    }
    return false;
}

/* target.manifest of any other kind is no Secret; {v1, Secret} is a plain target (reference 2.6).
 */
static bool manifest_is_secret(const json_t *manifest)
{
    return !manifest || (str_is(json_str_at(manifest, "kind"), "Secret") &&
                         str_is(json_str_at(manifest, "apiVersion"), "v1"));
}

static bool read_target(const json_t *spec, struct external_secret *es, struct err *err)
{
    json_t *target;
    json_t *template;
    json_t *manifest;
    json_t *metadata;
    struct str policy;

    if (!field_object(spec, "/spec", "target", &target, err) ||
        !field_str(target, "/spec/target", "name", &es->target_name, err) ||
        !field_str(target, "/spec/target", "creationPolicy", &policy, err) ||
        !field_object(target, "/spec/target", "template", &template, err) ||
        !field_object(target, "/spec/target", "manifest", &manifest, err) ||
        !field_bool(target, "/spec/target", "immutable", &es->immutable, err) ||
        !field_object(template, "/spec/target/template", "metadata", &metadata, err))
        return false;
    if (!es->target_name.n)
        es->target_name = es->id.name;
    es->creation_policy_text = policy.n ? policy : STR("Owner");
    es->creation_policy = policy_of(es->creation_policy_text);
    es->template = template;
    es->template_metadata_from = template_adds_metadata(template);
    es->template_marks = marks_read(metadata);
    es->targets_secret = manifest_is_secret(manifest);
    return true;
}

bool external_secret_parse(json_t *object, struct str namespace, struct str name,
                           struct external_secret **out, struct err *err)
{
    AUTO(external_secret_freep) struct external_secret *es = xcalloc(1, sizeof *es);
    json_t *metadata;
    json_t *spec;
    struct str deletion;

    if (!field_object(object, "", "metadata", &metadata, err) ||
        !field_object(object, "", "spec", &spec, err) ||
        !field_str(metadata, "/metadata", "deletionTimestamp", &deletion, err))
        return false;
    es->object = json_incref(object);
    es->id = (struct identity){
        .group = STR(GROUP_EXTERNAL_SECRETS),
        .kind = STR("ExternalSecret"),
        .namespace = namespace.p ? namespace : json_str_at(metadata, "namespace"),
        .name = name.p ? name : json_str_at(metadata, "name"),
    };
    es->deleting = deletion.p != NULL;
    es->marks = marks_read(metadata);
    if (!read_target(spec, es, err))
        return false;
    *out = steal(&es);
    return true;
}

void external_secret_free(struct external_secret *es)
{
    if (!es)
        return;
    json_decref(es->object);
    free(es);
}

void external_secret_freep(struct external_secret **es)
{
    external_secret_free(*es);
}

bool external_secret_leaves_unowned(const struct external_secret *es)
{
    return es->creation_policy == CREATION_MERGE || es->creation_policy == CREATION_ORPHAN ||
           es->creation_policy == CREATION_CREATE_OR_MERGE;
}

const struct marks *external_secret_effective_marks(const struct external_secret *es)
{
    return es->template ? &es->template_marks : &es->marks;
}
