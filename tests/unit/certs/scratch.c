#include "scratch.h"
#include "base/mem.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int scratch_enter(void **state)
{
    char *directory = xstrdup("/tmp/syncguard-certs.XXXXXX");

    *state = directory;
    return mkdtemp(directory) && chdir(directory) == 0 ? 0 : -1;
}

int scratch_leave(void **state)
{
    AUTO(freep) char *command = xasprintf("rm -rf '%s'", (char *)*state);
    int status = chdir("/");

    free(*state);
    return status == 0 && system(command) == 0 ? 0 : -1; /* NOLINT(cert-env33-c): our own text */
}

void scratch_run(const char *command)
{
    int status = system(command); /* NOLINT(cert-env33-c): our own text */

    if (status != 0)
        fail_msg("status %d from: %s", status, command);
}

char *scratch_read(const char *file)
{
    char *text = xcalloc(1, 65536);
    FILE *in = fopen(file, "re");

    assert_non_null(in);
    assert_true(fread(text, 1, 65535, in) < 65535);
    assert_int_equal(fclose(in), 0);
    return text;
}

void scratch_write(const char *file, const char *text)
{
    FILE *out = fopen(file, "we");

    assert_non_null(out);
    assert_int_equal(fwrite(text, 1, strlen(text), out), strlen(text));
    assert_int_equal(fclose(out), 0);
}

unsigned scratch_mode(const char *file)
{
    struct stat st;

    assert_int_equal(stat(file, &st), 0);
    return st.st_mode & 07777;
}

void scratch_issue(const char *directory)
{
    const char *names[] = {"a.example"};
    struct certs_issue_options options = {
        .directory = directory,
        .names = names,
        .n_names = 1,
        .days = 30,
        .ca_days = 60,
        .now = SCRATCH_NOW,
    };
    struct err err = {0};

    if (!certs_issue(&options, &err))
        fail_msg("%s: %s %s", err.where, err.what, err.why);
}

void scratch_assert_err(const struct err *err, const char *text)
{
    char got[ERR_TEXT_MAX];

    assert_string_equal(err_text(err, got), text);
}
