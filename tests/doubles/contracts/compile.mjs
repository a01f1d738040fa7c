// Writes wallets.json from wallets.sol: `npm install --no-save solc@0.8.28 && node compile.mjs` in this folder.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const solc = createRequire(import.meta.url)("solc");
const input = {
  language: "Solidity",
  sources: { "wallets.sol": { content: readFileSync(new URL("wallets.sol", import.meta.url), "utf8") } },
  settings: {
    evmVersion: "paris",
    optimizer: { enabled: true, runs: 200 },
    metadata: { bytecodeHash: "none", appendCBOR: false },
    outputSelection: { "*": { "*": ["evm.bytecode.object"] } },
  },
};
const output = JSON.parse(solc.compile(JSON.stringify(input)));
const problems = (output.errors ?? []).filter(({ severity }) => severity === "error");
if (problems.length) throw new Error(problems.map(({ formattedMessage }) => formattedMessage).join("\n"));
const bytecodes = Object.fromEntries(
  Object.entries(output.contracts["wallets.sol"]).map(([name, { evm }]) => [name, `0x${evm.bytecode.object}`]),
);
writeFileSync(new URL("wallets.json", import.meta.url), `${JSON.stringify(bytecodes, null, 2)}\n`);
