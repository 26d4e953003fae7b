/**
 * Whether a text is a cron expression of five fields: minute, hour, day of the month, month, day of the week. Each is a
 * list of stars, numbers, names, ranges and steps (`0-30/15`, `1-5`, `mon-fri`, `0,30`). Only the form is judged here;
 * the daemon runs it.
 */

interface Field {
  readonly what: string;
  readonly first: number;
  readonly last: number;
  /** Names for numbers from `first` on. */
  readonly names: readonly string[];
}

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

const FIELDS: readonly Field[] = [
  { what: "minute", first: 0, last: 59, names: [] },
  { what: "hour", first: 0, last: 23, names: [] },
  { what: "day of the month", first: 1, last: 31, names: [] },
  { what: "month", first: 1, last: 12, names: MONTHS },
  // 0 and 7 are both Sunday.
  { what: "day of the week", first: 0, last: 7, names: WEEKDAYS },
];

/** What is wrong with the expression, or `undefined`. */
export function problemOfCron(text: string): string | undefined {
  const fields = text.trim().split(/[ \t]+/);
  if (fields.length !== FIELDS.length) {
    return `'${text}' has ${fields[0] === "" ? 0 : fields.length} fields; expected minute hour day month weekday`;
  }
  for (const [index, field] of FIELDS.entries()) {
    const problem = (fields[index] ?? "").split(",").map((item) => problemOfItem(item, field));
    const first = problem.find((found) => found !== undefined);
    if (first !== undefined) return first;
  }
  return undefined;
}

/** One item of a list: `*`, `5`, `1-5`, each with `/step`. */
function problemOfItem(item: string, field: Field): string | undefined {
  const expected = `${field.first} to ${field.last}`;
  const [range = "", step, ...rest] = item.split("/");
  if (rest.length > 0) return `'${item}' is no value of the field '${field.what}'`;
  if (step !== undefined && !(/^[1-9][0-9]{0,2}$/.test(step) && Number(step) <= field.last)) {
    return `'${step}' is no step of the field '${field.what}'`;
  }
  if (range === "*") return undefined;
  const bounds = range.split("-").map((bound) => valueOf(bound, field));
  if (bounds.length > 2 || bounds.includes(undefined)) {
    return `'${range}' is no value of the field '${field.what}' (${expected})`;
  }
  const [from = 0, to = from] = bounds;
  return to < from ? `'${range}' runs backwards` : undefined;
}

function valueOf(text: string, field: Field): number | undefined {
  const named = field.names.indexOf(text.toLowerCase());
  if (named !== -1) return field.first + named;
  if (!/^[0-9]{1,2}$/.test(text)) return undefined;
  const number = Number(text);
  return number >= field.first && number <= field.last ? number : undefined;
}
