/* files.h: which directories a path leads through that may be exchanged under it. */
#pragma once

/*
 * Calls `visit` for each place that has to be readable so that `path` can be read now and after an
 * exchange: see sandbox_limit_files(). Places may come more than once.
 */
void files_of_path(const char *path, void (*visit)(const char *place, void *closure),
                   void *closure);
