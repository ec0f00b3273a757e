/* semver.h: which tags a targetRevision such as "1.x" stands for, as Argo CD resolves it. */
#pragma once
#include "base/str.h"
#include "base/tri.h"

/*
 * How Argo CD (>= 2.12) looks a Git targetRevision up, in this order:
 *   1. 40 hexadecimal digits are the commit; "" is HEAD.
 *   2. semver_pick() is asked, before any name is looked up: a tag that a range fits goes before a
 *      branch that is called as the range is written. A version, even one in part ("1.2", "v1"), is
 *      no range, so nothing but a reference of that very name will do.
 *   3. SEMVER_TAGS: >= 3.1 goes on with the *name* of the tag, so that a branch of the same name is
 *      taken as well (the references come out of a Go map, in no order); before that with its
 *      commit. Otherwise, also where no tag fits: the revision as it is written goes on.
 *   4. The reference whose full name that is, or whose name without refs/, refs/heads/, refs/tags/
 *      or refs/remotes/ (the longest that fits: "heads/main" finds nothing).
 *   5. 7 or more hexadecimal digits are taken for a commit's abbreviated id.
 * Source: argo-cd v2.12.0 ... v3.5.1 util/git/client.go (lsRemote, resolveSemverRevision),
 * util/versions/tags.go (MaxVersion); Masterminds/semver v3.2.0 ... v3.4.0.
 */

/* The releases that Argo CD was built with, as far as they differ. */
enum semver_library {
    SEMVER_3_2_0, /* Debian 12's, which the tests compare with; no Argo CD that resolves ranges */
    SEMVER_3_2_1, /* to 3.3.0: a range of versions may stand before another condition */
    SEMVER_3_3_1, /* a number with a leading zero is no version */
    SEMVER_3_4_0, /* it is one again; "with prereleases" holds for all conditions of a group */
    N_SEMVER_LIBRARIES,
};

/* A longer revision is not looked at. */
enum { SEMVER_MAX_REVISION = 1024 };

struct semver_question {
    struct str revision; /* targetRevision */
    /* The names without refs/tags/, in any order. */
    const struct str *tags;
    size_t n_tags;
    struct str tag_prefix; /* of the source, Argo CD >= 3.5: only tags with it count, compared
                              without it. Empty for none */
    /* argocd.version; 0.0: not known, and so only what all of them agree on. */
    unsigned argocd_major;
    unsigned argocd_minor;
};

enum semver_found {
    SEMVER_LITERAL,   /* the revision is looked up as it is written */
    SEMVER_PREFIXED,  /* so it is, with tag_prefix before it */
    SEMVER_TAGS,      /* one of the tags that are marked in `taken` */
    SEMVER_NOT_KNOWN, /* Argo CD's releases differ, or past our limit */
};

/*
 * taken  room for n_tags marks, all of which are written; only SEMVER_TAGS sets any. Versions that
 * differ in nothing that counts
 *        ("1.0.0", "v1.0", "1.0.0+build") are all marked where they are the highest: Argo CD takes
 *        any of them. So may releases of Argo CD. Only where all lead to one commit it is known.
 */
enum semver_found semver_pick(const struct semver_question *q, bool *taken);

/* Whether a tag may be asked for: no version, and a range to some release of the library. */
bool semver_is_constraint(struct str revision);

/* For comparisons with the library: the same as one release of it, and of Argo CD, does it. */
struct semver_practice {
    enum semver_library library;
    bool is_strict; /* Argo CD >= 3.1: one tag with a number too large, or with a zero before a
                       prerelease's number, and no tag fits. Before that such tags were passed over,
                       and nothing below 0.0.0 was found */
};
enum semver_found semver_pick_as(const struct semver_practice *p, const struct semver_question *q,
                                 bool *taken);
