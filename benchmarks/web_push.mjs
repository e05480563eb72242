// npm web-push with a keep-alive agent, as benchmarks/push_senders.py does it: `node web_push.mjs < work.json`.
import { readFileSync } from "node:fs";
import https from "node:https";
import { createRequire } from "node:module";

const webpush = createRequire(`${process.cwd()}/`)("web-push");
const work = JSON.parse(readFileSync(0, "utf8"));
const agent = new https.Agent({ keepAlive: true, maxSockets: work.in_flight });
const vapidDetails = { subject: work.owner, publicKey: work.public, privateKey: work.private };

async function lot(count) {
  let next = 0;
  const oneAfterAnother = async () => {
    while (next < count) {
      const device = work.devices[next++ % work.devices.length];
      await webpush.sendNotification(device, work.payload, { agent, vapidDetails, TTL: 86400, urgency: "high" });
    }
  };
  await Promise.all(Array.from({ length: work.in_flight }, oneAfterAnother));
}

await lot(work.warm);
const cpu = process.cpuUsage();
const began = process.hrtime.bigint();
await lot(work.count);
const { user, system } = process.cpuUsage(cpu);
console.log(JSON.stringify({ seconds: Number(process.hrtime.bigint() - began) / 1e9, cpu: (user + system) / 1e6 }));
agent.destroy();
