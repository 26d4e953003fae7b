/** HTML that cannot be forgotten to be escaped: whatever is put into the template is text, save for HTML itself. */

export interface Html {
  readonly markup: string;
}

export type HtmlPart = string | number | Html | readonly Html[];

/** `html\`<td>${name}</td>\`` */
export function html(strings: TemplateStringsArray, ...parts: readonly HtmlPart[]): Html {
  const markup = strings.map((string, index) => string + render(parts[index] ?? "")).join("");
  return { markup };
}

function render(part: HtmlPart): string {
  if (typeof part === "string" || typeof part === "number") return escapeHtml(String(part));
  return "markup" in part ? part.markup : part.map(({ markup }) => markup).join("");
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
