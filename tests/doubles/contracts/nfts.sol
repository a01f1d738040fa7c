// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

// Collections as wallets hold them: OpenZeppelin's ERC-721 (with and without enumeration) and ERC-1155 as they are, with
// open minting; and one that lies, refuses or burns gas. Compiled as wallets.sol is: see compile.mjs.

import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {ERC721Enumerable} from "@openzeppelin/contracts/token/ERC721/extensions/ERC721Enumerable.sol";
import {ERC1155} from "@openzeppelin/contracts/token/ERC1155/ERC1155.sol";

contract Collectible is ERC721 {
    constructor(string memory name_, string memory symbol_) ERC721(name_, symbol_) {}

    function mint(address to, uint256 id) external {
        _mint(to, id);
    }

    /// One piece to each of many addresses that asked for nothing, the last of them to one of them.
    function airdrop(uint256 first, uint256 count, address to) external {
        for (uint256 place = 0; place < count; place++) {
            _mint(address(uint160(0xa1d0 << 144 | first + place)), first + place);
        }
        _mint(to, first + count);
    }
}

contract CountedCollectible is ERC721Enumerable {
    constructor(string memory name_, string memory symbol_) ERC721(name_, symbol_) {}

    function mint(address to, uint256 id) external {
        _mint(to, id);
    }
}

contract Items is ERC1155 {
    string public name;
    string public symbol;

    constructor(string memory name_, string memory symbol_) ERC1155("") {
        name = name_;
        symbol = symbol_;
    }

    function mint(address to, uint256 id, uint256 amount) external {
        _mint(to, id, amount, "");
    }

    function mintBatch(address to, uint256[] memory ids, uint256[] memory amounts) external {
        _mintBatch(to, ids, amounts, "");
    }
}

/// Says that it is an ERC-721 and logs as one; what it answers about holders is what a test sets.
contract Liar {
    event Transfer(address indexed from, address indexed to, uint256 indexed id);

    enum Answer { HUGE, CONTRADICTION, REVERT, BURN, BYTES }
    Answer public answer;
    address private holder;
    string public name;
    string public symbol;

    constructor(string memory name_, string memory symbol_) {
        name = name_;
        symbol = symbol_;
    }

    function set(uint8 answer_) external {
        answer = Answer(answer_);
    }

    function mint(address to, uint256 id) external {
        holder = to;
        emit Transfer(address(0), to, id);
    }

    function supportsInterface(bytes4 id) external pure returns (bool) {
        return id == 0x80ac58cd || id == 0x01ffc9a7;
    }

    function ownerOf(uint256) external view returns (address) {
        return holder;
    }

    function balanceOf(address) external view returns (uint256 balance) {
        if (answer == Answer.HUGE) return type(uint256).max;
        if (answer == Answer.CONTRADICTION) return 1; // and owner of every piece, below
        require(answer != Answer.REVERT, "no");
        while (answer == Answer.BURN) balance++;
        assembly {
            return(0, 5)
        }
    }
}
