// Writes wallets.json, tokens.json, ens.json, protocols.json and nfts.json from the sources beside this:
//   cd "$(mktemp -d)" && npm install --ignore-scripts solc@0.8.28 @openzeppelin/contracts@5.4.0
//   node <repository>/tests/doubles/contracts/compile.mjs          (in that same folder)
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const solc = createRequire(join(process.cwd(), "package.json"))("solc");
const imported = (path) => {
  const file = join(process.cwd(), "node_modules", path);
  return existsSync(file) ? { contents: readFileSync(file, "utf8") } : { error: `${path} is not installed` };
};
for (const name of ["wallets", "tokens", "ens", "protocols", "nfts"]) {
  const input = {
    language: "Solidity",
    sources: { [`${name}.sol`]: { content: readFileSync(new URL(`${name}.sol`, import.meta.url), "utf8") } },
    settings: {
      evmVersion: "paris",
      optimizer: { enabled: true, runs: 200 },
      metadata: { bytecodeHash: "none", appendCBOR: false },
      outputSelection: { "*": { "*": ["evm.bytecode.object"] } },
    },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: imported }));
  const problems = (output.errors ?? []).filter(({ severity }) => severity === "error");
  if (problems.length) throw new Error(problems.map(({ formattedMessage }) => formattedMessage).join("\n"));
  const bytecodes = Object.fromEntries(
    Object.entries(output.contracts[`${name}.sol`]).map(([contract, { evm }]) => [contract, `0x${evm.bytecode.object}`]),
  );
  writeFileSync(new URL(`${name}.json`, import.meta.url), `${JSON.stringify(bytecodes, null, 2)}\n`);
}
