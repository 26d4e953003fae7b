/** What both transports of UDP keep to. */

/**
 * A query that does not fit is cut to this; no honest one comes near it, and an answer never exceeds
 * `MAX_UDP_ANSWER_OCTETS`.
 */
export const UDP_SLOT_OCTETS = 2_112;
/** Asked of the system. Latency under overload is this ÷ the rate. */
export const RECEIVE_BUFFER_OCTETS = 1 << 20;
/** How long a stop goes on reading what still arrives; then only replies under way are waited for. */
export const STOP_READING_MS = 100;
