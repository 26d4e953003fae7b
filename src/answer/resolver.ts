/**
 * Answers what takes one step: the name is found in the image's bytes, and what stands ready there is copied behind the
 * question. Whatever takes more (an alias to follow, a record that has to be written, or cut short because it does not
 * fit, a dry run to count) is left to `answer/walk`, which can do everything; both follow the table at the head of
 * `zone/lookup`.
 */

import { RCODE, TYPE } from "../dns/types.ts";
import type { Random } from "../image/draws.ts";
import { closestEncloser, findNode, findRRset, linkOf } from "../image/find.ts";
import {
  FLAG_APEX,
  FLAG_CNAME,
  FLAG_DRY_RUN,
  KIND,
  KIND_MASK,
  NODE,
  RRSET,
  TEMPLATE,
  WORD_OCTETS,
  ZONE,
} from "../image/layout.ts";
import { answerCounterOf, type OpenImage } from "../image/open-image.ts";
import type { ClientAddress } from "./client-address.ts";
import type { CounterWriter } from "./counter-writer.ts";
import { negativeTtl } from "./place-client.ts";
import { POLICY_RESULT, PolicyRecords } from "./policy-records.ts";
import { HEADER_OCTETS, type Query } from "./query.ts";
import type { Reply } from "./reply.ts";
import { Walk } from "./walk.ts";

/** TYPE and CLASS, behind the name of the question. */
const QUESTION_TAIL_OCTETS = 4;
const ANY = 255;

export class Resolver {
  readonly #policies: PolicyRecords;
  readonly #walk: Walk;

  constructor(random: Random, counters: CounterWriter) {
    this.#policies = new PolicyRecords(random, counters);
    this.#walk = new Walk(this.#policies);
  }

  /** Whether answers hold nothing but what was asked for. */
  set minimal(minimal: boolean) {
    this.#walk.minimal = minimal;
  }

  /** Fills in a reply that has begun. */
  resolve(reply: Reply, query: Query, client: ClientAddress, image: OpenImage): void {
    reply.authoritative = true;
    if (this.#walk.minimal && this.#answerDirectly(reply, query, client, image)) return;
    reply.restart();
    this.#walk.answer(reply, query, client, image);
  }

  /** False where the reply has to be made some other way; what stands in it then counts for nothing. */
  #answerDirectly(reply: Reply, query: Query, client: ClientAddress, image: OpenImage): boolean {
    const { words } = image;
    const nameAt = reply.start + HEADER_OCTETS;
    const nameOctets = reply.questionEnd - HEADER_OCTETS - QUESTION_TAIL_OCTETS;
    const node = findNode(image, reply.view, nameAt, nameOctets);
    if (node === 0) return this.#answerBelow(reply, query, client, image, nameAt, nameOctets);
    const head = words[node] ?? 0;
    if ((head & FLAG_APEX) !== 0 && query.qtype === TYPE.DS) return false;
    const kind = head & KIND_MASK;
    if (kind === KIND.belowDname) return false;
    reply.zoneNumber = words[node + NODE.zone] ?? 0;
    if (kind === KIND.belowCut || (kind === KIND.cut && query.qtype !== TYPE.DS)) {
      return this.#refer(reply, image, node, kind);
    }
    return this.#answerFrom(reply, query, client, image, node, false);
  }

  /** There is no such name: its closest encloser says what becomes of it. */
  #answerBelow(
    reply: Reply,
    query: Query,
    client: ClientAddress,
    image: OpenImage,
    nameAt: number,
    nameOctets: number,
  ): boolean {
    const { words } = image;
    const encloser = closestEncloser(image, reply.view, nameAt, nameOctets);
    if (encloser === 0) {
      reply.rcode = RCODE.REFUSED;
      reply.authoritative = false;
      return true;
    }
    const kind = (words[encloser] ?? 0) & KIND_MASK;
    if (kind === KIND.dname || kind === KIND.belowDname) return false;
    reply.zoneNumber = words[encloser + NODE.zone] ?? 0;
    if (kind !== KIND.plain) return this.#refer(reply, image, encloser, kind);
    const wildcard = linkOf(words, encloser);
    if (wildcard !== 0) return this.#answerFrom(reply, query, client, image, wildcard, true);
    reply.rcode = RCODE.NXDOMAIN;
    return copySoa(reply, image);
  }

  #answerFrom(
    reply: Reply,
    query: Query,
    client: ClientAddress,
    image: OpenImage,
    node: number,
    isWildcard: boolean,
  ): boolean {
    const { words } = image;
    const { qtype } = query;
    if (qtype === ANY) return false;
    if (((words[node] ?? 0) & (FLAG_CNAME | FLAG_DRY_RUN)) !== 0 && qtype !== TYPE.CNAME) return false;
    const policy = words[node + NODE.policy] ?? 0;
    if (policy !== 0 && (qtype === TYPE.A || qtype === TYPE.AAAA)) {
      return this.#answerByPolicy(reply, query, client, image, policy - 1);
    }
    const rrset = findRRset(words, node, qtype);
    if (rrset === 0) {
      // A CNAME that is drawn there speaks for every type.
      if (policy !== 0 && image.tables.policyCnames[policy - 1] === 1) return false;
      return copySoa(reply, image);
    }
    // Names in rdata are compressed against the wildcard itself, which is not what was asked for.
    if (isWildcard && words[rrset + RRSET.plainOffset] !== RRSET.records) return false;
    const octets = words[rrset + RRSET.octets] ?? 0;
    if (!reply.copy(image.view, (rrset + RRSET.records) * WORD_OCTETS, octets)) return false;
    reply.answerCount = (words[rrset] ?? 0) >>> 16;
    return true;
  }

  #answerByPolicy(
    reply: Reply,
    query: Query,
    client: ClientAddress,
    image: OpenImage,
    policyNumber: number,
  ): boolean {
    const { tables } = image;
    const { qtype } = query;
    const table = this.#policies.tableFor(
      reply,
      query,
      client,
      image,
      policyNumber,
      qtype === TYPE.A ? 0 : 1,
    );
    const counter = answerCounterOf(image, policyNumber);
    const result = this.#policies.write(reply, image, table, counter, qtype, undefined);
    if (result > 0) {
      reply.answerCount = result;
      return true;
    }
    if (result === POLICY_RESULT.truncated || result === POLICY_RESULT.cname) return false;
    if (result === POLICY_RESULT.servfail) {
      reply.rcode = RCODE.SERVFAIL;
      reply.authoritative = false;
      return true;
    }
    const soaAt = reply.position;
    if (!copySoa(reply, image)) return false;
    reply.setTtl(soaAt, negativeTtl(tables, table, reply.view.getUint32(soaAt + 6)));
    return true;
  }

  #refer(reply: Reply, image: OpenImage, node: number, kind: number): boolean {
    const { words } = image;
    const cut = kind === KIND.cut ? node : linkOf(words, node);
    const template = linkOf(words, cut);
    reply.authoritative = false;
    if (!reply.copyTemplate(image, template)) return false;
    const counts = words[template + TEMPLATE.counts] ?? 0;
    reply.authorityCount = counts & 0xffff;
    reply.additionalCount = counts >>> 16;
    return true;
  }
}

/** A negative answer's SOA, of the zone that the reply is from. */
function copySoa(reply: Reply, image: OpenImage): boolean {
  const soa = image.words[image.zonesAt + reply.zoneNumber * ZONE.words + ZONE.soa] ?? 0;
  if (!reply.copyTemplate(image, soa)) return false;
  reply.authorityCount = 1;
  return true;
}
