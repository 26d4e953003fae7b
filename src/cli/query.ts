/** `fairlead query NAME [TYPE]`: asks a name server, and prints what it says. */

import type { Command } from "commander";
import { DEFAULT_LISTEN } from "../config/options.ts";
import { formatSocketAddress, parseSocketAddress, type SocketAddress } from "../config/socket-address.ts";
import type { Message, ResourceRecord } from "../dns/message.ts";
import { formatName, parseName, ROOT } from "../dns/name.ts";
import { formatRdata } from "../dns/rdata.ts";
import { formatRcode, formatType, parseType, RCODE } from "../dns/types.ts";
import { askServer, type DnsQuestion, type DnsReply } from "./dns-client.ts";
import { CommandFailure, EXIT, endWith, formatColumns, printJson, printLines } from "./outcome.ts";

interface QueryOptions {
  readonly server: string;
  readonly tcp?: true;
  readonly json?: true;
}

const DEADLINE_MS = 5000;
const DEFAULT_SERVER = DEFAULT_LISTEN[0] === undefined ? "" : formatSocketAddress(DEFAULT_LISTEN[0]);

export function addQuery(program: Command): void {
  program
    .command("query")
    .description("ask a name server over DNS and print its reply")
    .argument("<name>", "the name to ask for")
    .argument("[type]", "the record type", "A")
    .option("--server <addr:port>", "the name server", DEFAULT_SERVER)
    .option("--tcp", "ask over TCP from the start")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExit status: 0 NOERROR, 1 another code or no reply, 2 wrong usage.")
    .action((name: string, type: string, options: QueryOptions) => query(name, type, options));
}

async function query(nameText: string, typeText: string, { server, tcp, json }: QueryOptions): Promise<void> {
  const address = parseSocketAddress(server);
  if (address === undefined) {
    throw new CommandFailure(
      EXIT.usage,
      `--server: '${server}' is not an address and a port, as in ${DEFAULT_SERVER}`,
    );
  }
  const name = parseName(nameText, ROOT);
  if (!name.ok) throw new CommandFailure(EXIT.usage, `Cannot ask for '${nameText}': ${name.message}`);
  const type = parseType(typeText);
  if (type === undefined)
    throw new CommandFailure(EXIT.usage, `Cannot ask: '${typeText}' is not a record type`);
  const question: DnsQuestion = { name: name.name, type };
  const outcome = await askServer(address, question, { overTcp: tcp === true, deadlineMs: DEADLINE_MS });
  if (!outcome.ok) throw new CommandFailure(EXIT.no, `Cannot query ${server}: ${outcome.message}`);
  if (json) printJson(toJson(question, address, outcome.reply));
  else printLines(formatReply(question, address, outcome.reply));
  endWith(outcome.reply.message.rcode === RCODE.NOERROR ? EXIT.ok : EXIT.no);
}

const SECTIONS = ["answers", "authorities", "additionals"] as const;

function toJson({ name, type }: DnsQuestion, server: SocketAddress, reply: DnsReply): object {
  const { message, transport, octets, elapsedMs, errors } = reply;
  const sections = Object.fromEntries(
    SECTIONS.map((section) => [section, message[section].map(recordToJson)]),
  );
  return {
    name: formatName(name),
    type: formatType(type),
    server: formatSocketAddress(server),
    transport,
    octets,
    elapsedMs: Math.round(elapsedMs * 1000) / 1000,
    rcode: formatRcode(message.rcode),
    flags: flagsOf(message),
    ...sections,
    errors,
  };
}

function recordToJson({ owner, type, ttlSeconds, rdata }: ResourceRecord): object {
  return { owner: formatName(owner), type: formatType(type), ttlSeconds, data: formatRdata(type, rdata) };
}

function flagsOf(message: Message): string[] {
  const flags: readonly (readonly [string, boolean])[] = [
    ["qr", message.isResponse],
    ["aa", message.isAuthoritative],
    ["tc", message.isTruncated],
    ["rd", message.recursionDesired],
    ["ra", message.recursionAvailable],
    ["ad", message.authenticData],
    ["cd", message.checkingDisabled],
  ];
  return flags.filter(([, isSet]) => isSet).map(([flag]) => flag);
}

function formatReply({ name, type }: DnsQuestion, server: SocketAddress, reply: DnsReply): string[] {
  const { message, transport, octets, elapsedMs, errors } = reply;
  const flags = flagsOf(message).join(" ");
  const from = `${formatSocketAddress(server)} over ${transport.toUpperCase()}`;
  return [
    `;; ${formatRcode(message.rcode)}; flags: ${flags}; id: ${message.id}`,
    `;; ${formatName(name)} IN ${formatType(type)}`,
    ...SECTIONS.flatMap((section) => formatSection(section, message[section])),
    ...errors.map(({ code, text }) => `;; extended error ${code}: ${JSON.stringify(text)}`),
    `;; ${octets} octets from ${from} in ${elapsedMs.toFixed(1)} ms`,
  ];
}

function formatSection(section: string, records: readonly ResourceRecord[]): string[] {
  if (records.length === 0) return [];
  const rows = records.map(({ owner, type, ttlSeconds, rdata }) => [
    formatName(owner),
    String(ttlSeconds),
    "IN",
    formatType(type),
    formatRdata(type, rdata),
  ]);
  return [`;; ${section}`, ...formatColumns(rows)];
}
