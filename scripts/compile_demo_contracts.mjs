// Compiles backend/demo/contracts/src/*.sol to backend/demo/contracts/artifacts/*.json.
// The artifacts are committed, so this runs only after a change of a source:
//   cd "$(mktemp -d)" && npm install --ignore-scripts solc@0.8.37 @openzeppelin/contracts@5.4.0
//   node <repository>/scripts/compile_demo_contracts.mjs          (in that same folder)
import { createRequire } from "node:module";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
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
const imported = (path) => {
  const file = join(process.cwd(), "node_modules", path);
  return existsSync(file) ? { contents: readFileSync(file, "utf8") } : { error: `${path} is not installed` };
};
const output = JSON.parse(solc.compile(JSON.stringify(input), { import: imported }));
for (const message of output.errors ?? []) console.error(message.formattedMessage);
if ((output.errors ?? []).some((message) => message.severity === "error")) process.exit(1);

const wanted = ["TimelockController"]; // the only contract of OpenZeppelin's that is deployed as it is
for (const [source, contracts] of Object.entries(output.contracts)) {
  for (const [name, contract] of Object.entries(contracts)) {
    if (!names.includes(source) && !wanted.includes(name)) continue;
    if (contract.evm.bytecode.object === "") continue; // an interface
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
