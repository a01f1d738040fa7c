// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// Stands for the rest of a busy network: uses gas and keeps nothing, so that base fees move as EIP-1559 says.
/// Calldata is one word, a memory offset. Writing there costs 3w + w*w/512 gas for w words of memory (yellow
/// paper, appendix H) and next to no processor time, unlike a loop that burns the same gas.
contract BlockLoad {
    fallback() external {
        assembly {
            mstore(calldataload(0), 1)
        }
    }
}
