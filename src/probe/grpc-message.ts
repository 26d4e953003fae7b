/**
 * The two messages of gRPC's health check as octets: Protocol Buffers with one field each, in gRPC's framing of a
 * compression flag and a length of four octets. Fields that are not known are passed over, as that format wants it.
 */

export type Message =
  | { readonly ok: true; readonly octets: Buffer }
  | { readonly ok: false; readonly reason: string };

const FRAME_HEADER_OCTETS = 5;
/** Field 1: a string, which has its length before it, and a number. */
const SERVICE_TAG = 0x0a;
const STATUS_TAG = 0x08;
/** By number; Check does not answer the last one. */
const SERVING_STATUSES = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"] as const;
const VARINT_MAX_OCTETS = 10;

export type ServingStatus = (typeof SERVING_STATUSES)[number] | `status ${number}`;

/** `service` as text of octets, one a character. */
export function checkRequest(service: string): Buffer {
  const name = Buffer.from(service, "latin1");
  const body = name.length === 0 ? [] : [SERVICE_TAG, ...varint(name.length), ...name];
  const header = Buffer.alloc(FRAME_HEADER_OCTETS);
  header.writeUInt32BE(body.length, 1);
  return Buffer.concat([header, Buffer.from(body)]);
}

/** The one message that the octets are the frame of. */
export function readMessage(octets: Buffer): Message {
  if (octets.length < FRAME_HEADER_OCTETS) {
    return { ok: false, reason: "the gRPC answer has no message" };
  }
  if (octets[0] !== 0) {
    return { ok: false, reason: "the gRPC answer is compressed, which nobody asked for" };
  }
  return octets.readUInt32BE(1) === octets.length - FRAME_HEADER_OCTETS
    ? { ok: true, octets: octets.subarray(FRAME_HEADER_OCTETS) }
    : { ok: false, reason: "the gRPC answer is not one whole message" };
}

/** The status that a HealthCheckResponse says; `undefined` where it is none. The last of several counts. */
export function servingStatus(octets: Buffer): ServingStatus | undefined {
  // Left out, a number is 0.
  let status = 0;
  let at = 0;
  while (at < octets.length) {
    const tag = readVarint(octets, at);
    if (tag === undefined) return undefined;
    const value = readField(octets, tag.end, tag.value & 7);
    if (value === undefined) return undefined;
    if (tag.value === STATUS_TAG) status = value.value;
    at = value.end;
  }
  return SERVING_STATUSES[status] ?? `status ${status}`;
}

interface Read {
  /** Exact up to 2^31; it is not looked at above. */
  readonly value: number;
  readonly end: number;
}

/** Of the four wire types in use; only of a varint is the value of interest. */
function readField(octets: Buffer, at: number, wireType: number): Read | undefined {
  const skip = (end: number): Read | undefined => (end <= octets.length ? { value: 0, end } : undefined);
  switch (wireType) {
    case 0:
      return readVarint(octets, at);
    case 1:
      return skip(at + 8);
    case 2: {
      const length = readVarint(octets, at);
      return length === undefined ? undefined : skip(length.end + length.value);
    }
    case 5:
      return skip(at + 4);
    default:
      return undefined;
  }
}

function readVarint(octets: Buffer, start: number): Read | undefined {
  let value = 0;
  for (let index = 0; index < VARINT_MAX_OCTETS; index++) {
    const octet = octets[start + index];
    if (octet === undefined) return undefined;
    value += (octet & 0x7f) * 2 ** (7 * index);
    if (octet < 0x80) return { value, end: start + index + 1 };
  }
  return undefined;
}

function varint(value: number): number[] {
  const octets: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    octets.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  return [...octets, rest];
}
