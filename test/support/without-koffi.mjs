/**
 * Makes koffi a package that is not installed, for whatever Node runs with it, so that the tests meet Fairlead as systems
 * do that have no binary of koffi's:
 *
 *     NODE_OPTIONS="--import=$PWD/test/support/without-koffi.mjs" npm test
 */
import { register } from "node:module";

const hooks = `export async function resolve(specifier, context, next) {
  if (specifier !== "koffi") return next(specifier, context);
  throw Object.assign(new Error("Cannot find package 'koffi'"), { code: "ERR_MODULE_NOT_FOUND" });
}`;

register(`data:text/javascript,${encodeURIComponent(hooks)}`);
