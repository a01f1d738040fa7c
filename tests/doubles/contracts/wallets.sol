// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

// Contract wallets for the tests of Sign-In with Ethereum. Compiled with solc 0.8.28 (npm package `solc`), optimizer
// on, evmVersion paris: see compile.mjs.

/// A wallet of one key: ERC-1271 as most wallets do it.
contract KeyWallet {
    address public immutable owner;

    constructor(address owner_) {
        owner = owner_;
    }

    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        if (signature.length != 65) return 0xffffffff;
        bytes32 r = bytes32(signature[:32]);
        bytes32 s = bytes32(signature[32:64]);
        return ecrecover(hash, uint8(signature[64]), r, s) == owner ? bytes4(0x1626ba7e) : bytes4(0xffffffff);
    }
}

/// Deploys key wallets where their owner can know beforehand (CREATE2).
contract KeyWalletFactory {
    function deploy(address owner, bytes32 salt) external returns (address) {
        return address(new KeyWallet{salt: salt}(owner));
    }

    function addressOf(address owner, bytes32 salt) external view returns (address) {
        bytes32 code = keccak256(abi.encodePacked(type(KeyWallet).creationCode, abi.encode(owner)));
        return address(uint160(uint256(keccak256(abi.encodePacked(bytes1(0xff), address(this), salt, code)))));
    }
}

/// No wallet: gives back whatever it is called with, which begins with the selector that is also the magic value.
contract Echo {
    fallback(bytes calldata input) external returns (bytes memory) {
        return input;
    }
}

/// No wallet: answers the magic value with more behind it.
contract Talkative {
    fallback(bytes calldata) external returns (bytes memory) {
        return abi.encodePacked(bytes32(bytes4(0x1626ba7e)), uint256(1));
    }
}

/// No wallet: burns all gas.
contract Burner {
    fallback() external {
        while (true) {}
    }
}
