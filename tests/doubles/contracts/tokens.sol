// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

// Tokens good, odd and hostile, for the tests of the portfolio. Compiled as wallets.sol is: see compile.mjs.

/// ERC-20 as most are; `decimals` and symbol are whatever the test wants.
contract PlainToken {
    string public symbol;
    string public name;
    uint8 public immutable decimals;
    mapping(address => uint256) internal held;
    mapping(address => mapping(address => uint256)) public allowance;

    event Transfer(address indexed from, address indexed to, uint256 value);

    constructor(string memory symbol_, uint8 decimals_) {
        symbol = symbol_;
        name = symbol_;
        decimals = decimals_;
    }

    function balanceOf(address owner) public view virtual returns (uint256) {
        return held[owner];
    }

    function mint(address to, uint256 amount) external {
        held[to] += amount;
        emit Transfer(address(0), to, amount);
    }

    function transfer(address to, uint256 amount) public virtual returns (bool) {
        held[msg.sender] -= amount;
        held[to] += amount;
        emit Transfer(msg.sender, to, amount);
        return true;
    }
}

/// Takes one percent of each transfer for itself.
contract FeeToken is PlainToken("FEE", 18) {
    function transfer(address to, uint256 amount) public override returns (bool) {
        uint256 fee = amount / 100;
        super.transfer(address(this), fee);
        return super.transfer(to, amount - fee);
    }
}

/// Everybody's balance moves with an index, without a Transfer log.
contract RebasingToken is PlainToken("REBASE", 9) {
    uint256 public index = 1e18;

    function balanceOf(address owner) public view override returns (uint256) {
        return held[owner] * index / 1e18;
    }

    function rebase(uint256 index_) external {
        index = index_;
    }
}

/// Symbol and name as one word, as the first tokens had them.
contract WordToken {
    bytes32 public constant symbol = "MKR";
    bytes32 public constant name = "Maker";
    uint256 public constant decimals = 18;

    function balanceOf(address owner) external pure returns (uint256) {
        return uint256(uint160(owner)) % 1000;
    }
}

contract RevertingToken {
    function balanceOf(address) external pure returns (uint256) {
        revert("not today, and for a reason that is longer than a word");
    }
}

/// Refuses one wallet only.
contract PickyToken {
    function balanceOf(address owner) external pure returns (uint256) {
        require(uint160(owner) % 2 == 0);
        return 7;
    }
}

/// Uses up all the gas it gets.
contract BurningToken {
    function balanceOf(address) external view returns (uint256 sum) {
        while (true) sum += gasleft();
    }
}

/// Needs a lot of gas, and answers well.
contract HeavyToken {
    function balanceOf(address owner) external pure returns (uint256 sum) {
        for (uint256 i = 0; i < 1000; i++) sum = uint256(keccak256(abi.encode(sum, i)));
        sum = uint256(uint160(owner));
    }
}

contract SilentToken {
    fallback() external {}
}

/// One byte less than a number.
contract ShortToken {
    fallback() external {
        assembly {
            mstore(0, not(0))
            return(0, 31)
        }
    }
}

/// More than a number, which comes first.
contract LongToken {
    fallback() external {
        assembly {
            mstore(0, 42)
            mstore(32, not(0))
            return(0, 4096)
        }
    }
}

/// The largest number there is.
contract EndlessToken {
    function balanceOf(address) external pure returns (uint256) {
        return type(uint256).max;
    }
}
