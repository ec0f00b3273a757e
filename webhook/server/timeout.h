/* timeout.h: the `?timeout=` of a webhook call, a duration as Go writes it. */
#pragma once
#include <stdbool.h>

/*
 * Milliseconds of "10s", "1m30s", "500ms", "1.5s" (units ns, us, µs, ms, s, m, h), rounded up to
 * one. False when `text` is no positive duration, or longer than a day.
 * Source: Go's time.ParseDuration; the API server sends the webhook's timeoutSeconds this way.
 */
bool timeout_parse(const char *text, unsigned *out_ms);
