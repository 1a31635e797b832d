/*
 * librpixen for C, and for everything that calls C: ctypes, cffi, dlopen.
 *
 * Requests and results are JSON (docs/library.md has the keys of a request, docs/cli.md and docs/report.md the documents).
 * Every call gives the exit status that the program has for it (docs/exit-codes.md): 0 done, 2 the request is wrong,
 * 3 manifest, 4 artifact, 5 does not fit or cannot boot, 6 input/output, 7 verification failed, 8 not available,
 * 130 cancelled, 1 a bug in this library. No C++ exception leaves a call.
 *
 * A context serves one call at a time; different contexts may be used from different threads. The library never prints,
 * never exits, and leaves signals, umask, locale and working directory alone.
 */
#ifndef RPIXEN_H
#define RPIXEN_H

#include <stdint.h>

#include <rpixen/export.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rpixen_context rpixen_context;

/* "0.1.0"; never freed. */
RPIXEN_API const char *rpixen_version(void);

/* NULL where there is no memory. */
RPIXEN_API rpixen_context *rpixen_context_new(void);
/* NULL is allowed. Not while a call is running. */
RPIXEN_API void rpixen_context_free(rpixen_context *context);

/* Asks the call that is running, and every later one of this context, to stop: it ends soon with 130 and leaves nothing
 * behind. May be called from any thread and from a signal handler. */
RPIXEN_API void rpixen_cancel(rpixen_context *context);

/* `phase` is one of "reading", "writing", "verifying", "syncing", ...; `done` and `total` are bytes of the phase, `total` 0
 * where it is not known. Called with done = 0 where a phase begins, then as it goes on. */
typedef void (*rpixen_progress_function)(void *user, const char *phase, uint64_t done, uint64_t total);
/* Something that the user should know and that is no failure. UTF-8. */
typedef void (*rpixen_note_function)(void *user, const char *text);
/* Either may be NULL. They are called from the thread that made the call, or from one that works for it, one call at a
 * time; they must not call this library with the same context, except rpixen_cancel(), and must not throw or longjmp. */
RPIXEN_API void rpixen_watch(rpixen_context *context, rpixen_progress_function progress, rpixen_note_function note,
                             void *user);

/*
 * Each takes its request as JSON text. Where `document` is not NULL it gets the result as JSON text, or
 * {"error": ...} where the status tells of a failure; it is freed by rpixen_free() and is NULL only where there is no memory.
 */
RPIXEN_API int rpixen_plan(rpixen_context *context, const char *request, char **document);
RPIXEN_API int rpixen_compose(rpixen_context *context, const char *request, char **document);
RPIXEN_API int rpixen_check(rpixen_context *context, const char *request, char **document);
RPIXEN_API int rpixen_inspect(rpixen_context *context, const char *request, char **document);
RPIXEN_API int rpixen_diff(rpixen_context *context, const char *request, char **document);
RPIXEN_API int rpixen_verify(rpixen_context *context, const char *request, char **document);
RPIXEN_API int rpixen_release(rpixen_context *context, const char *request, char **document);
RPIXEN_API int rpixen_verify_release(rpixen_context *context, const char *request, char **document);
RPIXEN_API int rpixen_diagnose(rpixen_context *context, const char *request, char **document);
RPIXEN_API int rpixen_boot(rpixen_context *context, const char *request, char **document);
/* Boots a real board and watches its serial line. */
RPIXEN_API int rpixen_watch_board(rpixen_context *context, const char *request, char **document);
/* The inputs of a manifest with their digests, and the card's key. */
RPIXEN_API int rpixen_inputs(rpixen_context *context, const char *request, char **document);
/* Overwrites a whole disk and reads it back. Nobody is asked: whoever calls has asked. */
RPIXEN_API int rpixen_flash(rpixen_context *context, const char *request, char **document);
/* The disks that a card can be in; its request has no keys. */
RPIXEN_API int rpixen_disks(rpixen_context *context, const char *request, char **document);
RPIXEN_API int rpixen_matrix(rpixen_context *context, const char *request, char **document);
/* A manifest made of what a folder holds. */
RPIXEN_API int rpixen_propose(rpixen_context *context, const char *request, char **document);

/* NULL is allowed. */
RPIXEN_API void rpixen_free(char *document);

#ifdef __cplusplus
}
#endif

#endif
