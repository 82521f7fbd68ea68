/* The least that consuming can cost: librabbitmq alone, payloads received and not looked at. The yardstick for
   `warren run`. Frames are taken one by one, which is faster than amqp_consume_message: no envelope is built. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bare_client.h"

typedef struct {
  uint64_t tag;
  /* From bench-sent-ns to delivery, or -1 where the message has no such header. */
  int64_t latency;
} delivery_t;

static amqp_frame_t next_frame(amqp_connection_state_t connection) {
  amqp_frame_t frame;
  bare_check_status(amqp_simple_wait_frame(connection, &frame), "receive");
  return frame;
}

static const char stamp[] = "bench-sent-ns";

static int64_t age(const amqp_basic_properties_t *properties) {
  if (!(properties->_flags & AMQP_BASIC_HEADERS_FLAG)) return -1;
  for (int i = 0; i < properties->headers.num_entries; i++) {
    const amqp_table_entry_t *entry = &properties->headers.entries[i];
    int is_stamp = entry->key.len == strlen(stamp) && memcmp(entry->key.bytes, stamp, entry->key.len) == 0;
    if (is_stamp && entry->value.kind == AMQP_FIELD_KIND_I64) return bare_now() - entry->value.value.i64;
  }
  return -1;
}

static delivery_t next_delivery(amqp_connection_state_t connection, int measures_latency) {
  amqp_frame_t frame = next_frame(connection);
  if (frame.frame_type != AMQP_FRAME_METHOD || frame.payload.method.id != AMQP_BASIC_DELIVER_METHOD)
    bare_fail("receive", "the broker sent something else than a delivery");
  delivery_t delivery = {((amqp_basic_deliver_t *)frame.payload.method.decoded)->delivery_tag, -1};

  frame = next_frame(connection);
  if (frame.frame_type != AMQP_FRAME_HEADER) bare_fail("receive", "a delivery without a header");
  uint64_t left = frame.payload.properties.body_size;
  if (measures_latency) delivery.latency = age(frame.payload.properties.decoded);
  while (left > 0) {
    frame = next_frame(connection);
    if (frame.frame_type != AMQP_FRAME_BODY) bare_fail("receive", "a delivery without its body");
    left -= frame.payload.body_fragment.len;
  }
  return delivery;
}

static int ascending(const void *left, const void *right) {
  int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
  return (a > b) - (a < b);
}

static void describe(char *text, size_t size, int64_t *latencies, long count) {
  if (count == 0) bare_fail("latency", "no message carried bench-sent-ns");
  qsort(latencies, (size_t)count, sizeof *latencies, ascending);
  snprintf(text, size, ",\"p50_us\":%.1f,\"p99_us\":%.1f", (double)latencies[count / 2] / 1000,
           (double)latencies[count * 99 / 100] / 1000);
}

int main(int argc, char **argv) {
  int measures_latency = argc == 7 && strcmp(argv[6], "--latency") == 0;
  if (argc != 6 && !measures_latency)
    bare_fail("usage", "bare-consumer URL QUEUE COUNT PREFETCH ACK_EVERY [--latency]");
  long count = bare_number("COUNT", argv[3]);
  long prefetch = bare_number("PREFETCH", argv[4]);
  long ack_every = bare_number("ACK_EVERY", argv[5]);
  if (prefetch > 65535 || ack_every > prefetch) bare_fail("usage", "ACK_EVERY <= PREFETCH <= 65535");
  int64_t *latencies = measures_latency ? malloc((size_t)count * sizeof *latencies) : NULL;
  if (measures_latency && latencies == NULL) bare_fail("latency", "out of memory");

  amqp_connection_state_t connection = bare_connect(argv[1]);
  amqp_basic_qos(connection, BARE_CHANNEL, 0, (uint16_t)prefetch, 0);
  bare_check(connection, "qos");
  amqp_basic_consume(connection, BARE_CHANNEL, amqp_cstring_bytes(argv[2]), amqp_empty_bytes, 0, 0, 0,
                     amqp_empty_table);
  bare_check(connection, "consume");

  bare_start_t start = {0};
  long measured = 0, unacked = 0;
  for (long received = 1; received <= count; received++) {
    delivery_t delivery = next_delivery(connection, measures_latency);
    if (received == 1) start = bare_begin();
    if (delivery.latency >= 0) latencies[measured++] = delivery.latency;
    unacked++;
    int is_drained = measures_latency && !bare_has_input(connection);
    if (unacked >= ack_every || received == count || is_drained) {
      bare_check_status(amqp_basic_ack(connection, BARE_CHANNEL, delivery.tag, 1), "ack");
      amqp_maybe_release_buffers(connection);
      unacked = 0;
    }
  }

  bare_span_t span = bare_end(start);

  char more[80] = "";
  if (measures_latency) describe(more, sizeof more, latencies, measured);
  bare_report(span, count, more);
  bare_close(connection);
  free(latencies);
  return 0;
}
