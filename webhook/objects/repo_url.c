/* repo_url.c: whether two spellings name the same repository. */
#include "base/attr.h"
#include "base/mem.h"
#include "objects/application.h"
#include <stdlib.h>
#include <string.h>

/*
 * NormalizeGitURL of reference/argocd.md 1.1: trim, lower-case, "git@h:p" becomes "git@h/p", drop
 * "ssh://", drop a trailing ".git". https and ssh forms of one repository stay different. Beyond
 * it, of http and https the user, the password and the scheme's own port are dropped, and of all a
 * slash at the end: they change who asks, and not what is there.
 */
static void drop_user_and_port(char *url)
{
    bool is_https = strncmp(url, "https://", 8) == 0;
    char *host = url + (is_https ? 8 : 7);
    const char *port = is_https ? ":443" : ":80";
    size_t n_port = strlen(port);
    char *end;
    char *at;

    if (!is_https && strncmp(url, "http://", 7) != 0)
        return;
    end = host + strcspn(host, "/?#");
    for (at = end; at > host && at[-1] != '@'; at--)
        continue;
    memmove(host, at, strlen(at) + 1);
    end -= at - host;
    if ((size_t)(end - host) > n_port && memcmp(end - n_port, port, n_port) == 0)
        memmove(end - n_port, end, strlen(end) + 1);
}

/*
 * What these hosts serve over https they serve over SSH under the same path (their documentation of
 * clone URLs). Elsewhere the two are for whoever runs the host to say: that is what aliases are
 * for.
 */
static const char *const hosts[] = {"github.com", "gitlab.com", "bitbucket.org", "codeberg.org"};

static bool starts_with_host(const char *text, const char *host)
{
    size_t n = strlen(host);

    return strncmp(text, host, n) == 0 && text[n] == '/';
}

/* "https://github.com/o/r" and "git@github.com/o/r" without what differs. */
static char *without_protocol(char *url)
{
    static const char *const protocols[] = {"https://", "http://", "git@"};

    for (size_t i = 0; i < ARRAY_LEN(protocols); i++) {
        size_t n = strlen(protocols[i]);

        for (size_t k = 0; strncmp(url, protocols[i], n) == 0 && k < ARRAY_LEN(hosts); k++)
            if (starts_with_host(url + n, hosts[k]))
                return url + n;
    }
    return url;
}

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
    drop_user_and_port(start);
    start = without_protocol(start);
    n = strlen(start);
    while (n && start[n - 1] == '/' && strchr(start, '/') < start + n - 1 && start[n - 2] != '/')
        n--;
    start[n] = '\0';
    if (n > 4 && strcmp(start + n - 4, ".git") == 0)
        n -= 4;
    memmove(text, start, n);
    text[n] = '\0';
    return text;
}

/* "h/p" of a normalised "https://h:1/p" or "git@h:1/p". */
static char *drop_protocol_user_port(char *url)
{
    char *start = strstr(url, "://");
    char *path;
    char *port;

    start = start ? start + 3 : url;
    path = start + strcspn(start, "/");
    for (char *p = path; p > start; p--)
        if (p[-1] == '@') {
            start = p;
            break;
        }
    port = memchr(start, ':', (size_t)(path - start));
    if (port)
        memmove(port, path, strlen(path) + 1);
    return start;
}

bool repo_url_resembles(struct str a, struct str b)
{
    AUTO(freep) char *left = normalised(a);
    AUTO(freep) char *right = normalised(b);

    return strcmp(left, right) != 0 &&
           strcmp(drop_protocol_user_port(left), drop_protocol_user_port(right)) == 0;
}

bool repo_url_eq(struct str a, struct str b)
{
    AUTO(freep) char *left = normalised(a);
    AUTO(freep) char *right = normalised(b);

    return strcmp(left, right) == 0;
}
