import { networkOf } from "./network-of.ts";

test.each([
  ["203.0.113.7", "203.0.113.7"],
  ["::ffff:203.0.113.7", "203.0.113.7"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:db8:1:2::ffff", "2001:db8:1:2::/64"],
  ["2001:0DB8:0001:0003::1", "2001:db8:1:3::/64"],
  ["::1", "::/64"],
  ["no address", "no address"],
  [undefined, ""],
])("%s is counted as %s", (address, network) => {
  expect(networkOf(address)).toBe(network);
});
