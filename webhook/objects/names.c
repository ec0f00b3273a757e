#include "objects/names.h"

static bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z');
}

static bool is_part(struct str text)
{
    if (text.n == 0 || !is_alnum(text.p[0]) || !is_alnum(text.p[text.n - 1]))
        return false;
    for (size_t i = 0; i < text.n; i++)
        if (!is_alnum(text.p[i]) && text.p[i] != '-')
            return false;
    return true;
}

bool names_is_subdomain(struct str text)
{
    struct str rest = text;
    struct str part;

    if (text.n == 0 || text.n > 253)
        return false;
    while (str_split(&rest, '.', &part))
        if (!is_part(part))
            return false;
    return true;
}

bool names_is_label(struct str text)
{
    return text.n <= 63 && is_part(text);
}
