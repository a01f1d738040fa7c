// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// Reads many balances in one eth_call. It is never deployed: its code stands in the call's state override, at an
/// address that has none. Compiled by scripts/compile_balance_checker.mjs for the oldest EVM that chains still run.
///
/// Calldata, packed:  uint16 wallets | uint32 pairs | 20 bytes each wallet | for each token: 20 bytes token,
///                    uint16 count, count times uint16 index of a wallet
/// Answer:            one word: MARK, number of pairs | one word each amount | one byte each status
///
/// A token gets STIPEND gas for each balance and no more, one that burns it all is not asked for the token's other
/// wallets, and what the gas left does not suffice for says so: no token can spoil what is said of the others.
contract BalanceChecker {
    fallback() external {
        assembly {
            let STIPEND := 500000
            let RESERVE := 1100000 // what must be left to ask: the stipend (a call gets 63/64 at most), and to say the rest
            let MARK := 0x42616c616e6365436865636b6572 // "BalanceChecker"

            let pairs := shr(224, calldataload(2))
            let at := add(6, mul(20, shr(240, calldataload(0))))
            let amount := 96
            let status := add(amount, mul(32, pairs))
            mstore(0, shl(224, 0x70a08231)) // balanceOf(address)
            mstore(64, or(shl(32, MARK), pairs))
            if pairs { mstore8(add(status, sub(pairs, 1)), 0) } // pays for the memory before any token runs

            for {} lt(at, calldatasize()) {} {
                let token := shr(96, calldataload(at))
                let end := add(add(at, 22), mul(2, shr(240, calldataload(add(at, 20)))))
                at := add(at, 22)
                // 0 read, 1 reverted, 2 used up its gas, 3 not a contract, 4 no number returned, 5 not asked
                let verdict := 0
                let native := eq(token, 0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee)
                if iszero(native) {
                    switch lt(gas(), RESERVE)
                    case 1 { verdict := 5 }
                    default { if iszero(extcodesize(token)) { verdict := 3 } }
                }

                for {} lt(at, end) { at := add(at, 2) } {
                    let said := verdict
                    let wallet := shr(96, calldataload(add(6, mul(20, shr(240, calldataload(at))))))
                    if iszero(said) { if lt(gas(), RESERVE) { said := 5 } }
                    if iszero(said) {
                        switch native
                        case 1 { mstore(amount, balance(wallet)) }
                        default {
                            mstore(4, wallet)
                            let before := gas()
                            switch staticcall(STIPEND, token, 0, 36, amount, 32)
                            case 1 { if lt(returndatasize(), 32) { said := 4 } }
                            default {
                                said := 1
                                if gt(sub(before, gas()), STIPEND) { said := 2 verdict := 2 }
                            }
                        }
                    }
                    mstore8(status, said)
                    status := add(status, 1)
                    amount := add(amount, 32)
                }
            }
            return(64, sub(status, 64))
        }
    }
}
