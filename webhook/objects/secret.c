#include "objects/secret.h"
#include "base/json.h"
#include "base/mem.h"
#include <stdlib.h>

/* What external-secrets puts before its object's name (external-secrets.md 2.2). */
#define MANAGER_PREFIX "externalsecrets.external-secrets.io/"
#define MANAGER_HASHED MANAGER_PREFIX "sha3/"
/* Longer ones are hashed when written (external-secrets: fqdnFor), and looked for by a rule of its
 * own (templating.getManagedFieldKeys). */
enum { MANAGER_MAX = 63 };

struct secret *secret_parse(json_t *object)
{
    struct secret *s = xcalloc(1, sizeof *s);
    const json_t *metadata = json_object_at(object, "metadata");

    s->object = json_incref(object);
    (void)identity_read(object, &s->id); /* what is missing stays empty */
    s->marks = marks_read(metadata);
    s->owners = json_array_at(metadata, "ownerReferences");
    s->managed_fields = json_array_at(metadata, "managedFields");
    s->service_account_token =
        str_is(json_str_at(object, "type"), "kubernetes.io/service-account-token");
    return s;
}

void secret_free(struct secret *s)
{
    if (!s)
        return;
    json_decref(s->object);
    free(s);
}

void secret_freep(struct secret **s)
{
    secret_free(*s);
}

/* An owner stands in the namespace of what it owns, or in none: which one is not in the
 * reference. */
static struct identity read_owner(const json_t *reference)
{
    struct str version = json_str_at(reference, "apiVersion");
    size_t slash = str_find_char(version, '/');

    return (struct identity){
        .group = slash < version.n ? str_sub(version, 0, slash) : STR(""),
        .kind = json_str_at(reference, "kind"),
        .namespace = STR(""),
        .name = json_str_at(reference, "name"),
    };
}

static bool is_external_secret(const struct identity *owner)
{
    return identity_is_kind(owner, GROUP_EXTERNAL_SECRETS, "ExternalSecret");
}

/* A reference never leaves the namespace; one that is not known is taken to be the Secret's. */
static bool is_own_reference(const struct secret *s, const struct identity *owner,
                             const struct external_secret *es)
{
    return es && is_external_secret(owner) && str_eq(owner->name, es->id.name) &&
           (!es->id.namespace.n || str_eq(es->id.namespace, s->id.namespace));
}

bool secret_has_other_owner(const struct secret *s, const struct external_secret *es,
                            struct identity *owner)
{
    for (size_t i = 0; i < json_array_size(s->owners); i++) {
        const json_t *reference = json_array_get(s->owners, i);
        struct identity found = read_owner(reference);

        if (!json_is_object(reference) || is_own_reference(s, &found, es))
            continue;
        if (owner)
            *owner = found;
        return true;
    }
    if (!s->service_account_token)
        return false;
    if (owner)
        *owner = (struct identity){
            .group = STR(""),
            .kind = STR("ServiceAccount"),
            .namespace = STR(""),
            .name = marks_annotation(&s->marks, "kubernetes.io/service-account.name"),
        };
    return true;
}

struct str secret_owning_external_secret(const struct secret *s)
{
    for (size_t i = 0; i < json_array_size(s->owners); i++) {
        struct identity owner = read_owner(json_array_get(s->owners, i));

        if (is_external_secret(&owner))
            return owner.name;
    }
    return STR_NONE;
}

/* How sure it is that the manager is the one that writes for the ExternalSecret. */
static enum tri is_manager_of(struct str manager, struct str external_secret)
{
    struct str prefix = STR(MANAGER_PREFIX);
    bool is_same = str_starts(manager, prefix) &&
                   str_eq(str_sub(manager, prefix.n, manager.n), external_secret);

    if (prefix.n + external_secret.n <= MANAGER_MAX)
        return is_same ? TRI_YES : TRI_NO;
    /* Written in full only before names were hashed. */
    return is_same || str_starts(manager, STR(MANAGER_HASHED)) ? TRI_NOT_KNOWN : TRI_NO;
}

/* Whether fieldsV1 holds f:metadata, `group` and "f:" with the key. */
static bool entry_has(const json_t *entry, const char *group, struct str key)
{
    const json_t *metadata = json_object_at(json_object_at(entry, "fieldsV1"), "f:metadata");
    json_t *fields = json_object_at(metadata, group);
    const char *field;
    json_t *value;

    json_object_foreach(fields, field, value)
    {
        struct str text = str_from(field);

        if (str_starts(text, STR("f:")) && str_eq(str_sub(text, 2, text.n), key))
            return true;
    }
    return false;
}

static enum tri is_written_by(const struct secret *s, const char *group, struct str key,
                              struct str external_secret)
{
    enum tri answer = TRI_NO;

    if (!s->managed_fields)
        return TRI_NOT_KNOWN;
    for (size_t i = 0; i < json_array_size(s->managed_fields) && answer != TRI_YES; i++) {
        const json_t *entry = json_array_get(s->managed_fields, i);
        enum tri is_its = is_manager_of(json_str_at(entry, "manager"), external_secret);

        if (is_its != TRI_NO && entry_has(entry, group, key))
            answer = is_its;
    }
    return answer;
}

enum tri secret_label_is_of(const struct secret *s, struct str key, struct str external_secret)
{
    return is_written_by(s, "f:labels", key, external_secret);
}

enum tri secret_annotation_is_of(const struct secret *s, struct str key, struct str external_secret)
{
    return is_written_by(s, "f:annotations", key, external_secret);
}
