/** `npm start`: brings the clone to where it runs, then hands over to the compiled demo (deploy/demo/start.ts). */
import { bootstrap } from "../bootstrap.mjs";

async function main() {
  await bootstrap();
  const { startDemo } = await import("../../dist/demo/start.js");
  await startDemo(process.argv.slice(2));
}

void main();
