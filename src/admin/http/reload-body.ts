/** What may stand in the body of a reload: nothing, or an empty JSON object. Fields to come are refused by name. */

export interface BodyFault {
  readonly statusCode: 400 | 501;
  readonly message: string;
}

/** Of `reload --despite … --reason …`, which need overrides and their journal. */
const FIELDS_TO_COME: ReadonlySet<string> = new Set(["despite", "reason"]);

export function judgeReloadBody(body: unknown): BodyFault | undefined {
  if (typeof body !== "string" || body.trim() === "") return undefined;
  const parsed = parseObject(body);
  if (parsed === undefined) {
    return { statusCode: 400, message: "Cannot parse body: expected a JSON object, or nothing" };
  }
  const [field] = Object.keys(parsed);
  if (field === undefined) return undefined;
  return FIELDS_TO_COME.has(field)
    ? { statusCode: 501, message: `'${field}' is not built in this version` }
    : { statusCode: 400, message: `Cannot parse body: field '${field}' is unknown` };
}

function parseObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
