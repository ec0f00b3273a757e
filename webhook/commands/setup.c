#include "commands/setup.h"
#include "base/mem.h"
#include "base/text.h"
#include "config/config.h"
#include "objects/application.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool is_directory(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool same_directory(const char *a, const char *b)
{
    struct stat left;
    struct stat right;

    return stat(a, &left) == 0 && stat(b, &right) == 0 && left.st_dev == right.st_dev &&
           left.st_ino == right.st_ino;
}

static bool has_name(const struct repository_settings *r, struct str url)
{
    if (repo_url_eq(str_from(r->url), url))
        return true;
    for (size_t i = 0; i < r->n_aliases; i++)
        if (repo_url_eq(str_from(r->aliases[i]), url))
            return true;
    return false;
}

static void add_alias(struct repository_settings *r, struct str url)
{
    r->aliases = xrealloc(r->aliases, (r->n_aliases + 1) * sizeof(char *));
    r->aliases[r->n_aliases++] = xstrndup(url);
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* revision  NULL: the files as they lie there. */
static void add_repository(struct settings *s, struct str url, const char *directory,
                           const char *revision)
{
    for (size_t i = 0; i < s->n_repositories; i++) {
        struct repository_settings *r = &s->repositories[i];

        if (has_name(r, url)) {
            /* What is typed wins over what is configured. */
            free(r->path);
            free(r->revision);
            r->path = xstrdup(directory);
            r->revision = revision ? xstrdup(revision) : NULL;
            r->stands_for_all = true;
            return;
        }
        if (same_directory(r->path, directory) && same_text(r->revision, revision)) {
            add_alias(r, url);
            return;
        }
    }
    settings_add_repository(s, url, str_from(directory));
    s->repositories[s->n_repositories - 1].stands_for_all = true;
    if (revision)
        s->repositories[s->n_repositories - 1].revision = xstrdup(revision);
}

/*
 * Cuts "/repos/deploy@main" at the last '@' behind which no directory's name goes on: "@main" may
 * belong to a directory, and '@' to a branch ("deps/@types"). NULL when no revision is named.
 */
static const char *cut_revision(char *directory)
{
    if (is_directory(directory))
        return NULL;
    for (char *at = directory + strlen(directory); at > directory; at--) {
        if (*at != '@')
            continue;
        *at = '\0';
        if (is_directory(directory))
            return at + 1;
        *at = '@';
    }
    return NULL;
}

static bool add_option(struct settings *s, const char *option, struct err *err)
{
    /* At the last '=': a URL may hold one, in its query. */
    const char *equals = strrchr(option, '=');
    const char *directory = equals ? equals + 1 : "";
    AUTO(freep) char *path = NULL;
    const char *revision;

    if (!equals || equals == option || !directory[0]) {
        err_what(err, ERR_CONFIG, "--repository wants URL=DIR");
        err_why(err, "found %s",
                !equals            ? "no '='"
                : equals == option ? "no URL before the '='"
                                   : "no directory behind the last '='");
        return false;
    }
    path = xstrdup(directory);
    revision = cut_revision(path);
    if (revision && !revision[0]) {
        err_what(err, ERR_CONFIG, "--repository wants URL=DIR@REVISION");
        err_why(err, "found nothing behind the last '@'");
        return false;
    }
    add_repository(s, (struct str){option, (size_t)(equals - option)}, path, revision);
    return true;
}

/* What was typed stands for every revision unless the command line says otherwise. */
static bool apply_exact(const struct options *o, struct settings *s, struct err *err)
{
    for (size_t i = 0; options_has(o, "--exact-revisions") && i < s->n_repositories; i++) {
        if (s->repositories[i].revision) {
            err_what(err, ERR_CONFIG, "--exact-revisions and URL=DIR@REVISION exclude each other");
            err_why(err, "found %.200s@%.200s", s->repositories[i].path,
                    s->repositories[i].revision);
            return false;
        }
        s->repositories[i].stands_for_all = false;
    }
    return true;
}

bool setup_settings(const struct options *o, struct settings **out, struct err *err)
{
    AUTO(settings_freep) struct settings *s = NULL;
    const char *file = options_value(o, "--config");

    if (!file)
        s = settings_new();
    else if (!config_load(file, &s, err))
        return false;
    for (size_t i = 0; i < options_n_values(o, "--repository"); i++)
        if (!add_option(s, options_value_at(o, "--repository", i), err))
            return false;
    if (!apply_exact(o, s, err))
        return false;
    *out = steal(&s);
    return true;
}

bool setup_add_work_tree(const struct options *o, struct settings *s, const char *directory,
                         struct err *err)
{
    AUTO(freep) char *url = NULL;

    if (!is_directory(directory)) {
        err_what(err, ERR_SYSTEM, "%s is no directory that can be read", directory);
        return false;
    }
    if (!repository_git_origin(directory, &url)) {
        err_what(err, ERR_CONFIG, "%s is no Git work tree", directory);
        err_why(err, "nothing says which URL Applications call it by");
        err_remedy(err, "name it: --repository URL=%.160s", directory);
        return false;
    }
    if (!url[0]) {
        err_what(err, ERR_CONFIG, "the Git work tree %s has no remote called origin", directory);
        err_why(err, "nothing says which URL Applications call it by");
        err_remedy(err, "name it: --repository URL=%.160s", directory);
        return false;
    }
    add_repository(s, str_from(url), directory, NULL);
    return apply_exact(o, s, err);
}

/* `check` judges what a merge makes of the repositories: their content stands for all. */
static bool is_exact(const struct options *o, bool for_check)
{
    return !for_check || options_has(o, "--exact-revisions");
}

bool setup_facts(const struct options *o, const struct settings *settings, bool for_check,
                 int64_t now, struct facts **out, struct err *err)
{
    struct facts_options options = {
        .settings = settings,
        .parse_all = true,
        .assume_label_tracking = for_check,
        .definitions_apply = for_check,
        .exact_revisions = is_exact(o, for_check),
    };
    struct facts *facts = facts_load(&options, now);

    for (size_t i = 0; i < facts_n_repositories(facts); i++) {
        if (facts_repository_seen_at(facts, i))
            continue;
        /* facts_load() has made one note for each, before any other. */
        if (facts_n_notes(facts))
            err_what(err, ERR_SYSTEM, "%s", facts_note_at(facts, 0)->text);
        else
            err_what(err, ERR_SYSTEM, "%s could not be read", settings->repositories[i].path);
        facts_unref(facts);
        return false;
    }
    *out = facts;
    return true;
}

bool setup_facts_again(const struct options *o, const struct settings *settings, int64_t now,
                       struct facts **facts)
{
    struct facts_options options = {
        .settings = settings,
        .parse_all = true,
        .exact_revisions = is_exact(o, false),
        .former = *facts,
    };
    struct facts *next;

    if (!facts_wants_more(*facts))
        return false;
    next = facts_load(&options, now);
    facts_unref(*facts);
    *facts = next;
    return true;
}
