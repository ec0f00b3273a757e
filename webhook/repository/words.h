/* words.h: which words of ours a file's bytes hold, found in one pass. */
#pragma once
#include "base/str.h"
#include <stdbool.h>

struct words {
    bool is_marked;              /* +argocd:skip-file-rendering */
    bool is_templated;           /* {{ */
    bool names_argoproj;         /* argoproj.io */
    bool names_external_secrets; /* external-secrets.io */
    /* Nothing that rules ask for can be made of the bytes, whether they parse or not: none of the
     * words that an object of such a kind spells, and nothing that hides a word. */
    bool is_plain;
};

struct words words_find(struct str bytes);
