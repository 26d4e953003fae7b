/** Every limit of the admin plane, by name: it must stand on an address that the whole network can reach. */

/** A request's body; none that is defined is near it, save the zones of a plan. */
export const BODY_LIMIT_OCTETS = 16_384;
/** A set of zones for a plan: some hundred thousand records. Larger ones are compared as files. */
export const PLAN_BODY_LIMIT_OCTETS = 16_777_216;
/** The request line and the header fields together. */
export const HEADER_LIMIT_OCTETS = 16_384;
/** Connections at one time; more are closed at once, so that no crowd of them starves the answer path. */
export const CONNECTION_LIMIT = 256;
/** From the first octet of a request to the last of its header fields. */
export const HEADER_TIMEOUT_MS = 5_000;
/** From the first octet of a request to its last. */
export const REQUEST_TIMEOUT_MS = 10_000;
/** How often connections are looked over for the two above. */
export const TIMEOUT_CHECK_EVERY_MS = 1_000;
/** A connection on which nothing moves in the middle of a request or response. */
export const INACTIVITY_TIMEOUT_MS = 30_000;
/** A connection between requests: longer than the usual scrape interval of a minute. */
export const KEEP_ALIVE_TIMEOUT_MS = 75_000;
/** Of a query parameter: a name of 255 octets, each escaped as `\DDD`, is 1,016 characters. */
export const PARAMETER_LIMIT_CHARACTERS = 1_100;
