/**
 * Class CH: questions about the server itself, and about its answers. Type TXT only.
 *
 * | name                            | who asks                | answer                                           |
 * | ------------------------------- | ----------------------- | ------------------------------------------------ |
 * | `version.bind` `version.server` | anyone                  | `serverVersion`, or REFUSED where there is none  |
 * | `id.server` `hostname.bind`     | anyone                  | `serverId`, likewise (RFC 4892)                  |
 * | one with a policy               | an `explain` network    | what it answers this client (`answer/explain`)   |
 * | any other                       | an `explain` network    | that there is no policy                          |
 * | any other                       | anyone else             | REFUSED, so that nobody learns what there is     |
 */

import { nameKey, nameOf } from "../dns/name.ts";
import { MAX_CHARACTER_STRING_OCTETS } from "../dns/text.ts";
import { CLASS, RCODE, TYPE } from "../dns/types.ts";
import type { OpenImage } from "../image/open-image.ts";
import type { ClientAddress } from "./client-address.ts";
import { isInNetworks } from "./client-network.ts";
import { explain, Labels, policyAt } from "./explain.ts";
import { EXTENDED_ERROR } from "./extended-errors.ts";
import { HEADER_OCTETS, type Query } from "./query.ts";
import type { Reply } from "./reply.ts";
import type { AnswerSettings } from "./settings.ts";

const QUESTION_TAIL_OCTETS = 4;

/** By name, as `nameKey` has it: the setting that answers it. */
const ABOUT_SERVER: ReadonlyMap<string, "serverVersion" | "serverId"> = new Map([
  [nameKey(nameOf("version.bind.")), "serverVersion"],
  [nameKey(nameOf("version.server.")), "serverVersion"],
  [nameKey(nameOf("id.server.")), "serverId"],
  [nameKey(nameOf("hostname.bind.")), "serverId"],
]);

/** Made once for each answer path. */
export class Chaos {
  readonly #labels = new Labels();

  /** Fills in a reply that has begun. */
  answer(
    reply: Reply,
    query: Query,
    client: ClientAddress,
    image: OpenImage,
    settings: AnswerSettings,
  ): void {
    const strings = this.#strings(reply, query, client, image, settings);
    if (strings === undefined) return;
    reply.authoritative = true;
    reply.openWriter();
    const { writer, buffer, start } = reply;
    const rdata = textRdata(strings);
    if (writer.writeRecord(buffer, start + HEADER_OCTETS, TYPE.TXT, CLASS.CH, 0, rdata))
      reply.answerCount = 1;
    else reply.truncated = true;
    reply.closeWriter();
  }

  /** `undefined`: the reply says why there are none. */
  #strings(
    reply: Reply,
    query: Query,
    client: ClientAddress,
    image: OpenImage,
    settings: AnswerSettings,
  ): readonly string[] | undefined {
    const { explain: explainSettings } = settings;
    const isText = query.qtype === TYPE.TXT;
    const about = isText ? ABOUT_SERVER.get(questionKey(reply)) : undefined;
    if (about !== undefined) {
      const text = settings[about];
      if (text !== undefined) return [text];
    } else if (isText && explainSettings !== undefined && isInNetworks(explainSettings.networks, client)) {
      if (explainSettings.zonesId === image.zonesId) {
        return this.#explain(reply, query, client, image, this.#labels.of(explainSettings));
      }
      reply.rcode = RCODE.SERVFAIL;
      reply.extendedError = EXTENDED_ERROR.notReady;
      return undefined;
    }
    reply.rcode = RCODE.REFUSED;
    reply.extendedError = EXTENDED_ERROR.prohibited;
    return undefined;
  }

  #explain(
    reply: Reply,
    query: Query,
    client: ClientAddress,
    image: OpenImage,
    labels: ReturnType<Labels["of"]>,
  ): readonly string[] {
    const octets = reply.questionEnd - HEADER_OCTETS - QUESTION_TAIL_OCTETS;
    const policyNumber = policyAt(image, reply.view, reply.start + HEADER_OCTETS, octets);
    const label = labels[policyNumber];
    if (label === undefined) return [`no policy answers this name, generation=${image.generation}`];
    return explain(reply, query, client, image, policyNumber, label);
  }
}

function questionKey({ buffer, start, questionEnd }: Reply): string {
  return nameKey(buffer.subarray(start + HEADER_OCTETS, start + questionEnd - QUESTION_TAIL_OCTETS));
}

/** Each string behind its length (RFC 1035 §3.3.14); one that is too long goes on in the next. */
function textRdata(strings: readonly string[]): Uint8Array {
  const octets: number[] = [];
  for (const string of strings) {
    const text = new TextEncoder().encode(string);
    for (let at = 0; at === 0 || at < text.length; at += MAX_CHARACTER_STRING_OCTETS) {
      const part = text.subarray(at, at + MAX_CHARACTER_STRING_OCTETS);
      octets.push(part.length, ...part);
    }
  }
  return Uint8Array.from(octets);
}
