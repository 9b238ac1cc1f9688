// Runs in a worker's container (node -e): adds numbers to a set of the state Redis until its input ends, then tells which of
// them were acknowledged, and when. Arguments: the set's key, writes per second, seconds after which the set goes by itself.
import { loadConfig } from "@media/service/config";
import { connectState } from "@media/service/redis";
import { pino } from "pino";

const [key, perSecond, lifeSeconds] = process.argv.slice(1);
const redis = connectState(loadConfig("worker", process.env), pino({ level: "silent" }));

const acknowledged = [];
const unknown = [];
const errors = {};
let refused = 0;
let going = true;
process.stdin.on("end", () => {
  going = false;
});
process.stdin.resume();

const sent = new Set();
async function write(n) {
  // What was not sent is certain not to be there.
  if (redis.status !== "ready") {
    refused += 1;
    return;
  }
  try {
    await redis.sadd(key, String(n));
    acknowledged.push([n, Date.now() / 1_000]);
    if (acknowledged.length === 1) {
      await redis.expire(key, Number(lifeSeconds));
      console.log("writing");
    }
  } catch (error) {
    const text = String(error.message).split(" ")[0];
    errors[text] = (errors[text] ?? 0) + 1;
    unknown.push(n);
  }
}

for (let n = 1; going; n++) {
  const one = write(n).finally(() => sent.delete(one));
  sent.add(one);
  await new Promise((resolve) => setTimeout(resolve, 1_000 / Number(perSecond)));
}
await Promise.all(sent);
console.log(JSON.stringify({ acknowledged: { 0: acknowledged }, unknown: { 0: unknown }, refused, errors }));
redis.disconnect();
