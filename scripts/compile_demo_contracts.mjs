// Compiles backend/demo/contracts/src/*.sol to backend/demo/contracts/artifacts/*.json.
// The artifacts are committed, so this runs only after a change of a source:
//   cd "$(mktemp -d)" && npm install --ignore-scripts solc@0.8.37 && node <repository>/scripts/compile_demo_contracts.mjs
import { createRequire } from "node:module";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const solc = createRequire(join(process.cwd(), "package.json"))("solc");
const folder = join(dirname(fileURLToPath(import.meta.url)), "..", "backend", "demo", "contracts");
const names = readdirSync(join(folder, "src")).filter((name) => name.endsWith(".sol"));
const input = {
  language: "Solidity",
  sources: Object.fromEntries(names.map((name) => [name, { content: readFileSync(join(folder, "src", name), "utf8") }])),
  settings: {
    evmVersion: "cancun",
    optimizer: { enabled: true, runs: 10000 },
    metadata: { bytecodeHash: "none", appendCBOR: false },
    outputSelection: { "*": { "*": ["abi", "evm.bytecode.object"] } },
  },
};
const output = JSON.parse(solc.compile(JSON.stringify(input)));
for (const message of output.errors ?? []) console.error(message.formattedMessage);
if ((output.errors ?? []).some((message) => message.severity === "error")) process.exit(1);

for (const contracts of Object.values(output.contracts)) {
  for (const [name, contract] of Object.entries(contracts)) {
    const artifact = {
      contractName: name,
      compiler: solc.version(),
      abi: contract.abi,
      bytecode: `0x${contract.evm.bytecode.object}`,
    };
    writeFileSync(join(folder, "artifacts", `${name}.json`), `${JSON.stringify(artifact, null, 1)}\n`);
    console.log(`${name}: ${contract.evm.bytecode.object.length / 2} bytes`);
  }
}
