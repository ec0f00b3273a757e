/* sample.h: a check report with findings of every outcome and with hostile texts, for writers. */
#pragma once
#include "report/check_report.h"

/*
 * Application argocd/plain     nothing found
 * Application argocd/root      denied (apps/root.yaml:4) and undecided (copy of root.yaml:9)
 * Application argocd/unsure    undecided, and a warning
 * ExternalSecret team/exempt   exempted, no file
 * ValidatingWebhookConfiguration guard, /tmp/w:1.yaml, denied
 * Application argocd/<hostile> denied; name, file and evidence full of markup and controls
 * and two notes. Freed by check_report_free().
 */
struct check_report *sample_report(void);
