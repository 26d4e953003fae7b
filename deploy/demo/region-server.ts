/** One demo region as a process of its own, for containers: `node region-server.js --name N --listen ADDR:PORT`. */

import { parseArgs } from "node:util";
import { parseHostPort } from "./ports.ts";
import { startRegion } from "./region.ts";

const { values } = parseArgs({
  options: {
    name: { type: "string", default: "region" },
    listen: { type: "string", default: "127.0.0.1:18081" },
    takeover: { type: "string", default: "30" },
  },
});
const { host, port } = parseHostPort(values.listen);
const region = await startRegion({
  name: values.name,
  host,
  port,
  takeoverMs: Number(values.takeover) * 1000,
});
process.stdout.write(`region ${values.name} on ${values.listen}\n`);
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void region.stop());
