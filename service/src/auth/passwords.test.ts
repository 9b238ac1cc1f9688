import { stat } from "node:fs/promises";
import { AT_ONCE, hashPassword, verifyNobody, verifyPassword, WAITING } from "./passwords.ts";

const PASSWORD = "correct horse battery staple";

test("a password fits its own hash, in whichever code points it was typed, and no other", async () => {
  const hash = await hashPassword(`${PASSWORD}\u00e9`);
  expect(await verifyPassword(`${PASSWORD}e\u0301`, hash)).toBe(true);
  expect(await verifyPassword(PASSWORD, hash)).toBe(false);
  expect(await verifyNobody(PASSWORD)).toBe(false);
});

test("a few are hashed at once and a few wait; more are refused at once, and afterwards all is well", async () => {
  const tries = Array.from({ length: AT_ONCE + WAITING + 3 }, () => hashPassword(PASSWORD));
  const last = await Promise.allSettled(tries.slice(-3));
  for (const result of last)
    expect(result).toMatchObject({
      status: "rejected",
      reason: { code: "overloaded", headers: { "Retry-After": "2" } },
    });
  const first = await Promise.allSettled(tries.slice(0, -3));
  expect(first.map(({ status }) => status)).toEqual(Array(AT_ONCE + WAITING).fill("fulfilled"));
  expect(await verifyPassword(PASSWORD, await hashPassword(PASSWORD))).toBe(true);
}, 120_000);

test("while passwords are hashed there is a thread left for other work", async () => {
  let hashed = 0;
  const hashing = Array.from({ length: 6 }, async () => {
    await hashPassword(PASSWORD);
    hashed += 1;
  });
  // libuv has four threads: without the bound it would wait for the first three hashes.
  await stat(import.meta.filename);
  expect(hashed).toBeLessThanOrEqual(AT_ONCE);
  await Promise.all(hashing);
}, 60_000);
