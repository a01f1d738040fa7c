// Writes backend/demo/contracts/artifacts/Multicall3.json from the npm package `viem` (MIT licence, pinned there as a
// development dependency). The artifact is committed, so that a first run does not install viem's 90 MB:
//   cd backend/demo/contracts && npm ci --ignore-scripts && node ../../../scripts/extract_multicall3.mjs
import { createRequire } from "node:module";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const CONSTRUCTOR_BYTES = 32; // what comes before the deployed code in viem's creation bytecode
const folder = join(dirname(fileURLToPath(import.meta.url)), "..", "backend", "demo", "contracts");
const viem = join(folder, "node_modules", "viem");
const { version } = JSON.parse(readFileSync(join(viem, "package.json"), "utf8"));
const { multicall3Bytecode } = createRequire(import.meta.url)(join(viem, "_cjs", "constants", "contracts.js"));
const artifact = {
  contractName: "Multicall3",
  source: `npm viem ${version}, MIT licence: multicall3Bytecode without its constructor`,
  deployedBytecode: `0x${multicall3Bytecode.slice(2 + 2 * CONSTRUCTOR_BYTES)}`,
};
writeFileSync(join(folder, "artifacts", "Multicall3.json"), `${JSON.stringify(artifact, null, 1)}\n`);
console.log(`Multicall3 of viem ${version}: ${artifact.deployedBytecode.length / 2 - 1} bytes`);
