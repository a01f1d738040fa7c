// Writes backend/chain/registry_data.json from the chain definitions of the npm package `viem` (MIT licence).
//
// Run:  node scripts/generate_chain_registry.mjs [folder that holds node_modules/viem]
// The folder defaults to backend/demo/contracts (after `npm ci --ignore-scripts` there); any temporary
// folder after `npm install viem` will do as well. Commit the result: nothing reads viem when the product runs.
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const viem = join(resolve(process.argv[2] ?? join(root, 'backend/demo/contracts')), 'node_modules/viem')
const { version } = JSON.parse(readFileSync(join(viem, 'package.json'), 'utf8'))
const definitions = await import(pathToFileURL(join(viem, '_esm/chains/index.js')).href)
const { getAddress } = await import(pathToFileURL(join(viem, '_esm/index.js')).href)

// Test networks that viem does not mark as such.
const TEST_WORDS = /\b(testnet|devnet|sepolia|goerli|localhost|hardhat|foundry|anvil|local|dev|development|mainnetdev|nightly)\b/i
// A URL that only works with a key is no public URL.
const NEEDS_KEY = /\$\{|\{|api[-_]?key|YOUR|<|infura\.io\/v3\/?$|alchemy\.com\/v2\/?$/i

const isUrl = (text, schemes) => {
  try {
    return schemes.includes(new URL(text).protocol) && !NEEDS_KEY.test(text)
  } catch {
    return false
  }
}

const byId = new Map()
for (const [key, chain] of Object.entries(definitions)) {
  if (typeof chain !== 'object' || chain === null || !Number.isSafeInteger(chain.id)) continue
  if (chain.testnet || TEST_WORDS.test(chain.name) || TEST_WORDS.test(key)) continue
  const urls = [...new Set(Object.values(chain.rpcUrls ?? {}).flatMap((r) => [...(r.http ?? []), ...(r.webSocket ?? [])]))]
  const rpc = urls.filter((url) => isUrl(url, ['https:', 'wss:']))
  if (rpc.length === 0) continue // nobody could follow it
  const explorer = chain.blockExplorers?.default?.url
  const multicall = chain.contracts?.multicall3?.address
  const row = {
    id: chain.id,
    name: chain.name.trim(),
    currency: {
      name: chain.nativeCurrency.name,
      symbol: chain.nativeCurrency.symbol,
      decimals: chain.nativeCurrency.decimals,
    },
    rpc,
    explorer: isUrl(explorer ?? '', ['https:']) ? explorer.replace(/\/+$/, '') : null,
    multicall3: multicall ? getAddress(multicall) : null,
    block_seconds: chain.blockTime ? chain.blockTime / 1000 : null,
  }
  // viem lists some ids twice; the definition that knows more wins, the first of equals.
  const known = (r) => [r.multicall3, r.block_seconds, r.explorer].filter((v) => v !== null).length
  const earlier = byId.get(row.id)
  if (!earlier || known(row) > known(earlier)) byId.set(row.id, row)
}
const chains = [...byId.values()].sort((a, b) => a.id - b.id)
const file = join(root, 'backend/chain/registry_data.json')
const source = `npm viem ${version}, MIT licence`
const generated = new Date().toISOString().slice(0, 10)
const rows = chains.map((chain) => '  ' + JSON.stringify(chain)).join(',\n')
writeFileSync(file, `{"source": ${JSON.stringify(source)}, "generated_on": "${generated}", "chains": [\n${rows}\n]}\n`)
console.log(`${chains.length} mainnets from viem ${version} written to ${file}`)
