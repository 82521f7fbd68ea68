#include "bare_client.h"

#include <amqp_tcp_socket.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

noreturn void bare_fail(const char *what, const char *why) {
  fprintf(stderr, "%s: %s\n", what, why);
  exit(1);
}

long bare_number(const char *what, const char *text) {
  char *end;
  errno = 0;
  long number = strtol(text, &end, 10);
  if (errno != 0 || *end != '\0' || number < 1) bare_fail(what, "expected a number above zero");
  return number;
}

void bare_check_status(int status, const char *what) {
  if (status != AMQP_STATUS_OK) bare_fail(what, amqp_error_string2(status));
}

/* Valid until the process ends, which it is about to do. */
static const char *server_reason(amqp_method_t method) {
  amqp_bytes_t text;
  if (method.id == AMQP_CONNECTION_CLOSE_METHOD)
    text = ((amqp_connection_close_t *)method.decoded)->reply_text;
  else if (method.id == AMQP_CHANNEL_CLOSE_METHOD)
    text = ((amqp_channel_close_t *)method.decoded)->reply_text;
  else
    return amqp_method_name(method.id);
  return strndup(text.bytes, text.len);
}

static void check_reply(amqp_rpc_reply_t reply, const char *what) {
  switch (reply.reply_type) {
    case AMQP_RESPONSE_NORMAL:
      return;
    case AMQP_RESPONSE_LIBRARY_EXCEPTION:
      bare_fail(what, amqp_error_string2(reply.library_error));
    case AMQP_RESPONSE_SERVER_EXCEPTION:
      bare_fail(what, server_reason(reply.reply));
    default:
      bare_fail(what, "no reply");
  }
}

void bare_check(amqp_connection_state_t connection, const char *what) {
  check_reply(amqp_get_rpc_reply(connection), what);
}

amqp_connection_state_t bare_connect(const char *url) {
  struct amqp_connection_info info;
  char *parsed = strdup(url);
  if (parsed == NULL) bare_fail("connect", "out of memory");
  bare_check_status(amqp_parse_url(parsed, &info), "URL");
  if (info.ssl) bare_fail("URL", "only amqp:// is supported");

  amqp_connection_state_t connection = amqp_new_connection();
  amqp_socket_t *socket = connection == NULL ? NULL : amqp_tcp_socket_new(connection);
  if (socket == NULL) bare_fail("connect", "out of memory");
  bare_check_status(amqp_socket_open(socket, info.host, info.port), "connect");
  /* By the letter of the URI specification a lone slash names the virtual host ""; everyone means "/". */
  const char *vhost = *info.vhost != '\0' ? info.vhost : "/";
  check_reply(amqp_login(connection, vhost, AMQP_DEFAULT_MAX_CHANNELS, AMQP_DEFAULT_FRAME_SIZE, 0,
                         AMQP_SASL_METHOD_PLAIN, info.user, info.password),
              "login");
  amqp_channel_open(connection, BARE_CHANNEL);
  bare_check(connection, "channel");
  free(parsed);
  return connection;
}

void bare_close(amqp_connection_state_t connection) {
  check_reply(amqp_connection_close(connection, AMQP_REPLY_SUCCESS), "close");
  bare_check_status(amqp_destroy_connection(connection), "close");
}

int bare_has_input(amqp_connection_state_t connection) {
  return amqp_frames_enqueued(connection) || amqp_data_in_buffer(connection);
}

int64_t bare_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

bare_start_t bare_begin(void) {
  bare_start_t start = {.nanoseconds = bare_now()};
  getrusage(RUSAGE_SELF, &start.usage);
  return start;
}

static long microseconds(struct timeval from, struct timeval to) {
  return (to.tv_sec - from.tv_sec) * 1000000 + (to.tv_usec - from.tv_usec);
}

bare_span_t bare_end(bare_start_t start) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (bare_span_t){
      .seconds = (double)(bare_now() - start.nanoseconds) / 1e9,
      .user_us = microseconds(start.usage.ru_utime, usage.ru_utime),
      .system_us = microseconds(start.usage.ru_stime, usage.ru_stime),
      .max_rss_kib = usage.ru_maxrss,
  };
}

void bare_report(bare_span_t span, long events, const char *more) {
  printf("{\"events\":%ld,\"seconds\":%.6f,\"cpu_user_us\":%ld,\"cpu_system_us\":%ld,\"max_rss_kib\":%ld%s}\n", events,
         span.seconds, span.user_us, span.system_us, span.max_rss_kib, more);
}
