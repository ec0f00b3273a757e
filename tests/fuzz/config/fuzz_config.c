/* fuzz_config.c: whatever a configuration file holds, it is read or refused with all four texts. */
#include "config/config.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct settings *s = NULL;
    struct err err = {0};
    char message[ERR_TEXT_MAX];

    if (config_parse((struct str){(const char *)data, size}, "c.yaml", "/etc", &s, &err)) {
        /* What was taken is complete: every later reader relies on it. */
        if (!s->listen[0] || !s->tls.certificate[0] || s->limits.connections == 0)
            abort();
        for (size_t i = 0; i < s->n_repositories; i++)
            if (!s->repositories[i].url || !s->repositories[i].path)
                abort();
        for (size_t i = 0; i < s->n_protected; i++)
            if (!s->protected_secrets[i].namespace || !s->protected_secrets[i].name)
                abort();
        for (size_t i = 0; i < s->n_exemptions; i++)
            if (!s->exemptions[i].namespace || !s->exemptions[i].name || !s->exemptions[i].reason ||
                !s->exemptions[i].reason[0] || s->exemptions[i].rule >= N_RULES)
                abort();
        settings_free(s);
        return 0;
    }
    if (s || err.kind == ERR_NONE || !err.what[0] || strncmp(err.where, "c.yaml", 6) != 0 ||
        !err_text(&err, message)[0])
        abort();
    return 0;
}
