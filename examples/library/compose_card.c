/* The same in C: requests and results are JSON. cc compose_card.c $(pkg-config --cflags --libs rpixen) */
#include <rpixen.h>

#include <signal.h>
#include <stdio.h>

static rpixen_context *context;

static void on_signal(int signal) {
    (void)signal;
    rpixen_cancel(context);
}

static void progress(void *user, const char *phase, uint64_t done, uint64_t total) {
    (void)user;
    fprintf(stderr, "\r%s %llu of %llu MiB   ", phase, (unsigned long long)(done >> 20), (unsigned long long)(total >> 20));
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: compose-card-c REQUEST   (JSON, for instance '{\"manifest\": \"manifest.json\"}')\n");
        return 2;
    }
    context = rpixen_context_new();
    signal(SIGINT, on_signal);
    rpixen_watch(context, progress, NULL, NULL);
    char *document = NULL;
    const int status = rpixen_compose(context, argv[1], &document);
    fputc('\n', stderr);
    if (document) fputs(document, stdout);
    rpixen_free(document);
    rpixen_context_free(context);
    return status;
}
