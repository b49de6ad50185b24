/** For a session that holds locks: Postgres asks after a client that is silent, and lets go of one that vanished within half a minute. */
export const vanishedSoon =
  "set tcp_keepalives_idle = 10; set tcp_keepalives_interval = 5; set tcp_keepalives_count = 3";
