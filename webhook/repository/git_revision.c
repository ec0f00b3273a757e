/* git_revision.c: which commit a text names. */
#include "base/mem.h"
#include "base/str.h"
#include "repository/git_library.h"
#include "repository/git_objects.h"
#include <string.h>

enum {
    ABBREVIATION_MIN = 4, /* gitrevisions(7): fewer digits are no abbreviation */
    TAGS_MAX = 16,        /* tags of tags; nobody makes more than one of another */
};

/* Where a name is looked for; the first that has it wins. */
static const char *const branches[] = {
    "refs/heads/", "refs/remotes/origin/", /* a clone has most branches only so */
    "refs/remotes/",                       /* "origin/main", as Git takes it as well */
    "refs/", /* "pull/1/head", which go-git shortens to (ReferenceName.Short) */
};

enum found { FOUND, NOT_FOUND, FAILED };

struct question {
    const struct git_objects *objects;
    git_repository *repository; /* theirs */
    const char *path;
    const char *revision;
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

static enum found find_branch(const struct question *q, git_oid *out)
{
    enum found found = NOT_FOUND;

    for (size_t i = 0; found == NOT_FOUND && i < ARRAY_LEN(branches); i++)
        found = find_reference(q, branches[i], out);
    return found;
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

    if (digits.n < ABBREVIATION_MIN || git_oid_fromstrn(&part, digits.p, digits.n) != 0)
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

/* "v1.*", "1.x", ">=1.2", "~1": what Argo CD compares with tags. No name of a reference, and no
 * version, looks so; "1.x" may, and is a reference where there is one. */
static bool is_constraint(struct str text)
{
    struct str part;

    if (!text.n)
        return false;
    if (strchr("<>=!~^*", text.p[0]))
        return true;
    if (str_starts(text, STR("v")))
        text = str_sub(text, 1, text.n);
    if (!text.n || text.p[0] < '0' || text.p[0] > '9')
        return false;
    while (str_split(&text, '.', &part))
        if (str_is(part, "*") || str_is(part, "x") || str_is(part, "X"))
            return true;
    return false;
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
    if (is_constraint(str_from(q->revision))) {
        err_what(q->err, ERR_INPUT, "a range of versions, %.200s, is not supported yet",
                 q->revision);
        err_remedy(q->err, "give the tag that it leads to");
        return;
    }
    err_what(q->err, ERR_INPUT, "revision %.200s of %.200s was not found", q->revision, q->path);
    err_why(q->err, "%s",
            !has_references(q->repository) ? "nothing has been committed there"
            : git_repository_is_shallow(q->repository) == 1
                ? "no branch, tag or commit is called so; the clone is shallow"
                : "no branch, tag or commit is called so");
    err_remedy(q->err,
               "see git -C DIR show-ref; what only the remote has, git fetch --tags brings");
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
    if (str_is(text, "HEAD") || str_starts(text, STR("refs/")))
        return find_reference(q, "", out);
    found = find_name(q, out);
    if (found == NOT_FOUND && is_digits && text.n < GIT_OID_HEXSZ)
        found = find_abbreviated(q, text, out);
    return found;
}

bool git_find_commit(const struct git_objects *objects, const char *path, const char *revision,
                     git_oid *out, struct err *err)
{
    struct question q = {
        .objects = objects,
        .repository = objects->repository,
        .path = path,
        .revision = revision,
        .err = err,
    };
    enum found found = find(&q, out);

    if (found == NOT_FOUND)
        say_not_found(&q);
    return found == FOUND;
}
