/* git.h: what a Git directory says of itself; the only door to libgit2. */
#pragma once
#include <stdbool.h>

/* Whether `path` is a bare Git repository (or the .git directory of another). */
bool git_is_bare(const char *path);
