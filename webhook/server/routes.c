#include "server/routes.h"
#include "base/attr.h"
#include "server/admin.h"
#include "server/validate.h"
#include <string.h>

static const struct route webhook[] = {
    {"/validate", "POST", validate_chunk, validate_answer},
};

static const struct route admin[] = {
    {"/healthz", "GET, HEAD", NULL, admin_healthz},
    {"/readyz", "GET, HEAD", NULL, admin_readyz},
    {"/metrics", "GET, HEAD", NULL, admin_metrics},
};

const struct route *routes_webhook(size_t *n)
{
    *n = ARRAY_LEN(webhook);
    return webhook;
}

const struct route *routes_admin(size_t *n)
{
    *n = ARRAY_LEN(admin);
    return admin;
}

const struct route *route_find(const struct route *routes, size_t n, const char *path)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(routes[i].path, path) == 0)
            return &routes[i];
    return NULL;
}

bool route_answers(const struct route *route, const char *method)
{
    struct str rest = str_from(route->methods);
    struct str one;

    while (str_split(&rest, ',', &one))
        if (str_is(str_trim(one), method))
            return true;
    return false;
}
