// Compiles backend/portfolio/balances/contracts/BalanceChecker.sol to BalanceChecker.json beside it, which is committed:
//   cd "$(mktemp -d)" && npm install --ignore-scripts solc@0.8.37
//   node <repository>/scripts/compile_balance_checker.mjs          (in that same folder)
import { createRequire } from "node:module";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const solc = createRequire(join(process.cwd(), "package.json"))("solc");
const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const folder = join(root, "backend", "portfolio", "balances", "contracts");
const name = "BalanceChecker";
const input = {
  language: "Solidity",
  sources: { [`${name}.sol`]: { content: readFileSync(join(folder, `${name}.sol`), "utf8") } },
  settings: {
    evmVersion: "london", // no PUSH0, which some chains do not know
    optimizer: { enabled: true, runs: 10000 },
    metadata: { bytecodeHash: "none", appendCBOR: false },
    outputSelection: { "*": { "*": ["evm.deployedBytecode.object"] } },
  },
};
const output = JSON.parse(solc.compile(JSON.stringify(input)));
for (const message of output.errors ?? []) console.error(message.formattedMessage);
if ((output.errors ?? []).some((message) => message.severity === "error")) process.exit(1);
const code = output.contracts[`${name}.sol`][name].evm.deployedBytecode.object;
const artifact = { contractName: name, compiler: solc.version(), deployedBytecode: `0x${code}` };
writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(artifact, null, 1)}\n`);
console.log(`${name}: ${code.length / 2} bytes`);
