// The engine's policy host compiles what it requires, with settings of its own, whatever PulumiPolicy.yaml says. What is
// imported it leaves to Node.js, which runs TypeScript by itself.
module.exports = import("./pack.ts");
