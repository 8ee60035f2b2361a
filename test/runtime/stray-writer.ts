// Writes a secret to its outputs in every way available to an integration.

import { containStrays, sayWithSecret } from "../../src/cli/stray-code.ts";
import { createLog } from "../../src/log.ts";
import { routeToStreams } from "../../src/runtime/outputs.ts";
import { ownWrite, redactOutputs } from "../../src/runtime/stray-output.ts";

const SECRET = "s3cret-9Qk2Lm";
const redact = (text: string) => text.replaceAll(SECRET, "[redacted]");
await createLog({ level: "debug", format: "pretty", redact });
containStrays();
const undo = [redactOutputs(redact), routeToStreams()];

process.stdout.write(`1 ${SECRET} \u001b[2J\u009b31m\u202e\r\n`);
process.stdout.write(`2 ${SECRET.slice(0, 5)}`);
process.stdout.write(`${SECRET.slice(5)}\n`);
process.stderr.write(Buffer.from(`3 ${SECRET}\n`));
process.stdout.write(Buffer.from(`4 ${SECRET}\n`).toString("hex"), "hex");
await Bun.write(Bun.stdout, `5 ${SECRET}\n`);
await Bun.write(Bun.stderr, new Blob([`6 ${SECRET}\n`]));
await Bun.write(Bun.file(1), Buffer.from(`7 ${SECRET}\n`));
await Bun.stdout.write(`8 ${SECRET}\n`);
const writer = Bun.stdout.writer();
writer.write(`9 ${SECRET}\n`);
await writer.end();
console.write(`10 ${SECRET}\n`);
console.assert(false, `11 ${SECRET}`);
console.count(`12 ${SECRET}`);
console.group(`13 ${SECRET}`);
console.groupEnd();
console.dirxml({ n: `14 ${SECRET}` });
await new Promise<void>((done) => process.stdout.write(`15 ${SECRET} a\tb\n`, () => done()));
ownWrite(process.stdout)(`own ${SECRET} \u001b[32mgreen\u001b[0m\n`);
sayWithSecret(`shown to its owner: ${SECRET}`);
process.stdout.write(`16 ${SECRET} without an end`);
for (const one of undo) one();
process.stdout.write("after\n");
