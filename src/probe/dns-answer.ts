/**
 * Whether an answer is the expected one: its response code, and the data of its records as a zone file would write
 * them, which is what `receive` is compared with. Blanks between fields count as one, letters match in either case, and
 * names do without their last dot; but the strings of a TXT record are put together and compared as they are.
 */

import { Packet, type Resource } from "dns2";
import type { Monitor } from "../health/monitor.ts";
import { shorten } from "./body.ts";
import { fails, type Outcome } from "./probe.ts";

/** RFC 1035 §4.1.1 and RFC 2136 §2.2, in the order of their numbers. */
const RCODES = [
  "NOERROR",
  "FORMERR",
  "SERVFAIL",
  "NXDOMAIN",
  "NOTIMP",
  "REFUSED",
  "YXDOMAIN",
  "YXRRSET",
  "NXRRSET",
  "NOTAUTH",
  "NOTZONE",
] as const;
const DATA_SHOWN_MAX = 3;

export function reasonOfAnswer(packet: Packet, { expect, query, qtype, receive }: Monitor): Outcome {
  const { rcode } = packet.header;
  const spelt = nameOfRcode(rcode);
  if (!expect.some(({ first, last }) => rcode >= first && rcode <= last)) {
    return fails(`${spelt}, expected ${expect.map(({ first }) => nameOfRcode(first)).join(" or ")}`);
  }
  if (receive === undefined) {
    return { ok: true, reason: spelt };
  }
  const type = qtype ?? "A";
  const code = new Map<string, number>(Object.entries(Packet.TYPE)).get(type);
  const found = packet.answers.filter((record) => record.type === code).map(dataOf);
  const wanted = comparable(receive, type);
  if (found.some((data) => comparable(data, type) === wanted)) {
    return { ok: true, reason: `${spelt}, ${type} ${shorten(receive)}` };
  }
  const what = `no ${type} record of '${query ?? ""}' is '${shorten(receive)}'`;
  if (found.length === 0) {
    return fails(`${what}: the answer has none`);
  }
  const shown = found.slice(0, DATA_SHOWN_MAX).map((data) => `'${shorten(data)}'`);
  return fails(`${what}: got ${shown.join(", ")}${found.length > shown.length ? ", …" : ""}`);
}

function nameOfRcode(rcode: number): string {
  return RCODES[rcode] ?? `response code ${rcode}`;
}

/** Equal for texts that mean the same data of a type. */
function comparable(data: string, type: string): string {
  const folded = data.trim().replaceAll(/\s+/g, " ");
  switch (type) {
    case "TXT":
      return data;
    case "CAA":
      return folded.replaceAll('"', "");
    case "AAAA":
      // The URL parser writes the one spelling of RFC 5952.
      return URL.canParse(`http://[${folded}]/`) ? new URL(`http://[${folded}]/`).hostname : folded;
    default:
      return folded.toLowerCase().replaceAll(/\.(?= |$)/g, "");
  }
}

/** The fields that dns2 has read beyond those of every record, in the order of the wire, which is that of zone files. */
function dataOf(record: Resource): string {
  const { name: _name, type, class: _class, ttl: _ttl, ...fields } = record;
  const texts = Object.values(fields)
    .flat()
    .filter((field) => typeof field === "string" || typeof field === "number");
  return type === Packet.TYPE.TXT ? Buffer.from(texts.join("")).toString("latin1") : texts.join(" ");
}
