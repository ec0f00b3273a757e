#include "objects/identity.h"
#include "base/json.h"

bool identity_read(const json_t *object, struct identity *out)
{
    const json_t *metadata = json_object_at(object, "metadata");
    struct str version = json_str_at(object, "apiVersion");
    size_t slash = str_find_char(version, '/');

    *out = (struct identity){
        .group = slash < version.n ? str_sub(version, 0, slash) : STR(""),
        .kind = json_str_at(object, "kind"),
        .namespace = json_str_at(metadata, "namespace"),
        .name = json_str_at(metadata, "name"),
    };
    if (!out->namespace.p)
        out->namespace = STR("");
    return out->kind.n != 0 && out->name.n != 0;
}

bool identity_eq(const struct identity *a, const struct identity *b)
{
    return str_eq(a->name, b->name) && str_eq(a->kind, b->kind) && str_eq(a->group, b->group) &&
           str_eq(a->namespace, b->namespace);
}

int identity_cmp(const struct identity *a, const struct identity *b)
{
    int order = str_cmp(a->group, b->group);

    if (!order)
        order = str_cmp(a->kind, b->kind);
    if (!order)
        order = str_cmp(a->namespace, b->namespace);
    return order ? order : str_cmp(a->name, b->name);
}

bool identity_is_kind(const struct identity *id, const char *group, const char *kind)
{
    return str_is(id->kind, kind) && str_is(id->group, group);
}
