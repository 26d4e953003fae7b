/** Reads server-sent events (WHATWG HTML §9.2) as far as a node sends them, piece by piece as they come. */

/** Of one event. A node's are far below it. */
const EVENT_LIMIT_CHARACTERS = 65_536;

export interface ServerSentEvent {
  /** `message` where the stream does not say. */
  readonly name: string;
  readonly data: string;
}

/** Throws where an event has no end. What the stream breaks off in the middle of is left out. */
export async function* readServerSentEvents(
  pieces: AsyncIterable<string>,
): AsyncGenerator<ServerSentEvent, void> {
  let rest = "";
  for await (const piece of pieces) {
    const blocks = (rest + piece).split("\n\n");
    rest = blocks.pop() ?? "";
    if (rest.length > EVENT_LIMIT_CHARACTERS) throw new Error("an event is longer than any can be");
    for (const block of blocks) {
      const event = readBlock(block);
      if (event !== undefined) yield event;
    }
  }
}

/** Comments and what only sets something yield nothing. */
function readBlock(block: string): ServerSentEvent | undefined {
  let name = "message";
  const data: string[] = [];
  for (const line of block.split("\n")) {
    const [, field, value = ""] = /^([a-z]+)(?:: ?(.*))?$/.exec(line) ?? [];
    if (field === "event") name = value;
    if (field === "data") data.push(value);
  }
  return data.length === 0 ? undefined : { name, data: data.join("\n") };
}
