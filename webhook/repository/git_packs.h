/* git_packs.h: whether the indices of a repository's packs are whole, before libgit2 trusts them.
 */
#pragma once
#include "base/attr.h"
#include "base/err.h"

struct git_memo;

/*
 * libgit2 1.5.1 reads where an index points without looking whether that lies in the file, and so a
 * damaged one ends the process. Checks the checksum of each index in `objects`/pack; that its
 * tables fit into it and each other; that its offsets lie in the pack; and that the pack beside it
 * is the one it was made for. Of a multi-pack-index, its checksum and the number of packs that it
 * says it is of, for which libgit2 allocates. Takes some milliseconds for 100,000 objects, once for
 * each index where there is a memo. A commit-graph is not asked for: libgit2 checks its sum itself.
 * Fails with ERR_INPUT, naming the file. Source: gitformat-pack(5), "pack-*.idx files have the
 * following format", "multi-pack-index (MIDX) files have the following format".
 */
bool git_packs_check(const char *objects, struct git_memo *memo, struct err *err) MUST_CHECK;
