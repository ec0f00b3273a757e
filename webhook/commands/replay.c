#include "commands/replay.h"
#include "commands/console.h"
#include "commands/setup.h"
#include "report/replay.h"
#include <time.h>

/* Full tables with escaped names and messages take less. */
#define REPORT_MAX ((size_t)256 * 1024 * 1024)

int replay_run(const struct command *command, const struct options *o)
{
    AUTO(settings_freep) struct settings *settings = NULL;
    AUTO(facts_unrefp) struct facts *facts = NULL;
    AUTO(replay_freep) struct replay *replay = NULL;
    AUTO(buf_clearp) struct buf out = {.max = REPORT_MAX};
    struct err err = {0};
    int64_t now = time(NULL);
    unsigned rounds = 8; /* each reads the revisions that the one before asked for */
    int64_t since;
    bool json;

    if (!log_files_read_format(o, &json, &err) || !log_files_read_since(o, now, &since, &err) ||
        !setup_settings(o, &settings, &err) || !setup_facts(o, settings, false, now, &facts, &err))
        return console_unable(command, &err);
    for (;;) {
        replay = replay_new(facts, now, since);
        if (!log_files_read(o, replay_lines(replay), &err))
            return console_unable(command, &err);
        if (!facts_wants_more(facts) || !log_files_can_be_read_again(o) || rounds-- == 0)
            break;
        replay_free(steal(&replay));
        (void)setup_facts_again(o, settings, now, &facts);
    }
    if (json)
        replay_json(replay, &out);
    else
        replay_text(replay, options_has(o, "--verbose"), &out);
    return console_print(command, &out, replay_differs(replay) ? EXIT_DENIED : EXIT_OK);
}
