/** What the answer path has to know about the way a query came, and the sizes that follow from it. */

/** Numbers, as counters are laid out by them. */
export const TRANSPORT = { udp: 0, tcp: 1, tls: 2, https: 3 } as const;
export type Transport = (typeof TRANSPORT)[keyof typeof TRANSPORT];

/** The metrics' label, by number. */
export const TRANSPORT_NAMES = ["udp", "tcp", "tls", "https"] as const;

/** RFC 1035 §4.2.1: what everyone takes, and what a smaller EDNS size means (RFC 6891 §6.2.3). */
export const MIN_UDP_ANSWER_OCTETS = 512;
/** What passes every path without fragments; our own EDNS size, and the cap on theirs. */
export const MAX_UDP_ANSWER_OCTETS = 1_232;
/** A message behind two octets of length (RFC 1035 §4.2.2). */
export const MAX_TCP_ANSWER_OCTETS = 65_535;
