// Started by profiling.test.ts: a process with one hot function, which keeps what another allocates.
import inspector from "node:inspector";

class Leaked {
  constructor() {
    this.text = "x".repeat(64) + Math.random();
    this.more = new Array(256).fill(Math.random());
  }
}
const kept = [];

function plantedHotFunction() {
  let sum = 0;
  for (const end = Date.now() + 40; Date.now() < end; ) for (let n = 0; n < 20_000; n++) sum += Math.sqrt(n);
  return sum;
}

function plantedLeak() {
  for (let n = 0; n < 60; n++) kept.push(new Leaked());
}

setInterval(() => {
  plantedHotFunction();
  plantedLeak();
}, 60);
inspector.open(0, "127.0.0.1");
process.stdout.write(`${inspector.url()}\n`);
