/* repo_url.c: whether two spellings name the same repository, as Argo CD compares them. */
#include "base/attr.h"
#include "base/mem.h"
#include "objects/application.h"
#include <stdlib.h>
#include <string.h>

/*
 * NormalizeGitURL of reference/argocd.md 1.1: trim, lower-case, "git@h:p" becomes "git@h/p", drop
 * "ssh://", drop a trailing ".git". https and ssh forms of one repository stay different.
 */
static char *normalised(struct str url)
{
    char *text;
    char *start;
    char *colon;
    size_t n;

    url = str_trim(url);
    text = xstrndup(url);
    for (char *p = text; *p; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p - 'A' + 'a');
    start = text;
    if (strncmp(start, "ssh://", 6) == 0)
        start += 6;
    else if (!strstr(start, "://") && strchr(start, '@') && (colon = strchr(start, ':')))
        *colon = '/';
    n = strlen(start);
    if (n > 4 && strcmp(start + n - 4, ".git") == 0)
        n -= 4;
    memmove(text, start, n);
    text[n] = '\0';
    return text;
}

bool repo_url_eq(struct str a, struct str b)
{
    AUTO(freep) char *left = normalised(a);
    AUTO(freep) char *right = normalised(b);

    return strcmp(left, right) == 0;
}
