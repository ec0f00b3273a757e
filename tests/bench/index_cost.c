/* index_cost.c: what reading a repository costs: prints one line, the figures of tests/bench/index.
 */
#include "base/mem.h"
#include "repository/repository.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Of the processor: the figures are those of one core, whatever else the machine does. */
static double now_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Of this process, in kilobytes (proc_pid_status(5)). */
static long resident_anonymous(void)
{
    FILE *status = fopen("/proc/self/status", "re");
    char line[256];
    long kb = -1;

    while (status && kb < 0 && fgets(line, sizeof line, status))
        if (strncmp(line, "RssAnon:", 8) == 0)
            kb = strtol(line + 8, NULL, 10);
    if (status)
        (void)fclose(status);
    return kb;
}

static struct repository *load(const char *path, const char *revision,
                               const struct repository *former, double *ms)
{
    struct repository_spec spec = {
        .path = path,
        .revision = revision,
        .former = &former,
        .n_former = former != NULL,
    };
    struct repository *r = NULL;
    struct err err = {0};
    char text[ERR_TEXT_MAX];
    double start = now_ms();

    if (!repository_load(&spec, 0, &r, &err)) {
        (void)fprintf(stderr, "%s\n", err_text(&err, text));
        exit(2);
    }
    *ms = now_ms() - start;
    return r;
}

static void show(const char *what, const struct repository *r, double ms)
{
    struct repository_cost cost = repository_cost(r);

    /* what, files, read, bytes, parsed, skipped, shared, milliseconds, kilobytes resident */
    (void)printf("%s %zu %zu %llu %zu %zu %zu %.1f %ld\n", what, cost.n_files, cost.n_read,
                 (unsigned long long)cost.n_bytes, cost.n_parsed, cost.n_skipped, cost.n_shared, ms,
                 resident_anonymous());
}

/* REVISION "-": the files as they lie there. Another: what changed since, or after COMMAND. */
int main(int argc, char **argv)
{
    const char *revision = argc > 2 && strcmp(argv[2], "-") != 0 ? argv[2] : NULL;
    struct repository *first;
    struct repository *second;
    double ms;

    if (argc < 3 || argc > 4) {
        (void)fprintf(stderr, "usage: %s PATH REVISION [REVISION|COMMAND]\n", argv[0]);
        return 2;
    }
    first = load(argv[1], revision, NULL, &ms);
    show("first", first, ms);
    if (argc == 4) {
        if (!revision && system(argv[3]) != 0) /* NOLINT(cert-env33-c): the script's own command */
            return 2;
        second = load(argv[1], revision ? argv[3] : NULL, first, &ms);
        show("second", second, ms);
        repository_free(first);
        repository_free(second);
    } else {
        repository_free(first);
    }
    return 0;
}
