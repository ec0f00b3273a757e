/* git_revision.c: which commit a text names. */
#include "base/mem.h"
#include "base/str.h"
#include "repository/git.h"
#include "repository/git_library.h"
#include "repository/git_objects.h"
#include "repository/semver.h"
#include <stdlib.h>
#include <string.h>

enum {
    ABBREVIATION_MIN = 4, /* gitrevisions(7): fewer digits are no abbreviation */
    TRUNCATED_MIN = 7,    /* util/git/git.go, IsTruncatedCommitSHA: the same for Argo CD */
    TAGS_MAX = 16,        /* tags of tags; nobody makes more than one of another */
};

/* Where a name is looked for; the first that has it wins. */
static const char *const branches[] = {
    "refs/heads/",
    "refs/remotes/origin/", /* a clone has most branches only so */
    "refs/remotes/",        /* "origin/main", as Git takes it as well */
    "refs/",                /* "pull/1/head", which go-git shortens to (ReferenceName.Short) */
    NULL,
};

enum found { FOUND, NOT_FOUND, FAILED };

struct question {
    struct git_objects *objects;
    git_repository *repository; /* theirs */
    const char *path;
    const char *revision;
    const char *tag_prefix;
    struct git_argocd argocd;
    bool of_remote;     /* as the remote has it that this is a clone of */
    const char *remote; /* then: "refs/remotes/origin/"; "" for a mirror */
    const char *url;    /* the remote's, without what may hold a password; "" where none is known */
    struct err *err;
};

static bool is_hexadecimal(struct str text)
{
    return strspn(text.p, "0123456789abcdefABCDEF") == text.n;
}

static enum found fail(const struct question *q, const char *what, const char *why)
{
    err_what(q->err, ERR_INPUT, "revision %.200s of %.200s %s", q->revision, q->path, what);
    err_why(q->err, "%s", why);
    return FAILED;
}

static void suggest_full_name(const struct question *q)
{
    err_remedy(q->err, "give a full name, as git -C DIR show-ref lists them, or a commit's id");
}

/* One tag on. */
static enum found follow_tag(const struct question *q, git_oid *id)
{
    git_tag *tag = NULL;

    if (git_tag_lookup(&tag, q->repository, id) != 0)
        return fail(q, "leads to no commit", git_text());
    git_oid_cpy(id, git_tag_target_id(tag));
    git_tag_free(tag);
    return FOUND;
}

/* Through annotated tags to the commit. */
static enum found peel(const struct question *q, const git_oid *id, git_oid *out)
{
    git_oid here = *id;

    for (unsigned i = 0; i < TAGS_MAX; i++) {
        size_t n_bytes = 0;
        git_object_t type = GIT_OBJECT_INVALID;
        const char *why = NULL;

        if (!git_objects_look(q->objects, &here, &n_bytes, &type, &why))
            return fail(q, "leads to no commit", why);
        if (n_bytes > GIT_OBJECTS_MAX_BYTES ||
            (type != GIT_OBJECT_COMMIT && type != GIT_OBJECT_TAG))
            break;
        if (type == GIT_OBJECT_COMMIT) {
            git_oid_cpy(out, &here);
            return FOUND;
        }
        if (follow_tag(q, &here) != FOUND)
            return FAILED;
    }
    return fail(q, "leads to no commit", "it is the name of something else");
}

/* prefix + revision as the name of a reference. */
static enum found find_reference(const struct question *q, const char *prefix, git_oid *out)
{
    AUTO(freep) char *name = xasprintf("%s%s", prefix, q->revision);
    git_oid id;
    /* through symbolic ones, as HEAD is */
    int status = git_reference_name_to_id(&id, q->repository, name);

    if (status == GIT_ENOTFOUND || status == GIT_EINVALIDSPEC)
        return NOT_FOUND;
    return status == 0 ? peel(q, &id, out) : fail(q, "cannot be read", git_text());
}

/* As Git writes it into FETCH_HEAD (transport_anonymize_url(), store_updated_refs()): without the
 * user, a slash at the end and ".git". The scheme goes as well. */
static struct str fetched_url(const char *url)
{
    const char *scheme = strstr(url, "://");
    struct str text = str_from(scheme ? scheme + 3 : url);
    size_t user = str_find_char(text, '@');

    if (user < str_find_char(text, '/'))
        text = str_sub(text, user + 1, text.n);
    while (str_ends(text, STR("/")))
        text.n--;
    if (str_ends(text, STR(".git")))
        text.n -= sizeof ".git" - 1;
    return text;
}

/* A line of FETCH_HEAD that is looked for. */
struct fetched {
    const char *revision; /* NULL: what was fetched without a name, which is the remote's HEAD */
    const char *url;      /* where from; "": whatever was */
    git_oid id;
    bool found;
};

static int compare_fetched(const char *name, const char *url, const git_oid *id, unsigned is_merge,
                           void *payload)
{
    struct fetched *f = payload;
    struct str text = name ? str_from(name) : STR("");

    (void)is_merge;
    if (f->url[0] && !str_eq(fetched_url(f->url), fetched_url(url ? url : "")))
        return 0;
    if (f->revision && str_starts(str_from(f->revision), STR("refs/")))
        ; /* a full name */
    else if (str_starts(text, STR("refs/heads/")))
        text = str_sub(text, sizeof "refs/heads/" - 1, text.n);
    else if (str_starts(text, STR("refs/tags/")))
        text = str_sub(text, sizeof "refs/tags/" - 1, text.n);
    if (f->revision ? !str_eq(text, str_from(f->revision)) : text.n != 0)
        return 0;
    git_oid_cpy(&f->id, id);
    f->found = true;
    return 1;
}

/* Linked work trees share what the main one fetched: FETCH_HEAD lies with it. */
static void read_fetch_head(git_repository *repository, struct fetched *f)
{
    git_repository *common = NULL;

    (void)git_repository_fetchhead_foreach(repository, compare_fetched, f);
    if (!f->found && git_repository_is_worktree(repository) &&
        git_repository_open_bare(&common, git_repository_commondir(repository)) == 0)
        (void)git_repository_fetchhead_foreach(common, compare_fetched, f);
    git_repository_free(common);
}

/* revision  as in struct fetched. */
static enum found find_fetched(const struct question *q, const char *revision, git_oid *out)
{
    struct fetched f = {.revision = revision, .url = q->url};

    read_fetch_head(q->repository, &f);
    return f.found ? peel(q, &f.id, out) : NOT_FOUND;
}

/* What go-git shortens by more than "refs/" (ReferenceName.Short): Argo CD finds no "heads/main".
 */
static bool is_half_a_name(struct str revision)
{
    return str_starts(revision, STR("heads/")) || str_starts(revision, STR("tags/")) ||
           str_starts(revision, STR("remotes/"));
}

static const char *heads(const struct question *q)
{
    return q->remote[0] ? q->remote : "refs/heads/";
}

static enum found find_branch_of_remote(const struct question *q, git_oid *out)
{
    enum found found = find_reference(q, heads(q), out);

    /* "pull/1/head", which go-git shortens to */
    if (found == NOT_FOUND && !is_half_a_name(str_from(q->revision)))
        found = find_reference(q, "refs/", out);
    return found == NOT_FOUND ? find_fetched(q, q->revision, out) : found;
}

static enum found find_branch(const struct question *q, git_oid *out)
{
    enum found found = NOT_FOUND;

    if (q->of_remote)
        return find_branch_of_remote(q, out);
    for (size_t i = 0; found == NOT_FOUND && branches[i]; i++)
        found = find_reference(q, branches[i], out);
    return found;
}

/* A clone's refs/heads/ are somebody's own work, and its refs/remotes/ are not the remote's. */
static enum found find_full_name(const struct question *q, git_oid *out)
{
    struct str name = str_from(q->revision);
    struct question branch = *q;
    enum found found;

    if (q->of_remote && str_starts(name, STR("refs/heads/"))) {
        branch.revision += sizeof "refs/heads/" - 1;
        found = find_reference(&branch, heads(q), out);
    } else if (q->of_remote && q->remote[0] && str_starts(name, STR("refs/remotes/"))) {
        found = NOT_FOUND;
    } else {
        found = find_reference(q, "", out);
    }
    return found == NOT_FOUND && q->of_remote ? find_fetched(q, q->revision, out) : found;
}

/* The repository's own HEAD; the branch it is on as the remote has it, if it has one of that name.
 */
static enum found find_own_head(const struct question *q, git_oid *out)
{
    git_reference *head = NULL;
    struct question branch = *q;
    enum found found = NOT_FOUND;

    if (q->remote[0] && git_reference_lookup(&head, q->repository, "HEAD") == 0 &&
        git_reference_type(head) == GIT_REFERENCE_SYMBOLIC &&
        str_starts(str_from(git_reference_symbolic_target(head)), STR("refs/heads/"))) {
        branch.revision = git_reference_symbolic_target(head) + sizeof "refs/heads/" - 1;
        found = find_reference(&branch, q->remote, out);
    }
    git_reference_free(head);
    return found == NOT_FOUND ? find_reference(q, "", out) : found;
}

/* The remote's own, as far as the clone knows it. */
static enum found find_remote_head(const struct question *q, git_oid *out)
{
    struct question head = *q;
    enum found found = NOT_FOUND;

    head.revision = "HEAD";
    if (q->remote[0])
        found = find_reference(&head, q->remote, out);
    if (found == NOT_FOUND)
        found = find_fetched(&head, NULL, out);
    return found == NOT_FOUND ? find_own_head(&head, out) : found;
}

/*
 * What names both a tag and a branch is the one or the other for Argo CD as it happens: lsRemote
 * takes the first reference that fits, of a list that go-git makes from a map
 * (storage/memory/storage.go, IterReferences). Git itself would take the tag, and warn.
 */
static enum found find_name(const struct question *q, git_oid *out)
{
    git_oid branch;
    enum found in_tags = find_reference(q, "refs/tags/", out);
    enum found in_branches = in_tags == FAILED ? FAILED : find_branch(q, &branch);

    if (in_tags == FAILED || in_branches == FAILED)
        return FAILED;
    if (in_branches == NOT_FOUND)
        return in_tags;
    if (in_tags == FOUND && git_oid_cmp(out, &branch) != 0) {
        err_what(q->err, ERR_INPUT, "revision %.200s of %.200s is ambiguous", q->revision, q->path);
        err_why(q->err, "a tag and a branch of that name lead to different commits, and Argo CD "
                        "takes either");
        suggest_full_name(q);
        return FAILED;
    }
    git_oid_cpy(out, &branch);
    return FOUND;
}

static enum found find_abbreviated(const struct question *q, struct str digits, git_oid *out)
{
    git_oid part;
    git_oid whole;
    int status;

    if (digits.n < (q->of_remote ? TRUNCATED_MIN : ABBREVIATION_MIN) ||
        git_oid_fromstrn(&part, digits.p, digits.n) != 0)
        return NOT_FOUND;
    status = git_odb_exists_prefix(&whole, q->objects->odb, &part, digits.n);
    if (status == GIT_EAMBIGUOUS) {
        err_remedy(q->err, "give more digits");
        return fail(q, "is ambiguous", "several objects have an id that starts so");
    }
    if (status == GIT_ENOTFOUND)
        return NOT_FOUND;
    return status == 0 ? peel(q, &whole, out) : fail(q, "cannot be read", git_text());
}

/* git_repository_is_empty() asks besides whether HEAD names Git's default branch. */
static bool has_references(git_repository *repository)
{
    git_reference_iterator *all = NULL;
    const char *name;
    bool found = git_reference_iterator_new(&all, repository) == 0 &&
                 git_reference_next_name(&name, all) == 0;

    git_reference_iterator_free(all);
    return found;
}

static void say_not_found(const struct question *q)
{
    err_what(q->err, ERR_INPUT, "revision %.200s of %.200s was not found", q->revision, q->path);
    err_why(q->err, "%s",
            /* git-sync keeps none, only what it fetched */
            !has_references(q->repository) && !git_fetched_at(q->path)
                ? "nothing has been committed there"
            : git_repository_is_shallow(q->repository) == 1
                ? "no branch, tag or commit is called so; the clone is shallow"
                : "no branch, tag or commit is called so");
    err_remedy(q->err,
               "see git -C DIR show-ref; what only the remote has, git fetch --tags brings");
}

/* A clone's tags, by name. */
struct tags {
    git_strarray names;
    struct str *texts;
    bool *taken;
};

static bool read_tags(const struct question *q, struct tags *tags)
{
    if (git_tag_list(&tags->names, q->repository) != 0)
        return false;
    tags->texts = xcalloc(tags->names.count, sizeof *tags->texts);
    tags->taken = xcalloc(tags->names.count, sizeof *tags->taken);
    for (size_t i = 0; i < tags->names.count; i++)
        tags->texts[i] = str_from(tags->names.strings[i]);
    return true;
}

static void tags_clear(struct tags *tags)
{
    git_strarray_dispose(&tags->names);
    free(tags->texts);
    free(tags->taken);
}

/* All that Argo CD might take have to lead to one commit. */
static enum found find_taken(const struct question *q, const struct tags *tags, git_oid *out)
{
    bool is_first = true;

    for (size_t i = 0; i < tags->names.count; i++) {
        struct question one = *q;
        git_oid id;

        if (!tags->taken[i])
            continue;
        one.revision = tags->names.strings[i];
        if (find_name(&one, &id) != FOUND)
            return fail(q, "leads to no commit", "the tag it stands for cannot be read");
        if (!is_first && git_oid_cmp(&id, out) != 0)
            return fail(q, "is ambiguous",
                        "Argo CD takes one of several tags of equal versions, "
                        "and they lead to different commits");
        git_oid_cpy(out, &id);
        is_first = false;
    }
    return is_first ? NOT_FOUND : FOUND;
}

/* A range of versions, and what tagPrefix makes of a version. */
static enum found find_range(const struct question *q, git_oid *out)
{
    struct tags tags = {.texts = NULL};
    struct semver_question asked = {
        .revision = str_from(q->revision),
        .tag_prefix = str_from(q->tag_prefix),
        .argocd_major = q->argocd.major,
        .argocd_minor = q->argocd.minor,
    };
    AUTO(freep) char *name = NULL;
    struct question prefixed = *q;
    enum found found = NOT_FOUND;

    if (!semver_is_constraint(asked.revision) && asked.tag_prefix.n == 0)
        return NOT_FOUND;
    if (!read_tags(q, &tags))
        return fail(q, "cannot be looked for among the tags", git_text());
    asked.tags = tags.texts;
    asked.n_tags = tags.names.count;
    switch (semver_pick(&asked, tags.taken)) {
    case SEMVER_LITERAL:
        break;
    case SEMVER_PREFIXED:
        name = xasprintf("%s%s", q->tag_prefix, q->revision);
        prefixed.revision = name;
        found = find_name(&prefixed, out);
        break;
    case SEMVER_TAGS:
        found = find_taken(q, &tags, out);
        break;
    case SEMVER_NOT_KNOWN:
        found = fail(q, "is not known",
                     "releases of Argo CD read this range of versions differently, and "
                     "argocd.version is not set");
        break;
    }
    tags_clear(&tags);
    return found;
}

static enum found find(const struct question *q, git_oid *out)
{
    struct str text = str_from(q->revision);
    bool is_digits = is_hexadecimal(text);
    enum found found;

    if (is_digits && text.n == GIT_OID_HEXSZ) {
        git_oid id;

        /* hexadecimal throughout: cannot fail */
        (void)git_oid_fromstrn(&id, text.p, text.n);
        return peel(q, &id, out);
    }
    if (q->of_remote && (text.n == 0 || str_is(text, "HEAD")))
        return find_remote_head(q, out);
    if (str_is(text, "HEAD") || str_starts(text, STR("refs/")))
        return find_full_name(q, out);
    found = find_range(q, out);
    if (found == NOT_FOUND)
        found = find_name(q, out);
    if (found == NOT_FOUND && is_digits && text.n < GIT_OID_HEXSZ)
        found = find_abbreviated(q, text, out);
    return found;
}

bool git_find_commit(struct git_objects *objects, const char *path, const char *revision,
                     git_oid *out, struct err *err)
{
    struct question q = {
        .objects = objects,
        .repository = objects->repository,
        .path = path,
        .revision = revision,
        .tag_prefix = "",
        .remote = "",
        .url = "",
        .err = err,
    };
    enum found found = find(&q, out);

    if (found == NOT_FOUND)
        say_not_found(&q);
    return found == FOUND;
}

static bool has_references_of(git_repository *repository, const char *remote)
{
    AUTO(freep) char *glob = xasprintf("refs/remotes/%s/*", remote);
    git_reference_iterator *all = NULL;
    const char *name;
    bool found = git_reference_iterator_glob_new(&all, repository, glob) == 0 &&
                 git_reference_next_name(&name, all) == 0;

    git_reference_iterator_free(all);
    return found;
}

/* What a repository is a clone of. */
struct remote {
    char *name; /* NULL: nothing, it is a mirror, or what git-sync leaves */
    char *url;
};

/* "remote.NAME.url"; its name is empty where it is no such line. */
static struct str remote_of_url(const char *key)
{
    struct str text = str_from(key);

    if (!str_starts(text, STR("remote.")) || !str_ends(text, STR(".url")) ||
        text.n <= sizeof "remote..url" - 1)
        return STR("");
    return str_sub(text, sizeof "remote." - 1, text.n - (sizeof ".url" - 1));
}

/* "origin", or the only one that has a URL. Line by line: libgit2 1.5.1 loses memory when it looks
 * for lines by a pattern, as git_remote_list() and git_remote_lookup() do (git_regexp_search). */
static void find_remote(git_config *config, struct remote *out)
{
    git_config_iterator *all = NULL;
    git_config_entry *entry;
    bool is_origin = false;
    size_t n = 0;

    if (git_config_iterator_new(&all, config) != 0)
        return;
    while (!is_origin && git_config_next(&entry, all) == 0) {
        struct str name = remote_of_url(entry->name);

        if (!name.n || (out->name && str_is(name, out->name)))
            continue;
        is_origin = str_is(name, "origin");
        n++;
        free(out->name);
        free(out->url);
        *out = (struct remote){xstrndup(name), xstrdup(entry->value ? entry->value : "")};
    }
    git_config_iterator_free(all);
    if (!is_origin && n > 1) {
        free(out->name);
        free(out->url);
        *out = (struct remote){0};
    }
}

static struct remote remote_read(git_repository *repository)
{
    git_config *config = NULL;
    git_config *snapshot = NULL;
    struct remote remote = {0};

    if (git_repository_config(&config, repository) == 0 &&
        git_config_snapshot(&snapshot, config) == 0)
        find_remote(snapshot, &remote);
    git_config_free(snapshot);
    git_config_free(config);
    if (!remote.name)
        remote.name = xstrdup("origin");
    if (!has_references_of(repository, remote.name)) {
        free(remote.name);
        remote.name = NULL;
    }
    return remote;
}

static void remote_clear(struct remote *remote)
{
    free(remote->name);
    free(remote->url);
}

static void resolve(struct git_objects *objects, const char *path, const struct git_argocd *argocd,
                    const struct remote *remote, struct git_name *name)
{
    AUTO(freep)
    char *prefix = remote->name ? xasprintf("refs/remotes/%s/", remote->name) : xstrdup("");
    struct err err = {0};
    struct question q = {
        .objects = objects,
        .repository = objects->repository,
        .path = path,
        .revision = name->revision,
        .tag_prefix = name->tag_prefix,
        .argocd = *argocd,
        .of_remote = true,
        .remote = prefix,
        .url = remote->name && remote->url ? remote->url : "",
        .err = &err,
    };
    git_oid id;
    enum found found = find(&q, &id);

    if (found == NOT_FOUND)
        say_not_found(&q);
    if (found == FOUND)
        (void)git_oid_tostr(name->id.text, sizeof name->id.text, &id);
    else
        name->why = xstrdup(err.why[0] ? err.why : err.what);
}

bool git_resolve(const char *path, const struct git_argocd *argocd, struct git_name *names,
                 size_t n, struct err *err)
{
    struct git_objects objects = {0};
    struct remote remote = {0};
    bool good;

    if (!git_start()) {
        err_what(err, ERR_SYSTEM, "libgit2 cannot be started");
        return false;
    }
    good = git_objects_init(&objects, path, err);
    if (good)
        remote = remote_read(objects.repository);
    for (size_t i = 0; good && i < n; i++)
        resolve(&objects, path, argocd, &remote, &names[i]);
    remote_clear(&remote);
    git_objects_clear(&objects);
    git_stop();
    return good;
}
