/* setup.h: the settings and facts that check and explain judge with. */
#pragma once
#include "commands/options.h"
#include "config/settings.h"
#include "facts/facts.h"
#include <stdio.h>

/* The options both commands share, for their tables. */
#define SETUP_OPTIONS                                                                              \
    {"--config", "FILE", OPTION_VALUE, "settings (YAML); the defaults without it"},                \
        {"--repository", "URL=DIR[@REVISION]", OPTION_LIST,                                        \
         "DIR holds what Applications call URL; give one for each. A DIR given twice is one "      \
         "repository with two names. With @REVISION (a branch, tag or commit), what the Git "      \
         "repository in DIR, bare or not, holds there, without a checkout"},                       \
    {                                                                                              \
        "--exact-revisions", NULL, OPTION_FLAG,                                                    \
            "a Git repository in DIR is read at each targetRevision, as its last fetch left it, "  \
            "instead of standing for all of them as it lies there"                                 \
    }

/*
 * The settings of --config with the repositories of --repository added; one that the
 * configuration names as well is read from DIR instead.
 * out  owned by the caller (settings_free()).
 * Fails with ERR_CONFIG: the configuration's own errors, an option without '=', or with an empty
 * URL, DIR or REVISION. Whether there is such a revision, setup_facts() finds out.
 */
bool setup_settings(const struct options *o, struct settings **out, struct err *err) MUST_CHECK;

/* Adds `directory`, a Git work tree, under the URL of its origin; fails when it has none. */
bool setup_add_work_tree(const struct options *o, struct settings *s, const char *directory,
                         struct err *err) MUST_CHECK;

/*
 * Loads the facts. Fails with ERR_SYSTEM when a repository cannot be read: whoever named it wants
 * it judged. settings: borrowed by *out, which the caller gives back by facts_unref().
 * for_check  what the repositories define counts as applied, and tracking that is not known as
 *            tracking by label.
 */
bool setup_facts(const struct options *o, const struct settings *settings, bool for_check,
                 int64_t now, struct facts **out, struct err *err) MUST_CHECK;
/*
 * Where judging asked for revisions that had not been read: reads them, and puts other facts in the
 * place of *facts. False where nothing is missing, or nothing more comes of it.
 */
bool setup_facts_again(const struct options *o, const struct settings *settings, int64_t now,
                       struct facts **facts);
