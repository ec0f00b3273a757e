/* fixture.h: a repository in a temporary directory, and what a source of it renders, as text. */
#pragma once
#include "base/attr.h"
#include "repository/repository.h"

struct fixture {
    char directory[64];
    struct repository *repository; /* NULL until fixture_load() */
};

/* An Application and a ConfigMap as files hold them. */
#define APP_NS(namespace, name)                                                                    \
    "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  name: " name                \
    "\n  namespace: " namespace "\n"
#define APP(name) APP_NS("argocd", name)
#define CONFIG_MAP(name) "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: " name "\n"

void fixture_init(struct fixture *f);
/* Removes the directory with all in it, whatever permissions a test gave it. */
void fixture_clear(struct fixture *f);
/* Cleared and empty again, for the next case of a table: a failing case leaves nothing behind. */
void fixture_renew(struct fixture *f);
/* Writes a file, making the directories above it. */
void mkfile(const struct fixture *f, const char *path, const char *text);
void mkbytes(const struct fixture *f, const char *path, const void *bytes, size_t n);
void mkdirs(const struct fixture *f, const char *path);
void mklink(const struct fixture *f, const char *path, const char *target);
/* The path inside the fixture's directory; the caller frees it. */
char *fixture_path(const struct fixture *f, const char *path);
/* Pairs of path and text, ended by NULL. */
void mkfiles(const struct fixture *f, const char *path, ...);

/* Loads (again) what has been written; where this is built with FIXTURE_AT_COMMIT, from a commit of
 * it. */
void fixture_load(struct fixture *f);
/* The same as an index of its own, which the caller frees. former: to share with, or NULL. */
struct repository *fixture_index(const struct fixture *f, bool parse_all,
                                 const struct repository *former);

/* Files are told from later ones by the coarse clock, which moves in steps and stays behind by one
 * even then: Linux since 6.13 stamps by the precise clock what has been looked at (its
 * "multigrain timestamps"), so it has to pass the precise one. */
void let_the_clock_move(void);

/* Runs a shell script in the fixture's directory, with git's configuration and clock ours alone;
 * $1 is `argument`. What it prints, without the last line end; valid until the next call. */
const char *run_in(const struct fixture *f, const char *script, const char *argument);
/* What `git init` wants besides: a Git directory beside the files, as $GIT_DIR, and all committed.
 */
extern const char commit_beside[];

/*
 * Renders a source for app `root` with destination namespace "default", as one line:
 * "COMPLETE", "PARTIAL why" or "FAILS why", then " | kind namespace/name" for each object (with
 * " hook" or " skip" behind it), then " | no more argoproj" and " | no more external-secrets".
 * Valid until the next call.
 */
const char *rendered(const struct fixture *f, const struct source *source);
/* The same of a rendering that is there. */
const char *rendering_text(const struct rendering *r);
const char *rendered_with(const struct fixture *f, const struct source *source,
                          enum tri skips_marked_files);
/* The same for a directory source, nothing but its path given. */
const char *rendered_path(const struct fixture *f, const char *path);

/* All manifests as "file:line kind namespace/name", '|' between them. Valid until the next call. */
const char *listed(const struct fixture *f);
/* All notes as "file:line text", '|' between them. Valid until the next call. */
const char *noted(const struct fixture *f);

/* fixture_init() and fixture_clear() as cmocka wants them; *state is the fixture. */
int fixture_setup(void **state);
int fixture_teardown(void **state);
