#ifndef WARREN_BARE_CLIENT_H
#define WARREN_BARE_CLIENT_H

/* What bare-consumer and bare-publisher share. Every failure prints a line and ends the process with 1. */

#include <amqp.h>
#include <stdint.h>
#include <stdnoreturn.h>
#include <sys/resource.h>

/* The channel that both programs use. */
enum { BARE_CHANNEL = 1 };

/* When and with how much CPU a measured stretch began. */
typedef struct {
  int64_t nanoseconds;
  struct rusage usage;
} bare_start_t;

/* A measured stretch; memory is the process's peak. */
typedef struct {
  double seconds;
  long user_us, system_us, max_rss_kib;
} bare_span_t;

noreturn void bare_fail(const char *what, const char *why);
long bare_number(const char *what, const char *text);

/* Connects, logs in and opens BARE_CHANNEL. */
amqp_connection_state_t bare_connect(const char *url);
void bare_check(amqp_connection_state_t connection, const char *what);
void bare_check_status(int status, const char *what);
void bare_close(amqp_connection_state_t connection);

/* Whether a frame can be had without waiting for the network. */
int bare_has_input(amqp_connection_state_t connection);

/* CLOCK_MONOTONIC: comparable between processes of one machine. */
int64_t bare_now(void);
bare_start_t bare_begin(void);

bare_span_t bare_end(bare_start_t start);

/* Prints the measured stretch as one line of JSON; `more` is appended within the braces. */
void bare_report(bare_span_t span, long events, const char *more);

#endif
