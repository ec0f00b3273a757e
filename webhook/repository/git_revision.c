/* git_revision.c: which commit a text names. */
#include "base/mem.h"
#include "base/str.h"
#include "repository/git.h"
#include "repository/git_library.h"
#include "repository/git_names.h"
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
    struct git_names *names;
    bool *is_broken; /* set where what is there cannot be read, as it may be in a while */
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

/* What lies there may be another the next time: a crash, or a copy under way. */
static enum found fail_for_now(const struct question *q, const char *what, const char *why)
{
    *q->is_broken = true;
    return fail(q, what, why);
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
        return fail_for_now(q, "leads to no commit", git_text());
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
            return fail_for_now(q, "leads to no commit", why);
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
    const char *why = NULL;
    git_oid id;

    switch (git_names_find(q->names, name, &id, &why)) {
    case GIT_FOUND:
        return peel(q, &id, out);
    case GIT_BROKEN:
        return fail_for_now(q, "cannot be read", why);
    case GIT_NOT_FOUND:
        break;
    }
    return NOT_FOUND;
}

/* revision  NULL: what was fetched without a name, which is the remote's HEAD. */
static enum found find_fetched(const struct question *q, const char *revision, git_oid *out)
{
    const char *why = NULL;
    git_oid id;

    switch (git_names_fetched(q->names, revision, q->url, &id, &why)) {
    case GIT_FOUND:
        return peel(q, &id, out);
    case GIT_BROKEN:
        return fail_for_now(q, "cannot be read", why);
    case GIT_NOT_FOUND:
        break;
    }
    return NOT_FOUND;
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
    AUTO(freep) char *head = q->remote[0] ? git_names_target(q->names, "HEAD") : NULL;
    struct question branch = *q;
    enum found found = NOT_FOUND;

    if (head && str_starts(str_from(head), STR("refs/heads/"))) {
        branch.revision = head + sizeof "refs/heads/" - 1;
        found = find_reference(&branch, q->remote, out);
    }
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

static void say_not_found(const struct question *q)
{
    err_what(q->err, ERR_INPUT, "revision %.200s of %.200s was not found", q->revision, q->path);
    err_why(q->err, "%s",
            /* git-sync keeps none, only what it fetched */
            !git_names_has(q->names, "refs/") && !git_fetched_at(q->path)
                ? "nothing has been committed there"
            : git_layout_is_shallow(&q->objects->layout)
                ? "no branch, tag or commit is called so; the clone is shallow"
                : "no branch, tag or commit is called so");
    err_remedy(q->err,
               "see git -C DIR show-ref; what only the remote has, git fetch --tags brings");
}

/* All that Argo CD might take have to lead to one commit. */
static enum found find_taken(const struct question *q, const struct semver_question *asked,
                             const bool *taken, git_oid *out)
{
    bool is_first = true;

    for (size_t i = 0; i < asked->n_tags; i++) {
        AUTO(freep) char *name = NULL;
        struct question one = *q;
        git_oid id;

        if (!taken[i])
            continue;
        name = xstrndup(asked->tags[i]);
        one.revision = name;
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
    struct semver_question asked = {
        .revision = str_from(q->revision),
        .tag_prefix = str_from(q->tag_prefix),
        .argocd_major = q->argocd.major,
        .argocd_minor = q->argocd.minor,
    };
    AUTO(freep) char *name = NULL;
    AUTO(freep) bool *taken = NULL;
    struct question prefixed = *q;
    enum found found = NOT_FOUND;
    const char *why = NULL;

    if (!semver_is_constraint(asked.revision) && asked.tag_prefix.n == 0)
        return NOT_FOUND;
    if (!git_names_tags(q->names, &asked.tags, &asked.n_tags, &why))
        return fail_for_now(q, "cannot be looked for among the tags", why);
    taken = xcalloc(asked.n_tags + 1, sizeof *taken);
    switch (semver_pick(&asked, taken)) {
    case SEMVER_LITERAL:
        break;
    case SEMVER_PREFIXED:
        name = xasprintf("%s%s", q->tag_prefix, q->revision);
        prefixed.revision = name;
        found = find_name(&prefixed, out);
        break;
    case SEMVER_TAGS:
        found = find_taken(q, &asked, taken, out);
        break;
    case SEMVER_NOT_KNOWN:
        found = fail(q, "is not known",
                     "releases of Argo CD read this range of versions differently, and "
                     "argocd.version is not set");
        break;
    }
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
    struct git_names *names = git_names_new(&objects->layout);
    bool is_broken;
    struct question q = {
        .objects = objects,
        .repository = objects->repository,
        .path = path,
        .revision = revision,
        .tag_prefix = "",
        .names = names,
        .is_broken = &is_broken,
        .remote = "",
        .url = "",
        .err = err,
    };
    enum found found = find(&q, out);

    if (found == NOT_FOUND)
        say_not_found(&q);
    git_names_free(names);
    return found == FOUND;
}

/* The prefix of the references of the remote that this is a clone of; "" where it is none, but a
 * mirror, or what git-sync leaves. Owned by the caller. */
static char *remote_prefix(const struct git_setup *setup, struct git_names *names)
{
    AUTO(freep)
    char *prefix = xasprintf("refs/remotes/%s/", setup->remote ? setup->remote : "origin");

    return git_names_has(names, prefix) ? steal(&prefix) : xstrdup("");
}

/* all: the question, but for what it asks. */
static void resolve(const struct question *all, struct git_name *name)
{
    struct err err = {0};
    struct question q = *all;
    git_oid id;
    enum found found;

    q.revision = name->revision;
    q.tag_prefix = name->tag_prefix;
    q.is_broken = &name->is_broken;
    q.err = &err;
    found = find(&q, &id);
    if (found == FOUND) {
        (void)git_oid_tostr(name->id.text, sizeof name->id.text, &id);
        return;
    }
    if (found == NOT_FOUND) {
        say_not_found(&q);
        /* what was there may be again once a fetch has come to its end */
        name->is_broken = git_fetched_at(q.path) == GIT_FETCH_FAILED;
    }
    name->why = xstrdup(err.why[0] ? err.why : err.what);
}

static void resolve_all(struct git_objects *objects, const char *path,
                        const struct git_argocd *argocd, struct git_name *wanted, size_t n)
{
    struct git_names *names = git_names_new(&objects->layout);
    AUTO(freep) char *prefix = remote_prefix(&objects->setup, names);
    const struct question q = {
        .objects = objects,
        .repository = objects->repository,
        .path = path,
        .names = names,
        .argocd = *argocd,
        .of_remote = true,
        .remote = prefix,
        .url = prefix[0] && objects->setup.url ? objects->setup.url : "",
    };

    for (size_t i = 0; i < n; i++)
        resolve(&q, &wanted[i]);
    git_names_free(names);
}

bool git_resolve(const char *path, struct git_memo *memo, const struct git_argocd *argocd,
                 struct git_name *names, size_t n, struct err *err)
{
    struct git_objects objects = {0};
    bool good;

    if (!git_start()) {
        err_what(err, ERR_SYSTEM, "libgit2 cannot be started");
        return false;
    }
    good = git_objects_init(&objects, path, memo, err);
    if (good)
        resolve_all(&objects, path, argocd, names, n);
    git_objects_clear(&objects);
    git_stop();
    return good;
}
