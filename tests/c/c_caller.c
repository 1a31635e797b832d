/* usage: c_caller VERB REQUEST [stop|early]: one call of the C border, its document on standard output, its status as exit status.
 * With `stop` the call is cancelled from a signal handler at its first progress, with `early` before it is made. */
#include <rpixen.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>

static rpixen_context *context;
static unsigned long calls;

static void on_signal(int signal) {
    (void)signal;
    rpixen_cancel(context);
}

static void progress(void *user, const char *phase, uint64_t done, uint64_t total) {
    (void)phase;
    (void)done;
    (void)total;
    ++calls;
    if (user) raise(SIGUSR1);
}

static void note(void *user, const char *text) {
    (void)user;
    fprintf(stderr, "note: %s\n", text);
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        int (*call)(rpixen_context *, const char *, char **);
    } verbs[] = {{"plan", rpixen_plan},
                 {"compose", rpixen_compose},
                 {"check", rpixen_check},
                 {"inspect", rpixen_inspect},
                 {"diff", rpixen_diff},
                 {"verify", rpixen_verify},
                 {"release", rpixen_release},
                 {"verify-release", rpixen_verify_release},
                 {"diagnose", rpixen_diagnose},
                 {"boot", rpixen_boot},
                 {"watch-board", rpixen_watch_board},
                 {"inputs", rpixen_inputs},
                 {"flash", rpixen_flash},
                 {"disks", rpixen_disks},
                 {"matrix", rpixen_matrix},
                 {"propose", rpixen_propose}};
    if (argc < 3) return 99;
    context = rpixen_context_new();
    signal(SIGUSR1, on_signal);
    rpixen_watch(context, progress, note, argc > 3 ? argv[3] : NULL);
    if (argc > 3 && strcmp(argv[3], "early") == 0) raise(SIGUSR1);
    for (size_t index = 0; index < sizeof(verbs) / sizeof(verbs[0]); ++index) {
        if (strcmp(verbs[index].name, argv[1]) != 0) continue;
        char *document = NULL;
        const int status = verbs[index].call(context, argv[2], &document);
        fputs(document ? document : "no document", stdout);
        fprintf(stderr, "progress: %lu\n", calls);
        rpixen_free(document);
        rpixen_context_free(context);
        return status;
    }
    return 98;
}
