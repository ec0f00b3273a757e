#include "review/resources.h"
#include "base/json.h"
#include "review/read.h"
#include <string.h>

bool resource_is_wanted(const json_t *entry, struct str name)
{
    struct str kind = json_str_at(entry, "kind");

    if (str_is(kind, "Secret") || str_is(kind, "ExternalSecret"))
        return true;
    return str_is(kind, "Application") && str_eq(json_str_at(entry, "name"), name);
}

enum resource_answer resource_check(struct str raw, struct str name)
{
    AUTO(json_unrefp) json_t *entry = NULL;
    struct read_fault fault;
    struct str kind;

    /* A backslash may hide the word. */
    if (!str_contains(raw, STR("Secret\"")) && !str_contains(raw, STR("\"Application\"")) &&
        !memchr(raw.p, '\\', raw.n))
        return RESOURCE_UNWANTED;
    if (!read_value(raw, &entry, &fault))
        return fault.unreadable ? RESOURCE_UNREADABLE : RESOURCE_MALFORMED;
    kind = json_str_at(entry, "kind");
    if (!name.p && str_is(kind, "Application"))
        return RESOURCE_WANTED;
    return resource_is_wanted(entry, name) ? RESOURCE_WANTED : RESOURCE_UNWANTED;
}
