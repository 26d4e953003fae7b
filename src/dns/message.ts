/**
 * A whole DNS message as a value (RFC 1035 §4): for commands that ask, for tests and for tools. The answer path does not
 * come by here; it works on the octets in place. `parseMessage` is in `message-parse.ts`, `buildMessage` in
 * `message-build.ts`; both are to be had from here.
 */

import type { Edns } from "./edns.ts";
import type { Name } from "./name.ts";

export { buildMessage } from "./message-build.ts";
export { parseMessage } from "./message-parse.ts";

export interface Question {
  readonly name: Name;
  readonly type: number;
  readonly class: number;
}

export interface ResourceRecord {
  readonly owner: Name;
  readonly type: number;
  readonly class: number;
  readonly ttlSeconds: number;
  /** Names within uncompressed. */
  readonly rdata: Uint8Array;
}

export interface Message {
  readonly id: number;
  readonly opcode: number;
  /** All twelve bits, those of OPT included (RFC 6891 §6.1.3). */
  readonly rcode: number;
  readonly isResponse: boolean;
  readonly isAuthoritative: boolean;
  readonly isTruncated: boolean;
  readonly recursionDesired: boolean;
  readonly recursionAvailable: boolean;
  readonly authenticData: boolean;
  readonly checkingDisabled: boolean;
  readonly questions: readonly Question[];
  readonly answers: readonly ResourceRecord[];
  readonly authorities: readonly ResourceRecord[];
  /** Without the OPT record, which is `edns`. */
  readonly additionals: readonly ResourceRecord[];
  readonly edns: Edns | undefined;
}
