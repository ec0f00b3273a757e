/* junit.h: the findings of a run over many objects as a JUnit report, for a merge request. */
#pragma once
#include "report/check_report.h"

/*
 * One test case an object, named by kind, namespace and name: stable when its file moves, and
 * unique, because GitLab shows one of several cases with a name. One that stands in several files
 * is one case with the findings of all.
 *   denied      failure
 *   undecided   skipped: neither passed nor failed
 *   otherwise   passed; what does not deny stands in its system-out
 * Notes stand in the suite's system-out. Everything is escaped: the text is XML 1.0 whatever names
 * and files hold.
 * Source: GitLab's "Unit test reports" (elements and attributes that are read); XML 1.0, 2.2 Char.
 */
void junit_write(const struct check_report *report, struct buf *out);
