/* nearest.h: the known word a mistyped one was probably meant to be. */
#pragma once
#include "base/str.h"

/*
 * The word with the smallest distance (inserted, left out, changed or swapped letters, upper and
 * lower case taken as equal), if it is small beside the word's length; else NULL. The first of
 * several equals wins.
 */
const char *nearest_word(struct str typed, const char *const *words, size_t n_words);
