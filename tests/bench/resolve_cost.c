/* resolve_cost.c: what resolving names costs: prints the milliseconds of one load, and how many
 * led to a commit. */
#include "base/mem.h"
#include "repository/git.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { NAMES_MAX = 32 }; /* as facts ask for them */

/* Of the processor. */
static double now_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

int main(int argc, char **argv)
{
    struct git_name names[NAMES_MAX] = {{0}};
    const struct git_argocd argocd = {.major = 3, .minor = 5};
    size_t n = 0;
    size_t n_found = 0;
    struct err err = {0};
    char text[ERR_TEXT_MAX];
    double start;
    double took;

    if (argc < 3 || argc > 2 + NAMES_MAX) {
        (void)fprintf(stderr, "usage: %s PATH REVISION...\n", argv[0]);
        return 2;
    }
    for (int i = 2; i < argc; i++)
        names[n++] = (struct git_name){.revision = argv[i], .tag_prefix = ""};
    start = now_ms();
    if (!git_resolve(argv[1], NULL, &argocd, names, n, &err)) {
        (void)fprintf(stderr, "%s\n", err_text(&err, text));
        return 2;
    }
    took = now_ms() - start;
    for (size_t i = 0; i < n; i++) {
        n_found += names[i].id.text[0] != '\0';
        free(names[i].why);
    }
    (void)printf("%.1f %zu\n", took, n_found);
    return 0;
}
