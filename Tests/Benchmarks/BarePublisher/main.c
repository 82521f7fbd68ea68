/* The least that publishing safely can cost: librabbitmq alone, persistent, mandatory and confirmed. The yardstick
   for `warren publish`, and with --rate the source of evenly spaced events whose age a consumer can tell. */

#define _GNU_SOURCE
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "bare_client.h"

/* The unconfirmed tags lie in [lowest, lowest + window): one flag each, as confirms may come out of order. */
typedef struct {
  uint64_t lowest;
  uint64_t window;
  unsigned char *confirmed;
} confirms_t;

typedef struct {
  amqp_bytes_t exchange, routing_key, body;
  /* Whether to stamp bench-sent-ns. */
  int is_stamped;
} message_t;

static amqp_bytes_t read_file(const char *path) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) bare_fail(path, "cannot be opened");
  fseek(file, 0, SEEK_END);
  long size = ftell(file);
  rewind(file);
  amqp_bytes_t body = amqp_bytes_malloc(size > 0 ? (size_t)size : 1);
  body.len = size > 0 ? (size_t)size : 0;
  if (body.bytes == NULL || fread(body.bytes, 1, body.len, file) != body.len) bare_fail(path, "cannot be read");
  fclose(file);
  return body;
}

static void confirm(confirms_t *confirms, const amqp_basic_ack_t *ack) {
  for (uint64_t tag = ack->multiple ? confirms->lowest : ack->delivery_tag; tag <= ack->delivery_tag; tag++)
    confirms->confirmed[tag % confirms->window] = 1;
  while (confirms->confirmed[confirms->lowest % confirms->window]) {
    confirms->confirmed[confirms->lowest % confirms->window] = 0;
    confirms->lowest++;
  }
}

/* Takes confirms: waits for the first at most as long as told (NULL: for ever), then all that are already here. */
static void take_confirms(amqp_connection_state_t connection, confirms_t *confirms, struct timeval *timeout) {
  do {
    amqp_frame_t frame;
    int status = amqp_simple_wait_frame_noblock(connection, &frame, timeout);
    if (status == AMQP_STATUS_TIMEOUT) return;
    bare_check_status(status, "confirm");
    if (frame.frame_type != AMQP_FRAME_METHOD || frame.payload.method.id != AMQP_BASIC_ACK_METHOD)
      bare_fail("confirm", frame.frame_type == AMQP_FRAME_METHOD ? amqp_method_name(frame.payload.method.id) : "frame");
    confirm(confirms, frame.payload.method.decoded);
  } while (bare_has_input(connection));
  amqp_maybe_release_buffers(connection);
}

static void publish(amqp_connection_state_t connection, const message_t *message, const char *id) {
  amqp_table_entry_t stamp = {
      .key = amqp_cstring_bytes("bench-sent-ns"),
      .value = {.kind = AMQP_FIELD_KIND_I64, .value.i64 = message->is_stamped ? bare_now() : 0},
  };
  amqp_basic_properties_t properties = {
      ._flags = AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_MESSAGE_ID_FLAG |
                AMQP_BASIC_TYPE_FLAG | (message->is_stamped ? AMQP_BASIC_HEADERS_FLAG : 0),
      .content_type = amqp_cstring_bytes("application/json"),
      .delivery_mode = AMQP_DELIVERY_PERSISTENT,
      .message_id = amqp_cstring_bytes(id),
      .type = message->routing_key,
      .headers = {.num_entries = 1, .entries = &stamp},
  };
  bare_check_status(amqp_basic_publish(connection, BARE_CHANNEL, message->exchange, message->routing_key, 1, 0,
                                       &properties, message->body),
                    "publish");
}

/* Takes confirms until the message is due. ppoll, as librabbitmq's own waiting is exact to the millisecond only. */
static void wait_until(amqp_connection_state_t connection, confirms_t *confirms, int64_t due) {
  for (int64_t left = due - bare_now(); left > 0; left = due - bare_now()) {
    struct pollfd input = {.fd = amqp_get_sockfd(connection), .events = POLLIN};
    struct timespec timeout = {left / 1000000000, left % 1000000000};
    if (ppoll(&input, 1, &timeout, NULL) > 0) take_confirms(connection, confirms, &(struct timeval){0, 0});
  }
}

int main(int argc, char **argv) {
  int has_rate = argc == 9 && strcmp(argv[7], "--rate") == 0;
  if (argc != 7 && !has_rate)
    bare_fail("usage", "bare-publisher URL EXCHANGE ROUTING_KEY COUNT WINDOW BODY_FILE [--rate N]");
  message_t message = {amqp_cstring_bytes(argv[2]), amqp_cstring_bytes(argv[3]), read_file(argv[6]), has_rate};
  uint64_t count = (uint64_t)bare_number("COUNT", argv[4]);
  confirms_t confirms = {1, (uint64_t)bare_number("WINDOW", argv[5]), NULL};
  double rate = has_rate ? (double)bare_number("--rate", argv[8]) : 0;
  confirms.confirmed = calloc(confirms.window, 1);
  if (confirms.confirmed == NULL) bare_fail("WINDOW", "out of memory");

  amqp_connection_state_t connection = bare_connect(argv[1]);
  amqp_confirm_select(connection, BARE_CHANNEL);
  bare_check(connection, "confirm.select");

  bare_start_t start = bare_begin();
  char id[64];
  for (uint64_t tag = 1; tag <= count; tag++) {
    if (has_rate) wait_until(connection, &confirms, start.nanoseconds + (int64_t)((double)(tag - 1) * 1e9 / rate));
    while (tag - confirms.lowest >= confirms.window) take_confirms(connection, &confirms, NULL);
    snprintf(id, sizeof id, "%x-%llx-%llx", (unsigned)getpid(), (unsigned long long)start.nanoseconds,
             (unsigned long long)tag);
    publish(connection, &message, id);
  }
  while (confirms.lowest <= count) take_confirms(connection, &confirms, NULL);

  bare_report(bare_end(start), (long)count, "");
  bare_close(connection);
  amqp_bytes_free(message.body);
  free(confirms.confirmed);
  return 0;
}
