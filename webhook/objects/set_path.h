/* set_path.h: how ApplicationSets match paths and cut them up. */
#pragma once
#include "base/str.h"
#include <stdbool.h>

/* Patterns are written by hand; one that is longer matches nothing here. */
enum { SET_PATH_MAX_PATTERN = 4096 };

/*
 * As Go's path.Match: * and ? leave '/' out, [a-z] [^a-z] and \c as there. A pattern with a syntax
 * error matches nothing, as the directories generator has it (applicationset/generators/git.go,
 * filterApps).
 */
bool set_path_match(struct str pattern, struct str path);

/*
 * As `git ls-files -- <pathspec>` selects a file, which is how the files generator finds its files
 * unless the repo-server was started with --enable-new-git-file-globbing (util/git/client.go,
 * LsFiles): * and ? match '/' too, and a path without wildcards stands for all that lies below it.
 * False in *known for what is not imitated here: brackets, braces, backslashes, `:` in front, and
 * patterns for which the other way of globbing would select something else.
 */
bool set_path_selects(struct str pattern, struct str file, bool *known);

/* path.Base and path.Dir of a clean relative path. */
struct str set_path_base(struct str path);
struct str set_path_dir(struct str path);

/* SanitizeName (applicationset/utils/template_functions.go): lower case, everything but letters,
 * digits, '-' and '.' becomes '-', at most 253 bytes, no '-' or '.' at the ends. The caller frees
 * it. Outside ASCII Go's lower case is not imitated: NULL. */
char *set_path_normalize(struct str text);
