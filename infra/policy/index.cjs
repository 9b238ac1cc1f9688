// The engine's policy host compiles what it requires, with settings of its own, whatever PulumiPolicy.yaml says. What is
// imported it leaves to Node.js, which runs TypeScript by itself.

// The SDK loads npm's dependency solver to serialise functions, which a pack never does: a third of its start.
require.cache[require.resolve("@npmcli/arborist")] = { exports: {} };
module.exports = import("./pack.ts");
