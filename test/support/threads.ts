/** Programs of threads, for tests that run them from their sources. */

/**
 * The URL of a thread that runs a TypeScript file: a thread does not inherit what reads TypeScript on the main thread, so
 * it is registered first. Where the tests are compiled, for coverage, it is what is compiled beside them.
 */
export function typescriptThread(file: URL): URL {
  if (import.meta.url.endsWith(".js")) return new URL(file.href.replace(/\.ts$/, ".js"));
  const loader = JSON.stringify(import.meta.resolve("tsx/esm/api"));
  const program = `import { register } from ${loader}; register(); await import(${JSON.stringify(file.href)});`;
  return new URL(`data:text/javascript,${encodeURIComponent(program)}`);
}
