/** Makes the nameserver's log, a JSON object a line, readable beside the demo's own words. */

/** What every line has, and a reader of the demo has no use for. */
const LEFT_OUT: ReadonlySet<string> = new Set(["level", "time", "msg", "node"]);

function formatValue(value: unknown): string {
  return typeof value === "string" && /^\S+$/.test(value) ? value : JSON.stringify(value);
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** `HH:MM:SS level message key=value …`; a line that is no JSON object stays as it is. */
export function formatLogLine(line: string): string {
  let entry: unknown;
  try {
    entry = JSON.parse(line);
  } catch {
    return line;
  }
  if (typeof entry !== "object" || entry === null) return line;
  const fields = new Map<string, unknown>(Object.entries(entry));
  const time = text(fields.get("time")).slice(11, 19);
  const rest = [...fields].filter(([key]) => !LEFT_OUT.has(key));
  const words = rest.map(([key, value]) => `${key}=${formatValue(value)}`);
  const level = text(fields.get("level"));
  return [time, level === "info" ? "" : level, text(fields.get("msg")), ...words]
    .filter((part) => part !== "")
    .join(" ");
}
