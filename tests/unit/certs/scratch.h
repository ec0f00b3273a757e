/* scratch.h: a temporary directory as working directory, and the files of one certificate test. */
#pragma once
#include "base/attr.h"
#include "base/err.h"
#include "certs/certs.h"
/* clang-format off */
#include <setjmp.h> /* cmocka.h wants these before itself */
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

/* 2026-01-01T00:00:00Z: dates in messages are the same at every run. */
#define SCRATCH_NOW INT64_C(1767225600)

/* cmocka setup and teardown: a new directory becomes the working directory, and goes again. */
int scratch_enter(void **state);
int scratch_leave(void **state);

/* Runs a shell command; the test fails with its text unless it ends with 0. */
void scratch_run(const char *command);
/* The first bytes of a file, NUL-terminated; freed by the caller. */
char *scratch_read(const char *file);
void scratch_write(const char *file, const char *text);
unsigned scratch_mode(const char *file);

/* certs_issue() into `directory` at SCRATCH_NOW: 30 days, CA 60 days, for a.example. */
void scratch_issue(const char *directory);
/* The error must be exactly this text (err_text()). */
void scratch_assert_err(const struct err *err, const char *text);
