#ifndef WARREN_CRABBITMQ_SHIM_H
#define WARREN_CRABBITMQ_SHIM_H

#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>

/* Swift cannot call variadic C functions, so each use has a wrapper. */

static inline amqp_rpc_reply_t warren_amqp_login_plain(
    amqp_connection_state_t _Nonnull state, const char *_Nonnull vhost, int frame_max, int heartbeat,
    const amqp_table_t *_Nonnull properties, const char *_Nonnull user, const char *_Nonnull password) {
  return amqp_login_with_properties(state, vhost, AMQP_DEFAULT_MAX_CHANNELS, frame_max, heartbeat, properties,
                                    AMQP_SASL_METHOD_PLAIN, user, password);
}

static inline amqp_rpc_reply_t warren_amqp_login_external(
    amqp_connection_state_t _Nonnull state, const char *_Nonnull vhost, int frame_max, int heartbeat,
    const amqp_table_t *_Nonnull properties, const char *_Nonnull identity) {
  return amqp_login_with_properties(state, vhost, AMQP_DEFAULT_MAX_CHANNELS, frame_max, heartbeat, properties,
                                    AMQP_SASL_METHOD_EXTERNAL, identity);
}

#endif
