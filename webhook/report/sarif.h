/* sarif.h: the findings of a run over many objects as a SARIF log, for code scanning. */
#pragma once
#include "report/check_report.h"

/*
 * One SARIF 2.1.0 log with one run. A file is a URI relative to %SRCROOT%, the repository's root.
 * version  of this program; borrowed.
 * Source: OASIS SARIF 2.1.0; GitHub's "SARIF support for code scanning" (at least one location
 * a result, help.text).
 */
void sarif_write(const struct check_report *report, const char *version, struct buf *out);
