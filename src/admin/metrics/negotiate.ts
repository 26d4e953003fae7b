/** Which exposition format a scraper asks for in its Accept header (RFC 9110 §12.5.1). */

import { Registry } from "prom-client";
import type { ExpositionFormat } from "./exposition.ts";

export const CONTENT_TYPES: { readonly [format in ExpositionFormat]: string } = {
  prometheus: Registry.PROMETHEUS_CONTENT_TYPE,
  openmetrics: Registry.OPENMETRICS_CONTENT_TYPE,
};

const MEDIA_TYPES: ReadonlyMap<string, ExpositionFormat> = new Map([
  ["application/openmetrics-text", "openmetrics"],
  ["text/plain", "prometheus"],
  ["text/*", "prometheus"],
  ["*/*", "prometheus"],
]);

/**
 * OpenMetrics where it is asked for by name and nothing else is preferred to it; else Prometheus text, which every
 * scraper reads, so that no Accept header gets a refusal.
 */
export function negotiateFormat(accept: string | undefined): ExpositionFormat {
  const quality = { openmetrics: 0, prometheus: 0 };
  for (const range of (accept ?? "").split(",")) {
    const [mediaType = "", ...parameters] = range.split(";").map((part) => part.trim().toLowerCase());
    const format = MEDIA_TYPES.get(mediaType);
    if (format !== undefined) quality[format] = Math.max(quality[format], qualityOf(parameters));
  }
  return quality.openmetrics > 0 && quality.openmetrics >= quality.prometheus ? "openmetrics" : "prometheus";
}

/** `q` from 0 to 1, and 1 where it is not given; what cannot be read counts as 0. */
function qualityOf(parameters: readonly string[]): number {
  const parameter = parameters.find((text) => text.startsWith("q="));
  if (parameter === undefined) return 1;
  const quality = Number(parameter.slice("q=".length));
  return quality >= 0 && quality <= 1 ? quality : 0;
}
